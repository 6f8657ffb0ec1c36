"""Hyperparameters that are sampled: where the points lie, and what they depend on."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import qmc

from optilab.errors import InputError
from optilab.experiment.cell import Cell
from optilab.experiment.experiment import Experiment
from optilab.experiment.grid import grid_of
from optilab.experiment.identity import run_id
from optilab.plugins.loading import registry
from optilab.search.ranges import KINDS, Sampled

METHODS = st.sampled_from(["sobol", "latin_hypercube"])
NAMES = st.lists(st.sampled_from(["lr", "beta1", "beta2", "eps", "decay"]), min_size=1, unique=True)
COUNTS = st.integers(1, 70)
SEEDS = st.integers(0, 1000)


@given(
    kind=st.sampled_from(KINDS),
    low=st.integers(1, 10),
    width=st.integers(1, 10**6),
    at=st.floats(0, 1, exclude_max=True),
)
def test_values_lie_within_their_range(kind: Any, low: int, width: int, at: float) -> None:
    """At the start of the range is its low end, and nothing is beyond either end."""
    found = Sampled(kind, low, low + width)
    (first, value) = found.values(np.array([0.0, at]))
    assert first == low
    assert low <= value <= low + width


def test_each_whole_number_is_as_likely() -> None:
    """The range of whole numbers has both its ends."""
    found = Sampled("integer", 3, 6).values(np.arange(100) / 100)
    assert [found.count(k) for k in (3, 4, 5, 6)] == [25] * 4
    assert all(isinstance(v, int) for v in found)


@given(
    kind=st.sampled_from(KINDS),
    low=st.integers(1, 10),
    width=st.integers(1, 10**6),
    value=st.floats(-1e9, 1e9),
)
def test_any_number_is_fitted_to_its_range(kind: Any, low: int, width: int, value: float) -> None:
    """Within its ends, whole where whole numbers are asked for, and no further away than it must be."""
    found = Sampled(kind, low, low + width)
    fitted = found.fitted(value)
    assert low <= fitted <= low + width
    assert found.fitted(fitted) == fitted
    assert kind != "integer" or isinstance(fitted, int)
    if low <= value <= low + width:
        assert fitted == pytest.approx(value, abs=0.5 if kind == "integer" else 0, rel=1e-11)


def points(method: str, names: list[str], count: int, seed: int) -> dict[str, list[float]]:
    """For each name where the points of a sampler lie on its side of a cube."""
    kind = registry().sampler(method)
    found = kind.start({name: Sampled("uniform", 0.0, 1.0) for name in names}, count, seed)
    assert isinstance(found, list)
    return {name: [point[name] for point in found] for name in names}


@given(names=NAMES, count=COUNTS, more=st.integers(0, 70), seed=SEEDS)
def test_more_samples_leave_the_first_where_they_are(names: list[str], count: int, more: int, seed: int) -> None:
    """A Sobol sequence is continued, so that only new points are new runs."""
    few, many = (points("sobol", names, n, seed) for n in (count, count + more))
    for name in names:
        assert many[name][:count] == few[name]


@given(names=NAMES, others=NAMES, count=COUNTS, seed=SEEDS, method=METHODS)
def test_lr_is_the_same_whatever_else_is_sampled(
    names: list[str], others: list[str], count: int, seed: int, method: Any
) -> None:
    """And so it is for every optimizer; the order of the names doesn't matter."""
    one, other = (points(method, ["lr", *(n for n in some if n != "lr")], count, seed) for some in (names, others))
    assert one["lr"] == other["lr"]
    backwards = points(method, [*reversed(names)], count, seed)
    assert all(backwards[n] == points(method, names, count, seed)[n] for n in names)


@given(count=st.integers(2, 64), seed=SEEDS)
def test_a_latin_hypercube_has_one_point_in_each_slice(count: int, seed: int) -> None:
    """Of every side."""
    for at in points("latin_hypercube", ["lr", "beta1", "eps"], count, seed).values():
        assert sorted(np.floor(np.array(at) * count).astype(int)) == list(range(count))


def stream(seed: int, name: str) -> np.random.Generator:
    """Random numbers of a seed and a name alone."""
    own = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, own])))


