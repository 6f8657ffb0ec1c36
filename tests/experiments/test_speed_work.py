"""What an epoch needs at least, and the limits that it is compared with."""

from __future__ import annotations

import numpy as np
import pytest

from speed import limits
from speed.work import work


def counted(sizes: list[int], x: np.ndarray) -> int:
    """Multiplications and additions of a forward and a backward pass, one by one."""
    total = 0
    for example in x:
        inputs = int(np.count_nonzero(example))
        for layer, outputs in enumerate(sizes[1:]):
            total += 2 * inputs * outputs  # forward
            total += 2 * inputs * outputs  # gradient of the weights
            total += 2 * inputs * outputs if layer else 0  # gradient of the layer's inputs
            inputs = outputs
    return total


def test_operations_are_those_of_inputs_that_are_not_zero() -> None:
    """They are counted one by one, over examples with zeros."""
    x = np.where(np.random.default_rng(0).random((6, 5)) < 0.4, 1.0, 0.0)
    sizes = [5, 4, 3, 2]
    assert work(sizes, 6, int(np.count_nonzero(x)), 1, 2, 0).operations == counted(sizes, x)


def test_traffic_is_features_and_weights() -> None:
    """Features once, and at each step weights, gradient and the optimizer's memory, four bytes a number."""
    plain, with_memory = (work([5, 3], 10, 50, 1, 4, memory) for memory in (0, 2))
    assert plain.held == 4 * 18 * 2
    assert plain.traffic == 50 + 4 * plain.held
    assert with_memory.held == 2 * plain.held


def test_the_level_is_the_nearest_cache_that_holds_it() -> None:
    """L2, then L3, then memory."""
    found = limits.Limits(1.0, {}, {"L2": 100.0, "L3": 1000.0})
    assert [found.level(held) for held in (100, 101, 1001)] == ["L2", "L3", "memory"]


def test_multiply_adds_are_done() -> None:
    """Halving and adding 1/2 leads every chain to 1, in as many turns as are asked for."""
    chains = limits.accumulators()
    assert limits._multiply_adds(100) == chains
    assert limits._multiply_adds(1) == sum((1 + k) / 2 + 0.5 for k in range(chains))


def test_every_vector_is_read() -> None:
    """Of an array that counts, the first numbers of all vectors are added."""
    lanes = limits.lanes()
    numbers = np.arange(3 * 8 * lanes, dtype=np.float32)
    assert limits._reads(numbers, 3, 1) == numbers[::lanes].sum()
    assert limits._reads(numbers, 2, 2) == 2 * numbers[: 16 * lanes : lanes].sum()


def test_limits_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is a row for the peak and each level, and the limit is the median of its rounds."""
    monkeypatch.setattr(limits, "_SECONDS", 1e-4)
    found, rows = limits.measured(3, quick=True)
    told = list(rows)
    assert [row.case.split(",")[0] for row in told] == ["fused multiply-add", "read from L2", "read from L3"]
    assert found.peak == pytest.approx(1e9 * sorted(told[0].values)[1])
    assert set(found.bandwidth) == set(found.holds) == {"L2", "L3"}
    assert all(value > 0 for row in told for value in row.values)
