"""The look at a function of one's own: bounds, a gradient that is filled, and that is the one of the cost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st
from scipy.optimize import check_grad

import optilab
from optilab import InputError, function
from optilab.plugins import loading
from optilab.problems.derivatives import disagreement, spot_check
from optilab.problems.function import Function

TWO: dict[str, Any] = {"start": [1.0, 2.0], "domain": [(-2, 2)] * 2, "minima": [[0.0, 0.0]]}


@function(**TWO, ranges={"factor": "(-inf, inf)"})
def scaled(w, g, factor=1.0):
    """A bowl whose second slope is multiplied by a factor."""
    g[0] = 2 * w[0]
    g[1] = factor * 2 * w[1]
    return w[0] ** 2 + w[1] ** 2


@function(**TWO)
def beyond(w, g):
    """Writes past the end of its gradient."""
    g[0] = 2 * w[0]
    g[1] = 2 * w[1]
    g[2] = 1.0
    return w[0] ** 2 + w[1] ** 2


@function(**TWO)
def beyond_somewhere(w, g):
    """Reads past the end of its weights, in an eighth of its domain."""
    g[:] = 2 * w
    k = 2 if w[0] > 1.5 else 0
    return w[0] ** 2 + w[1] ** 2 + 0 * w[k]


@function(**TWO)
def adding(w, g):
    """Adds to what is in g."""
    g[0] += 2 * w[0]
    g[1] = 2 * w[1]
    return w[0] ** 2 + w[1] ** 2


@function(**TWO)
def forgetful(w, g):
    """Leaves an entry of g as it was."""
    g[0] = 2 * w[0]
    return w[0] ** 2 + w[1] ** 2


@function(**TWO)
def moving(w, g):
    """Changes its weights."""
    g[:] = 2 * w
    cost = w[0] ** 2 + w[1] ** 2
    w[1] += 1e-3
    return cost


@function(**TWO)
def undefined_slope(w, g):
    """Has a cost, and NaN for a slope."""
    g[0] = np.nan
    g[1] = 2 * w[1]
    return w[0] ** 2 + w[1] ** 2


@function(start=[0.0, 1.0], domain=[(-2, 2)] * 2, minima=[[0.0, 0.0]])
def kinked(w, g):
    """A sum of sizes: at its start any slope from -1 to 1 is one."""
    g[0] = 1.0 if w[0] > 0 else -1.0
    g[1] = 1.0 if w[1] > 0 else -1.0
    return abs(w[0]) + abs(w[1])


@function(start=[1.0, 1.0], domain=[(-2, 2)] * 2, minima=[])
def half_defined(w, g):
    """Has no cost where its first weight is negative."""
    g[0] = 0.5 / np.sqrt(w[0])
    g[1] = 2 * w[1]
    return np.sqrt(w[0]) + w[1] ** 2


@function(start=[0.0], domain=[(-1, 1)], minima=[])
def cubic(w, g):
    """Is flat at its start, on the way down."""
    g[0] = 3 * w[0] ** 2
    return w[0] ** 3


WRONG: list[tuple[Function, str]] = [
    (beyond, r"an index is out of bounds at w = \[1.0, 2.0\] in line \d+: g\[2\] = 1.0"),
    (beyond_somewhere, r"an index is out of bounds at w = \[1\.\d+, .*\] in line \d+: return"),
    (adding, r"it doesn't set g\[0\]"),
    (forgetful, r"it doesn't set g\[1\]"),
    (moving, r"it changes w, from \[1.0, 2.0\] to \[1.0, 2.001\]"),
    (undefined_slope, r".* g\[0\] is nan, and differences of the cost give 2"),
]


@pytest.mark.parametrize(("kind", "message"), WRONG, ids=lambda value: getattr(value, "name", ""))
def test_a_wrong_function_is_refused(kind: Function, message: str) -> None:
    """What a function does wrong is one message with the function's place, in either precision."""
    for precision in ("float64", "float32"):
        with pytest.raises(InputError, match=rf"problem '{kind.name}': {message}.*test_derivatives.py, line \d+"):
            spot_check(kind.build({}, precision))


@pytest.mark.parametrize("kind", [scaled, kinked, half_defined, cubic], ids=lambda kind: kind.name)
def test_a_right_function_is_not_refused(kind: Function) -> None:
    """A gradient that is right passes, at kinks, beside points that have no cost, and where the cost is flat."""
    spot_check(kind.build({}))
    spot_check(kind.build({"start": "random"}, "float32"))


MANY: dict[str, Any] = {"start": [1.0] * 60, "domain": [(-2, 2)] * 60}


@function(**MANY, ranges={"factor": "(-inf, inf)"})
def one_of_many(w, g, factor=1.0):
    """A bowl whose slope along one of sixty weights is multiplied by a factor."""
    cost = 0.0
    for i in range(w.size):
        g[i] = 2 * w[i]
        cost += w[i] ** 2
    g[37] *= factor
    return cost


@pytest.mark.parametrize("factor", [0.0, 0.9, 1.01, -1.0])
def test_one_wrong_slope_among_many_is_found(factor: float) -> None:
    """All entries of a long gradient are compared, if together; the right one passes."""
    with pytest.raises(InputError, match="its gradient is not that of its cost"):
        spot_check(one_of_many.build({"factor": factor}))
    spot_check(one_of_many.build({}))


@function(**TWO)
def raises_somewhere(w, g):
    """Raises in a half of its domain."""
    g[:] = 2 * w
    if w[0] < 0:
        raise ValueError("negative")
    return w[0] ** 2 + w[1] ** 2