@given(names=NAMES, count=COUNTS, seed=SEEDS)
def test_a_sobol_sequence_is_that_of_scipy_shifted(names: list[str], count: int, seed: int) -> None:
    """SciPy's sequence, lr's side first and then by name, each side shifted by the first number of its own stream."""
    sides = sorted(names, key=lambda name: (name != "lr", name))
    sequence = qmc.Sobol(len(names), scramble=False).random_base2(7)[:count]
    expected = {name: (sequence[:, k] + stream(seed, name).random()) % 1 for k, name in enumerate(sides)}
    for name, found in points("sobol", names, count, seed).items():
        np.testing.assert_allclose(found, expected[name], rtol=1e-11, atol=1e-12)


@given(names=NAMES, count=COUNTS, seed=SEEDS)
def test_a_latin_hypercube_is_that_of_scipy_for_each_side(names: list[str], count: int, seed: int) -> None:
    """SciPy's hypercube of one side, drawn from the stream of its name."""
    for name, found in points("latin_hypercube", names, count, seed).items():
        expected = qmc.LatinHypercube(1, rng=stream(seed, name)).random(count)[:, 0]
        np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-12)


def test_a_side_never_changes() -> None:
    """These shifts are literals: others would move every search that was made, and all its runs."""
    found = [points("sobol", [name], 2, seed)[name] for name, seed in (("lr", 0), ("lr", 1), ("beta1", 0))]
    assert found == [
        pytest.approx(side, abs=1e-11)
        for side in [
            [0.689521437604, 0.189521437604],
            [0.582308854871, 0.082308854871],
            [0.103353610834, 0.603353610834],
        ]
    ]


@pytest.mark.parametrize("method", ["sobol", "latin_hypercube"])
def test_points_are_spread_more_evenly_than_at_random(method: Any) -> None:
    """By their discrepancy, in every one of twenty cases."""
    for seed in range(20):
        found = np.array(list(points(method, ["lr", "beta1"], 30, seed).values())).T
        at_random = [qmc.discrepancy(np.random.default_rng([seed, k]).random((30, 2))) for k in range(9)]
        assert qmc.discrepancy(found) < np.median(at_random)


def test_points_are_the_same_in_every_process() -> None:
    """Nothing depends on a process's own hashing of names."""
    code = """
from optilab.search.ranges import Sampled
from optilab.search.space_filling import sobol
print([point["eps"] for point in sobol.start({n: Sampled("uniform", 0.0, 1.0) for n in ("lr", "eps")}, 5, 3)])
"""
    said = [
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    ]
    assert said[0] == said[1] == f"{points('sobol', ['lr', 'eps'], 5, 3)['eps']}\n"


def grid(*optimizers: dict[str, Any], **changes: Any) -> Sequence[Cell]:
    """The cells of an experiment with these optimizers."""
    given = {"name": "s", "problem": {"use": "bowl"}, "budget": {"steps": 5}, "optimizers": list(optimizers)}
    return grid_of(Experiment.model_validate({**given, **changes})).cells


SGD = {"use": "sgd", "lr": {"log_uniform": [1e-4, 1.0]}, "samples": 8}


def test_every_optimizer_tries_the_same_learning_rates() -> None:
    """With the same range they are the same, with another one they lie as far along it."""
    adam = {**SGD, "use": "adam", "beta1": {"uniform": [0.8, 0.99]}, "lr": {"log_uniform": [1e-6, 1e-2]}}
    same = {**SGD, "use": "momentum", "momentum": {"uniform": [0.5, 0.9]}}
    found = grid(SGD, adam, same)
    assert len(found) == 24
    tried = {n: [c.hyperparameters["lr"] for c in found if c.label == n] for n in ("sgd", "adam", "momentum")}
    assert tried["sgd"] == tried["momentum"]
    assert tried["adam"] == pytest.approx([lr / 100 for lr in tried["sgd"]])
    assert len(set(tried["sgd"])) == 8


