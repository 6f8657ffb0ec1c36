"""Hyperparameters that are sampled: where the points lie, and what they depend on."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import qmc

from optilab.plugins.loading import registry
from optilab.search.sampled import Sampled

METHODS = st.sampled_from(["sobol", "latin_hypercube"])


NAMES = st.lists(st.sampled_from(["lr", "beta1", "beta2", "eps", "decay"]), min_size=1, unique=True)


COUNTS = st.integers(1, 70)


SEEDS = st.integers(0, 1000)


def points(method: str, names: list[str], count: int, seed: int) -> dict[str, list[float]]:
    """For each name where the points of a sampler lie on its side of a cube."""
    kind = registry().sampler(method)
    found = kind.start({name: Sampled("uniform", 0.0, 1.0) for name in names}, count, seed)
    assert isinstance(found, list)
    return {name: [point[name] for point in found] for name in names}


def stream(seed: int, name: str) -> np.random.Generator:
    """Random numbers of a seed and a name alone."""
    own = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, own])))


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
from optilab.search.sampled import Sampled
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
