"""The width of a good range of a hyperparameter, worked out by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from optilab.analysis.good_range import SensitivityWidth, sensitivity_width
from optilab.errors import InputError

INF, NAN = math.inf, math.nan
RATES = [0.001, 0.01, 0.1, 1.0]
value = st.sampled_from([-1.0, 0.0, 0.5, 0.52, 1.0, 1.05, 7.0, INF])


def test_the_ends_are_on_straight_lines_of_logarithms() -> None:
    """A cost of 1 / rate below 1 and of rate^2 above it is within 21% from 1 / 1.21 to 1.1."""
    found = sensitivity_width([0.1, 1, 10], [10, 1, 100], within=0.21)
    assert (found.best, found.low, found.high) == pytest.approx((1, 1 / 1.21, 1.1))
    assert found.decades == pytest.approx(3 * math.log10(1.1))
    assert not found.at_edge
    assert found.divergence_edge is None
    assert (found.n, found.diverged, found.reason) == (3, 0, "")


@pytest.mark.parametrize("seed", range(5))
def test_the_ends_are_where_numpy_and_scipy_find_them(seed: int) -> None:
    """The roots of NumPy's straight lines through the logarithms, less the limit, on both sides of the best."""
    rng = np.random.default_rng(seed)
    rates = np.sort(10 ** rng.uniform(-4, 0, 7))
    costs = np.abs(np.arange(7) - 3) + rng.uniform(0.1, 0.2, 7)
    found = sensitivity_width(rates, costs, within=0.5)
    assert found.best == rates[3]

    def above(log_rate: float) -> float:
        return float(np.interp(log_rate, np.log(rates), np.log(costs)) - np.log(1.5 * costs[3]))

    ends = [optimize.brentq(above, np.log(rates[k]), np.log(rates[3])) for k in (0, 6)]
    assert (found.low, found.high) == pytest.approx(tuple(np.exp(ends)))
    assert found.decades == pytest.approx((ends[1] - ends[0]) / np.log(10))


def test_a_finer_grid_changes_nothing() -> None:
    """On the same straight lines 3 and 301 settings have the same width."""
    fine = np.logspace(-1, 1, 301)
    found = sensitivity_width(fine, np.where(fine < 1, 1 / fine, fine**2), within=0.21)
    assert found.decades == pytest.approx(3 * math.log10(1.1))


def test_an_accuracy_has_a_width_too() -> None:
    """Within 10% of .8 is .72, on the line from .8 down to .36: a share log(.9) / log(.45) of a decade on both sides."""
    found = sensitivity_width([0.01, 0.1, 1], [0.36, 0.8, 0.36], lowest=False)
    assert found.best == 0.1
    assert found.decades == pytest.approx(2 * math.log(0.9) / math.log(0.45))


def test_what_diverged_ends_the_range_at_a_setting_tried() -> None:
    """Nothing lies between a number and infinity; the lowest setting above the best that diverged is named."""
    found = sensitivity_width([*RATES, 10.0], [3.0, 1.0, 1.0, INF, INF])
    assert (found.best, found.high, found.divergence_edge, found.diverged) == (0.01, 0.1, 1.0, 2)
    below = sensitivity_width(RATES, [INF, 1.0, 1.05, 2.0])
    assert (below.low, below.divergence_edge) == (0.01, None)
    up = sensitivity_width([1, 2, 3], [0.5, 0.9, INF], lowest=False)
    assert (up.best, up.high, up.divergence_edge) == (2, 2, 3)
    assert sensitivity_width([1, 2, 3], [0.5, 0.9, -INF], lowest=False) == up


def test_the_range_is_contiguous() -> None:
    """A good setting beyond a bad one does not count; of two best ones the lower one has the range."""
    found = sensitivity_width(RATES, [1.0, INF, 1.0, 1.0])
    assert (found.best, found.low, found.high, found.at_edge) == (0.001, 0.001, 0.001, True)
    assert found.decades == 0


@pytest.mark.parametrize(
    ("values", "at_edge"), [([2, 1, 1, 2], False), ([1, 1, 2, 2], True), ([2, 2, 1, 1], True), ([1, 1, 1, 1], True)]
)
def test_a_range_that_was_not_left_is_a_lower_bound(values: list[float], at_edge: bool) -> None:
    """Where the lowest or highest setting tried is still within."""
    found = sensitivity_width(RATES, values)
    assert found.at_edge == at_edge
    assert (found.decades == pytest.approx(3)) == (2 not in values)