def test_what_is_sampled_together_multiplies_with_what_is_listed() -> None:
    """Eight points of two hyperparameters, times two batch sizes' worth of anything else."""
    found = grid(
        {
            **SGD,
            "use": "adam",
            "beta1": {"uniform": [0.8, 0.99]},
            "beta2": [0.9, 0.99],
            "schedule": ["constant", "cosine"],
        }
    )
    assert len(found) == 8 * 2 * 2
    assert len({(c.hyperparameters["lr"], c.hyperparameters["beta1"]) for c in found}) == 8


def test_only_new_points_are_new_runs() -> None:
    """More samples, another optimizer and another sampled hyperparameter elsewhere leave the runs that there are."""

    def ids(found: Sequence[Cell]) -> set[str]:
        return {run_id(c.plan, 0) for c in found if c.optimizer == ("sgd",)}

    before = ids(grid(SGD))
    assert before == ids(grid(SGD, {**SGD, "use": "adam", "eps": {"log_uniform": [1e-10, 1e-6]}}))
    assert before < ids(grid({**SGD, "samples": 30}))
    assert not before & ids(grid(SGD, search={"seed": 1}))
    assert not before & ids(grid(SGD, search={"method": "latin_hypercube"}))


def test_a_rule_of_a_chain_is_sampled_by_its_own_name() -> None:
    """As TOML writes it: clip_by_global_norm.max_norm = { ... }."""
    chain = ["clip_by_global_norm", "adam"]
    found = grid({"use": chain, "samples": 4, "adam": {"lr": {"log_uniform": [1e-3, 1e-1]}}})
    assert len({c.hyperparameters.get("adam.lr", c.hyperparameters.get("lr")) for c in found}) == 4


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"samples": None}, r"optimizers\[0\]\.samples is missing: how many points of lr are to be tried\?"),
        ({"samples": 0}, r"optimizers\[0\]\.samples = 0: accepted is a whole number from 1 to 1,000,000"),
        ({"samples": True}, r"optimizers\[0\]\.samples = True: accepted is a whole number"),
        ({"lr": 0.1}, r"optimizers\[0\]\.samples: nothing is sampled here"),
        ({"lr": {"log_uniform": [0, 1]}}, r"optimizers\[0\]\.lr: log_uniform = \[0, 1\] must lie above zero"),
        ({"lr": {"log_uniform": [1, 0.1]}}, r"log_uniform = \[1, 0\.1\] is not \[low, high\]"),
        ({"lr": {"uniform": [1]}}, r"uniform = \[1\] is not \[low, high\]"),
        ({"lr": {"uniform": ["a", "b"]}}, r"is not \[low, high\], two numbers"),
        ({"lr": {"integer": [0.5, 2]}}, r"integer = \[0\.5, 2\] is not \[low, high\], two whole numbers"),
        ({"lr": {"uniform": [0.1, 1], "points": 3}}, r"write \{ uniform = \[low, high\] \} alone"),
        ({"lr": {"lognormal": [0.1, 1]}}, r"optimizers\[0\]\.lr = .*write \{ log = .*log_uniform"),
        ({"lr": {"uniform": [-1.0, 1.0]}}, r"optimizers\[0\]: lr = -.* is out of range"),
    ],
)
def test_searches_that_can_not_be(changes: dict[str, Any], message: str) -> None:
    """Each is told with its place, what was found and what is accepted."""
    entry = {name: value for name, value in {**SGD, **changes}.items() if value is not None}
    with pytest.raises(InputError, match=message):
        grid(entry)


def test_an_unknown_method_is_told() -> None:
    """With the one that is near."""
    with pytest.raises(InputError, match=r"search\.method: unknown sampler 'sobo'.*sobol"):
        grid(SGD, search={"method": "sobo"})


@pytest.mark.parametrize(
    ("setting", "entry"),
    [
        ({"generation": 4}, {"use": "sgd", "lr": 0.1}),
        ({"generation": 4}, SGD),
        ({"prune_after": 0.25}, {"use": "sgd", "lr": 0.1}),
    ],
)
def test_settings_that_nothing_reads_are_told(setting: dict[str, Any], entry: dict[str, Any]) -> None:
    """How a search goes by generations means nothing where none does."""
    with pytest.raises(InputError, match=rf"search\.{next(iter(setting))}: here is no search that goes by generations"):
        grid(entry, search=setting, tuning={})
