"""Schedules of schedules: sequences, products, transitions and clips."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curves import REQUIRED, bundled, curve, floors, increasing, totals


@settings(max_examples=30)
@given(total=st.integers(1, 100))
@pytest.mark.parametrize("name", bundled())
def test_a_sequence_or_product_of_one_is_that_one(name: str, total: int) -> None:
    """A single schedule stands alone in a sequence, in a product, and in a clip that is wide enough."""
    table = {"use": name, **REQUIRED.get(name, {})}
    alone = curve(name, 2 * total, total, **REQUIRED.get(name, {}))
    np.testing.assert_array_equal(curve("sequence", 2 * total, total, schedules=[table]), alone)
    np.testing.assert_array_equal(curve("product", 2 * total, total, schedules=[table]), alone)
    np.testing.assert_array_equal(curve("clip", 2 * total, total, schedule=table), alone)


@settings(max_examples=60)
@given(milestones=increasing, total=st.integers(1, 120))
def test_parts_of_a_sequence_begin_anew(milestones: list[int], total: int) -> None:
    """Each part is that schedule from its own step 0 over its own length, the last over what is left, or a single step."""
    tables = [{"use": "cosine", "floor": 1 / (k + 2)} for k in range(len(milestones) + 1)]
    values = curve("sequence", 150, total, schedules=tables, milestones=milestones)
    ends = [*milestones, max(total, milestones[-1] + 1)]
    for k, (begin, end) in enumerate(zip([0, *milestones], ends, strict=True)):
        last = k == len(milestones)
        part = curve("cosine", (150 if last else end) - begin, end - begin, floor=1 / (k + 2))
        np.testing.assert_array_equal(values[begin : 150 if last else end], part)


@settings(max_examples=60)
@given(steps=st.integers(1, 50), total=st.integers(60, 200), start=floors)
def test_a_sequence_is_continuous_where_its_parts_are(steps: int, total: int, start: float) -> None:
    """A straight line up to 1 and a cosine from there make no jump: a step changes no more than the steeper of both."""
    parts = [{"use": "linear", "start": start, "end": 1}, "cosine"]
    values = curve("sequence", total + 10, total, schedules=parts, milestones=[steps])
    steepest = max((1 - start) / steps, np.pi / 2 / (total - steps))
    assert np.abs(np.diff(values)).max() <= steepest + 1e-12
    assert values[steps] == 1


@settings(max_examples=60)
@given(total=st.integers(1, 500), fractions=st.lists(st.floats(0.01, 0.99), min_size=1, max_size=4, unique=True))
def test_milestones_as_fractions(total: int, fractions: list[float]) -> None:
    """Milestones below 1 are that fraction of the run, to the nearest step, and step 1 at the earliest."""
    parts = [{"use": "constant", "factor": k} for k in range(len(fractions) + 1)]
    values = curve("sequence", total + 5, total, schedules=parts, milestones=sorted(fractions))
    at = [max(1, round(f * total)) for f in sorted(fractions)]
    np.testing.assert_array_equal(values, np.searchsorted(at, np.arange(total + 5), side="right"))


@settings(max_examples=60)
@given(st.lists(st.floats(0, 4), min_size=1, max_size=5), totals)
def test_a_product_of_constants_is_their_product(factors: list[float], total: int) -> None:
    """Constants multiply, and a curve is multiplied at every step."""
    tables: list[Any] = [{"use": "constant", "factor": f} for f in factors]
    expected = np.prod(factors)
    np.testing.assert_allclose(curve("product", 9, total, schedules=tables), np.full(9, expected), rtol=1e-14)
    whole = curve("product", 9, total, schedules=[*tables, "cosine"])
    np.testing.assert_allclose(whole, expected * curve("cosine", 9, total), rtol=1e-14, atol=1e-300)


@settings(max_examples=60)
@given(steps=st.integers(1, 50), begin=st.integers(0, 50), total=st.integers(1, 60))
@pytest.mark.parametrize("name", ["cosine", "linear", "polynomial", "rex", "one_cycle"])
def test_a_transition_has_steps_of_its_own(name: str, steps: int, begin: int, total: int) -> None:
    """The schedule over `steps` steps from `begin`, its first value before that and its last after it, in any run."""
    values = curve("transition", 120, total, schedule=name, steps=steps, begin=begin)
    own = curve(name, steps + 1, steps)
    np.testing.assert_array_equal(values[:begin], np.full(begin, own[0]))
    np.testing.assert_array_equal(values[begin : begin + steps + 1], own)
    np.testing.assert_array_equal(values[begin + steps :], np.full(120 - begin - steps, own[-1]))


def test_a_transition_ends() -> None:
    """Even a schedule that goes on past its end stays at the value that it has after its steps."""
    grows = {"use": "exponential", "gamma": 2}
    values = curve("transition", 8, 100, schedule=grows, steps=3, begin=2)
    assert values.tolist() == [1, 1, 1, 2, 4, 8, 8, 8]


@settings(max_examples=60)
@given(st.floats(0, 1), st.floats(1e-3, 2), totals)
def test_a_clip_keeps_its_bounds(low: float, width: float, total: int) -> None:
    """Below low and above high it is these; anywhere else the schedule itself."""
    values = curve("clip", total + 9, total, schedule="cosine", low=low, high=low + width)
    inside = curve("cosine", total + 9, total)
    np.testing.assert_array_equal(values, np.minimum(np.maximum(inside, low), low + width))


def test_warmup_and_then_another() -> None:
    """After the warmup the other schedule runs from its own start to its own end over what is left."""
    values = curve("warmup", 25, 20, steps=4, then={"use": "cosine", "floor": 0.1})
    np.testing.assert_allclose(values[:4], [0.25, 0.5, 0.75, 1], rtol=1e-15)
    np.testing.assert_allclose(values[4:], curve("cosine", 21, 16, floor=0.1), rtol=1e-14)
    np.testing.assert_array_equal(values[4:], curve("warmup", 25, 20, steps=4, then="cosine")[4:] * 0.9 + 0.1)
