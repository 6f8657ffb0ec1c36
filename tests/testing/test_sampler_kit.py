"""What the kit finds of samplers, right ones and wrong ones."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from testing.verdicts import broken

from optilab.plugins.loading import registry
from optilab.search.sampler import Point, Sampler, Trial, sampler
from optilab.testing import samplers

calls = itertools.count()


def points(count: int, seed: int, ranges: Mapping[str, Any]) -> list[Point]:
    """Random points."""
    random = np.random.default_rng(seed)
    return [{name: found.values(random.uniform(size=1))[0] for name, found in ranges.items()} for _ in range(count)]


@sampler
def uniform(ranges, samples, seed):
    """Draws at random, from the seed."""
    return points(samples, seed, ranges)


@sampler
def one_too_few(ranges, samples, seed):
    """Forgets a point."""
    return points(samples - 1, seed, ranges)


@sampler
def above(ranges, samples, seed):
    """Leaves a range."""
    return [{**point, "lr": 2.0} for point in points(samples, seed, ranges)]


@sampler
def with_fractions(ranges, samples, seed):
    """Takes the middle of each range, of whole numbers too."""
    return [{name: (found.low + found.high) / 2 for name, found in ranges.items()} for _ in range(samples)]


@sampler
def without_names(ranges, samples, seed):
    """Knows lr alone."""
    return [{"lr": 0.1} for _ in range(samples)]


@sampler
def unseeded(ranges, samples, seed):
    """Draws other points each time."""
    return points(samples, next(calls), ranges)


class Learns(Sampler):
    """Asks for the neighbourhood of the best."""

    def __init__(self, ranges: Mapping[str, Any], seed: int) -> None:
        self.ranges, self.seed, self.asked = ranges, seed, 0

    def ask(self, count: int) -> Sequence[Point]:
        """Random points."""
        self.asked += count
        return points(count, self.seed + self.asked, self.ranges)

    def tell(self, trials: Sequence[Trial]) -> None:
        """Works with the logarithm of a cost."""
        assert all(np.isfinite(trial.cost) for trial in trials)


@sampler
def learns(ranges, samples, seed):
    """Learns from what came of its points."""
    return Learns(ranges, seed)


def test_samplers() -> None:
    """A right sampler keeps all properties; a wrong one is told by the point, or by what it can't be told."""
    assert broken(samplers.kit_of(uniform)) == {}
    for wrong, detail in (
        (one_too_few, "it gave 0 points where 1 were asked for"),
        (above, "it gave lr = 2.0, which is not in [0.0001, 1]"),
        (with_fractions, "it gave memory = 10.5, which is no whole number"),
        (without_names, "it gave a point of lr; expected lr, decay, memory"),
        (unseeded, "and when it was asked again"),
        (learns, "AssertionError"),
    ):
        assert any(detail in why for why in broken(samplers.kit_of(wrong)).values()), broken(samplers.kit_of(wrong))


@pytest.mark.parametrize("name", registry().samplers)
def test_bundled_samplers_are_right(name: str) -> None:
    """Every bundled sampler keeps all properties of its kit."""
    assert broken(samplers.kit_of(registry().samplers[name])) == {}