def test_what_a_function_raises_is_left_to_the_runs() -> None:
    """A run that doesn't come there is made, and one that does has failed; `optilab check` tells it."""
    from optilab.testing.functions import kit_of

    assert optilab.train(raises_somewhere.build({}), "sgd", lr=0.1, steps=10).status == "budget"
    with pytest.raises(ValueError, match="negative"):
        optilab.train(raises_somewhere.build({}), "sgd", lr=0.9, steps=10)
    verdict = kit_of(raises_somewhere).judge("Reads and writes no array out of its bounds")
    assert "ValueError: negative, at w = " in verdict.detail


@pytest.mark.parametrize(("kind", "message"), WRONG, ids=lambda value: getattr(value, "name", ""))
def test_a_wrong_function_is_refused_by_train_and_start(kind: Function, message: str) -> None:
    """From Python it is looked at as well: nothing is written out of bounds, no wrong gradient goes unnoticed."""
    problem = kind.build({})
    with pytest.raises(InputError, match=message):
        optilab.train(problem, "sgd", lr=0.1, steps=10)
    with pytest.raises(InputError, match=message):
        optilab.get_optimizer("sgd").start(problem.initial(), problem=problem)


def test_a_function_is_looked_at_once() -> None:
    """A loop over `train` pays for one look, not for one a run; with other parameters it is another function."""
    problem = scaled.build({"factor": 1.0})
    spot_check(problem)
    calls = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("optilab.problems.derivatives.out_of_bounds", lambda *given: calls.append(given) or "")
        spot_check(scaled.build({"factor": 1.0}, "float32"))
        assert not calls
        with pytest.raises(InputError):
            spot_check(scaled.build({"factor": 2.0}))
    assert calls


@pytest.mark.parametrize("name", ["parabola", "two_valleys", "bowl", "rosenbrock"])
def test_bundled_functions_are_right(name: str) -> None:
    """The gradients of the bundled functions are those of their costs; SciPy finds so too."""
    problem = optilab.get_problem(name, start="random")
    for seed in range(5):
        w = problem.initial(seed)
        assert disagreement(problem, w) == ""
        assert check_grad(problem.cost, problem.gradient, w) < 1e-4 * (1 + np.abs(problem.gradient(w)).max())


@example_settings(max_examples=60)
@given(
    factor=st.floats(-3, 3).filter(lambda f: abs(f - 1) > 1e-3),
    w=st.tuples(st.floats(-2, 2), st.floats(0.1, 2)).map(np.array),
)
def test_a_slope_that_is_off_by_a_thousandth_is_found(factor: float, w: Any) -> None:
    """A factor other than 1 on one slope is told at any point where that slope isn't zero, and the right one nowhere."""
    assert "g[1]" in disagreement(scaled.build({"factor": factor}), w)
    assert disagreement(scaled.build({}), w) == ""


EXPERIMENT = """
name = "own"
seeds = 1
[problem]
use = "sloped_{slope}"
{more}
[budget]
steps = 3
[[optimizers]]
use = "sgd"
"""
OWN = """
from optilab import function, hookimpl


@function(start=[1.0, 2.0], domain=[(-2, 2), (-2, 2)])
def sloped_{slope}(w, g):
    g[0] = 2 * w[0]
    g[1] = {slope} * w[1]
    return w[0] ** 2 + w[1] ** 2


@hookimpl
def optilab_problems():
    return [sloped_{slope}]
"""


@pytest.fixture
def experiment(tmp_path: Path) -> Any:
    """Runs an experiment on a function with a slope of its own, right where it is 2."""
    from optilab.experiment.file import read

    def run(slope: int, more: str = "", folder: str = "results") -> Any:
        own = tmp_path / f"own_{slope}.py"
        own.write_text(OWN.format(slope=slope))
        loading.use_file(own)
        file = tmp_path / "own.toml"
        file.write_text(EXPERIMENT.format(more=more, slope=slope))
        return optilab.run(read(file), tmp_path / folder, executor="inline")

    yield run
    loading.forget()


def test_an_experiment_begins_with_a_look_at_the_gradient(experiment: Callable[..., Any], tmp_path: Path) -> None:
    """A wrong gradient ends it before anything is made, with the problem's place in the file."""
    with pytest.raises(
        InputError, match=r"^problem: problem 'sloped_3': its gradient is not that of its cost: g\[1\] is 6"
    ):
        experiment(3)
    assert not (tmp_path / "results").exists()


def test_the_look_at_the_gradient_can_be_left_out(experiment: Callable[..., Any]) -> None:
    """check_gradient = false takes any gradient; it is no part of a run's identity, and takes nothing but true or false."""
    runs = [experiment(2, more, folder).runs for more, folder in (("", "a"), ("check_gradient = false", "b"))]
    assert runs[0]["run_id"].tolist() == runs[1]["run_id"].tolist()
    with pytest.raises(InputError, match="problem: check_gradient = 1 is not true or false"):
        experiment(2, "check_gradient = 1")


def test_a_wrong_gradient_can_be_meant(experiment: Callable[..., Any]) -> None:
    """A gradient that isn't that of the cost is taken where the experiment says so."""
    found = experiment(3, "check_gradient = false")
    assert found.runs["status"].tolist() == ["budget"]


@function(**TWO)
def without_a_cost(w, g):
    """Fills its gradient, and returns nothing."""
    g[:] = 2 * w


def test_a_function_that_does_not_compile() -> None:
    """One line with the function's place and what the compiler said, without the compiler's own inner life."""
    with pytest.raises(InputError) as raised:
        optilab.train(without_a_cost.build({}), "sgd", lr=0.1, steps=10)
    said = str(raised.value)
    assert said.startswith("problem 'without_a_cost' doesn't compile, in ")
    assert "test_derivatives.py, line " in said
    assert "No conversion from none to float64" in said
    assert "\n" not in said
    assert "pipeline" not in said
