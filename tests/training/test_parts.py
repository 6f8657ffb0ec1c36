"""Steps that update a wide first layer part by part: to the bit those without parts, however a run goes."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from training.runs import make_plan, make_problem, same

import optilab
from optilab.kernels import parts
from optilab.kernels.pixels import AT_ONCE
from optilab.kernels.sparse import MOST_PACKED, packed_size, room_for_pixels
from optilab.plugins.loading import registry
from optilab.training.plan import Plan
from optilab.training.stopping import Budget, Stop
from optilab.training.training import Training
from optilab.workers.maker import Maker

POINTWISE = sorted(name for name, optimizer in registry().optimizers.items() if optimizer.is_pointwise)


def with_and_without(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> tuple[Training, Training]:
    """The run with parts, and without."""
    found = []
    for large in (0, 2**62):
        monkeypatch.setattr(parts, "_LARGE", large)
        training = Training(plan, 0)
        assert (training._in_parts != 0) == (large == 0)
        training.finish()
        found.append(training)
    return found[0], found[1]


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize(
    ("inputs", "columns", "batch_size"),
    [(30, 64, 32), (500, 70, 8), (999, 65, 100), (700, 150, 31), (331, 101, 64), (20, 90, 256), (784, 97, 64)],
)
def test_parts_change_nothing(
    precision: Any, inputs: int, columns: int, batch_size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The matrix is one part or several, may end between two multiples of 64 weights, and the last batch may be smaller."""
    problem = make_problem("sparse", precision, inputs, hidden=[columns, 6])
    plan = make_plan(problem, batch_size=batch_size)
    run, other = with_and_without(plan, monkeypatch)
    assert same(run.run, other.run)
    np.testing.assert_array_equal(run.position.w, other.position.w)


@optilab.elementwise(lr=0.1)
def rounds_differently(w, g, t, cost, lr):
    """A rule whose last weights, which are updated one by one, often round differently from those that are updated many at once."""
    w -= lr * cost * g / math.sqrt(1e-4 + g * g + 1 / t)
    return w