def test_values_without_logarithms_are_counted() -> None:
    """Costs at or below 0: the range is that of the settings tried; within is a share of the size of the best."""
    found = sensitivity_width(RATES, [-5.0, -9.5, -10.0, 3.0])
    assert (found.low, found.high, found.decades) == pytest.approx((0.01, 0.1, 1))
    zero = sensitivity_width(RATES, [1.0, 0.0, 0.0, 1.0])
    assert (zero.low, zero.high) == (0.01, 0.1)
    wide = sensitivity_width([1, 2, 3], [0.0, 0.9, 0.0], within=1.0, lowest=False)
    assert (wide.low, wide.high) == (1, 3)


def test_within_nothing_is_the_best_alone() -> None:
    """Its equals beside it count; no rounding of logarithms moves an end off a setting."""
    found = sensitivity_width(RATES, [2.0, 1.0, 1.0, 2.0], within=0)
    assert (found.low, found.high) == (0.01, 0.1)
    for rate in np.linspace(0.01, 5, 99):
        alone = sensitivity_width([rate / 3, rate, rate * 7], [2.0, 1.0, 3.0], within=0)
        assert alone.low == alone.high == alone.best == rate


def test_a_huge_value_is_no_divergence() -> None:
    """A limit beyond the largest number doesn't let in what diverged."""
    found = sensitivity_width([1, 2], [1.7e308, INF])
    assert (found.high, found.divergence_edge) == (1, 2)


def test_one_setting_and_none() -> None:
    """One is at the edge; where nothing lasted the reason says so."""
    assert sensitivity_width([0.1], [3.0]) == SensitivityWidth(0.0, 0.1, 0.1, 0.1, True, None, 1, 0)
    for values, reason in (([INF, INF], "every setting diverged"), ([], "there are no settings")):
        found = sensitivity_width([1.0, 2.0][: len(values)], values)
        assert all(math.isnan(number) for number in (found.decades, found.best, found.low, found.high))
        assert (found.reason, found.diverged, found.at_edge) == (reason, len(values), False)


@given(values=st.lists(value, min_size=1, max_size=8), lowest=st.booleans(), data=st.data())
@settings(max_examples=100)
def test_order_does_not_matter(values: list[float], lowest: bool, data: st.DataObject) -> None:
    """Shuffled settings give the same width; it holds the best, ends where it must, and another unit shifts it alone."""
    rates = [2.0**k for k in range(len(values))]
    found = sensitivity_width(rates, values, lowest=lowest)
    order = data.draw(st.permutations(range(len(values))))
    assert str(found) == str(sensitivity_width([rates[k] for k in order], [values[k] for k in order], lowest=lowest))
    assert math.isnan(found.decades) == bool(found.reason)
    if not found.reason:
        assert rates[0] <= found.low <= found.best <= found.high <= rates[-1]
        assert found.decades == pytest.approx(math.log10(found.high / found.low))
        assert found.at_edge == (found.low == rates[0] or found.high == rates[-1])
        best = values[rates.index(found.best)]
        for rate, one in zip(rates, values, strict=True):
            if found.low <= rate <= found.high:
                assert abs(one - best) <= 0.1 * abs(best) + 1e-12
        shifted = sensitivity_width([1024 * rate for rate in rates], values, lowest=lowest)
        assert shifted.decades == pytest.approx(found.decades)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"settings": [0.0, 1.0]}, "settings: 0.0 is not finite and above 0, so it has no logarithm"),
        ({"settings": [1.0, INF]}, "settings: inf is not finite and above 0, so it has no logarithm"),
        ({"settings": [1.0, 1.0]}, "settings: 1.0 stands there twice; give the median over seeds, one value a setting"),
        ({"settings": [1.0]}, "values: has 2 for 1 settings"),
        ({"values": [1.0, NAN]}, r"values\[1\] is NaN; .*"),
        ({"within": -0.1}, "within: -0.1 is no share of the best value; it is finite and at least 0"),
        ({"within": NAN}, "within: nan is no share of the best value; it is finite and at least 0"),
    ],
)
def test_what_has_no_width_is_refused(changes: dict[str, Any], message: str) -> None:
    """The message names the argument and what is accepted."""
    with pytest.raises(InputError, match=f"^{message}$"):
        sensitivity_width(**{"settings": [1.0, 2.0], "values": [1.0, 2.0], **changes})
