"""Each bundled schedule by its formula, along a run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curves import curve, floors, increasing, totals


@settings(max_examples=60)
@given(total=totals, start=st.floats(0, 5), end=st.floats(0, 5))
def test_linear_is_a_straight_line(total: int, start: float, end: float) -> None:
    """It begins at start, is at end after the total, stays there, and is half way between half way through."""
    values = curve("linear", 2 * total + 1, 2 * total, start=start, end=end)
    assert values[0] == start
    assert values[-1] == pytest.approx(end, rel=1e-14, abs=1e-14)
    assert values[total] == pytest.approx((start + end) / 2, rel=1e-14)
    assert curve("linear", 3 * total, total, start=start, end=end)[-1] == pytest.approx(end, rel=1e-14, abs=1e-14)


@settings(max_examples=60)
@given(every=st.integers(1, 30), gamma=st.floats(0.1, 1))
def test_step_falls_after_every_so_many_steps(every: int, gamma: float) -> None:
    """Every value lasts `every` steps, and the next is gamma times it, also past the end."""
    values = curve("step", 4 * every, 2, every=every, gamma=gamma).reshape(4, every)
    np.testing.assert_allclose(values, np.repeat(gamma ** np.arange(4.0), every).reshape(4, every), rtol=1e-14)


@settings(max_examples=60)
@given(rate=st.floats(0, 10), power=st.floats(0.1, 3), step=st.integers(0, 1000))
def test_inverse_time_is_its_formula(rate: float, power: float, step: int) -> None:
    """(1 + rate * step) to the power of -power, also past the end."""
    value = curve("inverse_time", step + 1, 7, rate=rate, power=power)[step]
    assert value == pytest.approx(np.exp(-power * np.log1p(rate * step)), rel=1e-12)


def test_multi_step_without_milestones_is_constant() -> None:
    """By default there are no milestones."""
    np.testing.assert_array_equal(curve("multi_step", 5), np.ones(5))


def test_constant_is_one() -> None:
    """The schedule that changes nothing."""
    np.testing.assert_array_equal(curve("constant", 5), np.ones(5))


@settings(max_examples=60)
@given(
    total=st.integers(10, 500),
    rise=st.floats(0.15, 0.9),
    div=st.floats(1.5, 100),
    final_div=st.floats(1, 1e5),
)
def test_one_cycle_rises_once_and_falls_once(total: int, rise: float, div: float, final_div: float) -> None:
    """From 1/div up to at most 1 at about rise * total, then down to 1/(div * final_div), where it stays."""
    values = curve("one_cycle", total + 10, total, rise=rise, div=div, final_div=final_div)
    top = int(values.argmax())
    assert values[0] == pytest.approx(1 / div, rel=1e-10)
    assert abs(top - (rise * total - 1)) <= 1
    assert values.max() <= 1 + 1e-15
    assert (np.diff(values[: top + 1]) >= -1e-12).all()
    assert (np.diff(values[top:]) <= 1e-12).all()
    np.testing.assert_allclose(values[total - 1 :], 1 / (div * final_div), rtol=1e-9)


@settings(max_examples=60)
@given(steps=st.integers(1, 50), total=st.integers(1, 200))
def test_warmup_rises_to_one_and_stays(steps: int, total: int) -> None:
    """The first of n steps has 1/n, the n-th has 1, and so have all after it."""
    values = curve("warmup", steps + 10, total, steps=steps)
    np.testing.assert_allclose(values[:steps], np.arange(1, steps + 1) / steps, rtol=1e-14)
    np.testing.assert_array_equal(values[steps:], 1)


def test_warmup_longer_than_the_run() -> None:
    """A warmup that outlasts the run is cut off with it."""
    np.testing.assert_allclose(curve("warmup", 3, 3, steps=10, then="cosine"), [0.1, 0.2, 0.3], rtol=1e-15)


@settings(max_examples=60)
@given(total=totals, floor=floors, power=st.floats(0.2, 4))
def test_cosine_is_its_formula(total: int, floor: float, power: float) -> None:
    """Floor + (1 - floor) * cos(pi x / 2)^(2 power), by the half-angle formula, and half way down at half the run."""
    x = np.arange(total + 1) / total
    expected = floor + (1 - floor) * np.abs(np.cos(np.pi * x / 2)) ** (2 * power)
    np.testing.assert_allclose(curve("cosine", total + 1, total, floor=floor, power=power), expected, atol=1e-6)
    middle = curve("cosine", total + 1, 2 * total, floor=floor)[total]
    assert middle == pytest.approx((1 + floor) / 2, rel=1e-14)


@settings(max_examples=60)
@given(total=totals, floor=floors)
def test_rex_is_its_formula(total: int, floor: float) -> None:
    """As in the paper, (1 - x) / (1/2 + (1 - x) / 2) above the floor: two thirds at half the run."""
    left = 1 - np.arange(total + 1) / total
    expected = floor + (1 - floor) * left / (0.5 + 0.5 * left)
    np.testing.assert_allclose(curve("rex", total + 1, total, floor=floor), expected, rtol=1e-12, atol=1e-15)
    assert curve("rex", total + 1, 2 * total)[total] == pytest.approx(2 / 3, rel=1e-14)


@settings(max_examples=60)
@given(
    total=st.integers(1, 500),
    warmup=st.floats(0, 0.5),
    decay=st.floats(0.01, 0.5),
    floor=floors,
    shape=st.sampled_from(["linear", "cosine", "sqrt"]),
)
def test_warmup_stable_decay_has_three_parts(total: int, warmup: float, decay: float, floor: float, shape: str) -> None:
    """Straight up to 1, there until the last fraction of the run, and from there down to the floor, where it stays."""
    parameters = {"warmup": warmup, "decay": decay, "floor": floor, "shape": shape}
    values = curve("warmup_stable_decay", total + 20, total, **parameters)
    step = np.arange(total + 20)
    up, begin = max(warmup * total, 1), total - decay * total
    rising, falling = step < min(up - 1, begin), step > begin
    np.testing.assert_allclose(values[rising], (step[rising] + 1) / up, rtol=1e-12)
    stable = (step >= up - 1) & (step <= begin)
    np.testing.assert_allclose(values[stable], 1, rtol=1e-12)
    assert (np.diff(values[falling & (step >= up - 1)]) <= 1e-15).all()
    np.testing.assert_allclose(values[max(total, int(up) + 1) :], floor, rtol=1e-12, atol=1e-15)


def test_shapes_of_the_decay() -> None:
    """A quarter of the way down, a straight line has lost a quarter, half a cosine 0.146, and 1 - sqrt a half."""
    at = {
        shape: curve("warmup_stable_decay", 100, 100, warmup=0.1, decay=0.4, shape=shape)[70]
        for shape in ("linear", "cosine", "sqrt")
    }
    assert at == pytest.approx({"linear": 0.75, "cosine": (1 + np.sqrt(0.5)) / 2, "sqrt": 0.5}, rel=1e-12)


@settings(max_examples=60)
@given(warmup=st.integers(1, 400), width=st.integers(1, 4096))
def test_inverse_sqrt_is_noam(warmup: int, width: int) -> None:
    """Over its largest value, the rate of the Transformer: width^-0.5 * min(t^-0.5, t * warmup^-1.5), t from 1."""
    t = np.arange(1.0, 1001)
    noam = width**-0.5 * np.minimum(t**-0.5, t * warmup**-1.5)
    np.testing.assert_allclose(curve("inverse_sqrt", 1000, 10, warmup=warmup), noam / noam.max(), rtol=1e-12)


@settings(max_examples=60)
@given(warmup=st.integers(1, 400))
def test_inverse_sqrt_with_a_constant_start(warmup: int) -> None:
    """1 for the first `warmup` steps, and sqrt(warmup / t) from there; without a warm-up it is 1 / sqrt(t)."""
    t = np.arange(1.0, 1001)
    values = curve("inverse_sqrt", 1000, 10, warmup=warmup, first="constant")
    np.testing.assert_allclose(values, (np.maximum(t, warmup) / warmup) ** -0.5, rtol=1e-12)
    np.testing.assert_allclose(curve("inverse_sqrt", 1000, 10), 1 / np.sqrt(t), rtol=1e-12)
    np.testing.assert_allclose(curve("inverse_time", 1000, 10, rate=1, power=0.5), 1 / np.sqrt(t), rtol=1e-12)


@settings(max_examples=60)
@given(quarter=st.integers(4, 100), fall=st.sampled_from([0.5, 0.75]), shape=st.sampled_from(["cosine", "linear"]))
@pytest.mark.parametrize(("convention", "early"), [("torch", (1, 2, 1)), ("optax", (0, 0, 0))])
def test_one_cycle_with_a_third_phase(
    convention: str, early: tuple[int, int, int], quarter: int, fall: float, shape: str
) -> None:
    """It is at the top at `rise`, back where it began at `fall`, and from there goes down to the end; straight, if it is told."""
    total = 4 * quarter
    switches = {"rise": 0.25, "fall": fall, "shape": shape, "convention": convention}
    values = curve("one_cycle", total + 10, total, **switches)
    top, back, end = (int(f * total) - e for f, e in zip((0.25, fall, 1), early, strict=True))
    np.testing.assert_allclose(values[[0, top, back, end]], [1 / 25, 1, 1 / 25, 4e-6], rtol=1e-9)
    np.testing.assert_array_equal(values[end:], np.full(total + 10 - end, values[end]))
    for begin, last in ((0, top), (top, back), (back, end)):
        change = np.diff(values[begin : last + 1])
        assert (change > 0).all() or (change < 0).all()
        assert np.allclose(change, change[0], rtol=1e-6) == (shape == "linear")


@pytest.mark.parametrize("convention", ["torch", "optax"])
@pytest.mark.parametrize("fall", [0, 0.6])
@pytest.mark.parametrize("total", range(1, 8))
def test_one_cycle_in_a_few_steps(total: int, fall: float, convention: str) -> None:
    """A run too short for its phases begins at 1/div, rises first and falls then, and soon after it is at the end."""
    values = curve("one_cycle", total + 6, total, fall=fall, convention=convention)
    top = int(values.argmax())
    assert values[0] == pytest.approx(1 / 25, rel=1e-12)
    assert (np.diff(values[: top + 1]) > 0).all()
    assert (np.diff(values[top:]) <= 1e-12).all()
    np.testing.assert_allclose(values[total + 1 :], 4e-6, rtol=1e-9)


@settings(max_examples=60)
@given(
    up=st.integers(1, 20),
    down=st.integers(0, 20),
    start=st.floats(0, 2),
    gamma=st.floats(0.5, 1),
    mode=st.sampled_from(["triangular", "triangular2", "exp_range"]),
)
def test_cyclic_comes_back(up: int, down: int, start: float, gamma: float, mode: str) -> None:
    """It is at start at the beginning of each cycle, farthest from it after `up` steps, and never beyond 1."""
    values = curve("cyclic", 200, 10, up=up, down=down, start=start, gamma=gamma, mode=mode)
    period = up + (down or up)
    cycles = values[: 200 // period * period].reshape(-1, period)
    np.testing.assert_allclose(cycles[:, 0], start, rtol=1e-12, atol=1e-12)
    rise = (cycles[:, min(up, period - 1)] - start) if up < period else np.zeros(len(cycles))
    k = np.arange(len(cycles))
    heights: dict[str, Any] = {"triangular": 1.0, "triangular2": 0.5**k, "exp_range": gamma ** (k * period + up)}
    np.testing.assert_allclose(rise, (1 - start) * heights[mode] * np.ones(len(cycles)), rtol=1e-9, atol=1e-12)
    assert (np.abs(values - start) <= abs(1 - start) + 1e-12).all()


@settings(max_examples=60)
@given(steps=st.integers(1, 30), growth=st.integers(1, 3), gamma=st.floats(0.3, 1), floor=floors)
def test_cosine_restarts_are_cosines(steps: int, growth: int, gamma: float, floor: float) -> None:
    """Each part is the cosine over its own length, gamma times as high above the floor as the one before it."""
    values = curve("cosine_restarts", 400, 10, steps=steps, growth=growth, gamma=gamma, floor=floor)
    begin, length, height = 0, steps, 1 - floor
    while begin + length <= 400:
        part = floor + height * curve("cosine", length)
        np.testing.assert_allclose(values[begin : begin + length], part, rtol=1e-12, atol=1e-14)
        begin, length, height = begin + length, length * growth, height * gamma
    assert begin > 200 // growth


@settings(max_examples=60)
@given(steps=st.integers(1, 50), floor=floors)
def test_cosine_wave_goes_down_and_up(steps: int, floor: float) -> None:
    """Down it is the cosine, up the same backwards, and then it begins anew."""
    values = curve("cosine_wave", 4 * steps + 1, 10, steps=steps, floor=floor)
    down = curve("cosine", steps + 1, steps, floor=floor)
    np.testing.assert_allclose(values[: steps + 1], down, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(values[steps : 2 * steps + 1], down[::-1], rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(values[2 * steps :], values[: 2 * steps + 1], rtol=1e-12, atol=1e-13)


def test_chebyshev_in_the_order_of_the_paper() -> None:
    """Eight steps come in the order 1 8 4 5 2 7 3 6, of which the first is the longest and the eighth the shortest."""
    longest = np.argsort(-curve("chebyshev", 8))
    places = np.empty(8, int)
    places[longest] = np.arange(1, 9)
    assert places.tolist() == [1, 8, 4, 5, 2, 7, 3, 6]


@settings(max_examples=60)
@given(total=st.integers(1, 64), condition=st.floats(1.5, 100))
def test_chebyshev_steps_are_the_best(total: int, condition: float) -> None:
    """What is left of an error, over all curvatures, is at most that of the Chebyshev polynomial, and at the ends just it."""
    steps = curve("chebyshev", total, condition=condition)
    assert (steps > 1 - 1e-12).all()
    assert (steps < condition + 1e-9).all()
    curvatures = np.linspace(1 / condition, 1, 301)
    left = np.abs(np.prod(1 - steps[:, None] * curvatures, axis=0))
    best = 1 / np.cosh(total * np.arccosh((condition + 1) / (condition - 1)))
    np.testing.assert_allclose(left[[0, -1]], best, rtol=1e-7)
    assert left.max() <= best * (1 + 1e-7)


@settings(max_examples=60)
@given(milestones=increasing, data=st.data())
@pytest.mark.parametrize("shape", ["constant", "linear", "cosine"])
def test_piecewise_goes_through_its_points(shape: str, milestones: list[int], data: st.DataObject) -> None:
    """At each milestone it has the product of the factors so far, and between two nothing beyond theirs."""
    factors = data.draw(st.lists(st.floats(0, 3), min_size=len(milestones), max_size=len(milestones)))
    values = curve("piecewise", 120, 10, milestones=milestones, factors=factors, shape=shape)
    points = np.cumprod([1.0, *factors])
    np.testing.assert_allclose(values[[0, *milestones]], points, rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(values[milestones[-1] :], points[-1], rtol=1e-12, atol=1e-300)
    for begin, end, one, other in zip([0, *milestones], milestones, points, points[1:], strict=False):
        between = values[begin:end]
        if shape == "constant":
            np.testing.assert_array_equal(between, np.full(end - begin, one))
        assert between.min() >= min(one, other) * (1 - 1e-12)
        assert between.max() <= max(one, other) * (1 + 1e-12)


def test_piecewise_along_a_line_and_a_cosine() -> None:
    """A quarter of the way, a straight line has gone a quarter and half a cosine 0.146."""
    straight, bent = (
        curve("piecewise", 100, milestones=[40], factors=[0.5], shape=shape)[10] for shape in ("linear", "cosine")
    )
    assert straight == pytest.approx(1 - 0.5 / 4, rel=1e-14)
    assert bent == pytest.approx(1 - 0.5 * (1 - np.sqrt(0.5)) / 2, rel=1e-14)