@pytest.mark.parametrize("columns", [65, 97, 113, 254])
def test_a_rule_that_rounds_differently_at_the_end(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts end where they change none of its bits, and it is given the cost and the step."""
    problem = make_problem("sparse", "float32", 784, hidden=[columns])
    plan = replace(make_plan(problem, batch_size=64), optimizer=rounds_differently)
    run, other = with_and_without(plan, monkeypatch)
    assert same(run.run, other.run)


@pytest.mark.parametrize("given", [{"batch_size": "full"}, {"batch_size": 150}])
def test_few_examples(given: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them in one batch, some of the data being kept for validation."""
    random = np.random.default_rng(1)
    x = np.where(random.random((250, 1, 300)) < 0.2, random.integers(1, 256, (250, 1, 300)), 0).astype(np.uint8)
    dataset = {"x_train": x, "y_train": np.arange(250) % 2}
    problem = optilab.get_problem("network", dataset=dataset, hidden=[70], cost="cross_entropy", validation=50)
    assert problem.n_examples == 150
    run, other = with_and_without(make_plan(problem, **given), monkeypatch)
    assert same(run.run, other.run)


@pytest.mark.parametrize("rule", POINTWISE)
def test_bundled_optimizers_that_remember_nothing(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of them makes the same run."""
    chain = {"before": f"{rule} | sgd", "after": f"sgd | {rule}", None: rule}[optilab.get_optimizer(rule).rules[0].link]
    plan = make_plan(make_problem("sparse", "float32", 600, hidden=[67]), chain, batch_size=20)
    run, other = with_and_without(plan, monkeypatch)
    assert same(run.run, other.run)


def test_compiling_is_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker tells its supervisor before it compiles parts, and after; a plan whose batches are too small for them has a setup of its own."""
    monkeypatch.setattr(parts, "_LARGE", 0)
    problem = make_problem("sparse", "float32", 600, hidden=[67])
    plan = make_plan(problem)
    told: list[tuple[bool, bool]] = []
    maker = Maker(lambda begins: told.append((begins, "step_in_parts" in vars(problem))))
    setup = maker._setup(plan)
    assert told == [(True, False), (False, True)]
    assert setup.in_parts != 0
    assert maker._setup(replace(plan, batch_size=7)).in_parts == 0
    assert maker._setup(plan) is setup


@pytest.mark.parametrize("black", ["training", "test"])
@pytest.mark.parametrize("columns", [5, 70, 500])
def test_images_that_are_all_black(columns: int, black: str) -> None:
    """Biases are all that a network can learn of them: the matrix of the first layer stays as it is."""
    x = {"training": np.zeros((60, 30, 30), np.uint8), "test": np.zeros((20, 30, 30), np.uint8)}
    other = "test" if black == "training" else "training"
    x[other][:, 3, 4] = 9
    labels = np.arange(60) % 2
    dataset = {"x_train": x["training"], "y_train": labels, "x_test": x["test"], "y_test": labels[:20]}
    problem = optilab.get_problem("network", dataset=dataset, hidden=[columns], cost="cross_entropy")
    training = Training(make_plan(problem), 0)
    training.finish()
    assert training.run.status == "budget"
    matrix = slice(0, 900 * columns)
    moved = np.flatnonzero(training.position.w[matrix] != problem.initial(0)[matrix]) // columns
    assert set(moved) == (set() if black == "training" else {3 * 30 + 4})


def test_which_optimizers_update_weights_part_by_part() -> None:
    """Those whose rules are elementwise, work on all layers, and ask for no state and no noise."""
    assert {"sgd", "take_sign"} <= set(POINTWISE)
    assert not {"momentum", "adam", "lars", "sgld"} & set(POINTWISE)
    assert optilab.get_optimizer("weight_decay | sgd").is_pointwise
    assert not optilab.get_optimizer("sgd on matrices | sgd on rest").is_pointwise


def test_a_run_that_diverges(monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends before the step whose cost is not below the bound, at the weights of the step before."""
    problem = make_problem("sparse", "float32", 600, hidden=[67])
    plan = make_plan(problem, lr=30.0, stop=Stop(diverged_above=2.0))
    run, other = with_and_without(plan, monkeypatch)
    assert (run.run.status, run.run.message) == (other.run.status, other.run.message)
    assert run.run.status == "diverged"
    assert run.run.message.startswith("the cost of the batch at step")
    np.testing.assert_array_equal(run.position.w, other.position.w)


def test_limits_count_what_parts_evaluate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gradient evaluations and their examples, in the history and in the budget."""
    problem = make_problem("sparse", "float32", 600, hidden=[67])
    plan = make_plan(problem, batch_size=32, budget=Budget(gradient_evaluations=25))
    run, other = with_and_without(plan, monkeypatch)
    assert same(run.run, other.run)
    assert run.run.steps == 25
    assert run.run.history["gradient_evaluations"].iloc[-1] == 25


def test_where_steps_are_in_parts() -> None:
    """Where the first layer is large, on sparse pixels, its deltas fit, and the optimizer allows it."""
    images, numbers = (make_problem(kind, "float32", 900, hidden=[400]) for kind in ("sparse", "numbers"))
    small = make_problem("sparse", "float32", 600, hidden=[400])
    assert make_plan(images).steps_in_parts
    assert not make_plan(numbers).steps_in_parts
    assert not make_plan(small).steps_in_parts
    assert not make_plan(make_problem("sparse", "float32", 900, hidden=[2049])).steps_in_parts  # 64 rows are too many
    assert not make_plan(images, "adam").steps_in_parts
    assert not make_plan(images, batch_size=7).steps_in_parts
    assert not make_plan(images, batch_size=300).steps_in_parts
    assert not make_plan(optilab.get_problem("bowl"), batch_size=1).steps_in_parts


@pytest.mark.parametrize(
    ("itemsize", "columns"),
    [*((4, n) for n in (64, 65, 512, 513, 1000, 2052)), *((8, n) for n in (32, 33, 64, 511, 1000))],
)
def test_packed_deltas_fit_their_memory(itemsize: int, columns: int) -> None:
    """For the most examples with which parts pay, of columns that fill their last strip or don't; those of one example more don't fit."""
    most = max((b for b in range(1, 257) if parts.are_faster([100_000, columns, 9], itemsize, b)), default=0)
    assert 8 <= most <= 256
    assert packed_size(columns, most, itemsize) <= MOST_PACKED
    assert most == 256 or packed_size(columns, most + 1, itemsize) > MOST_PACKED
    reals, integers = room_for_pixels(100, columns, 256, 10)
    lists = 2 * (256 * 10 + AT_ONCE)
    assert (reals - lists) * itemsize >= packed_size(columns, most, itemsize)
    assert integers >= lists
