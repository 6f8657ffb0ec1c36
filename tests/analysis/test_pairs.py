"""Paired seeds, worked out by hand; effects by enumeration and by SciPy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from optilab import InputError
from optilab.analysis.intervals import interval
from optilab.analysis.pairs import cliffs_delta, magnitude, paired
from optilab.analysis.sign_flip import sign_flip

INF, NAN = math.inf, math.nan
COSTS = st.sampled_from([0.0, 0.1, 0.2, 0.3, 1.0, 1e6, INF])


def test_six_pairs() -> None:
    """All of b above a: the interval is the range of the differences, and p the smallest there is."""
    a = [0.30, 0.31, 0.29, 0.33, 0.30, 0.28]
    b = [0.35, 0.33, 0.34, 0.34, 0.39, 0.38]
    found = paired(a, b)
    assert (found.difference, found.low, found.high, found.p) == (-0.05, -0.1, -0.01, 0.03125)
    assert (found.method, found.n, found.unmatched, found.reason) == ("order", 6, (), "")
    assert found.cliffs_delta == pytest.approx(-35 / 36)
    assert found.probability_of_improvement == pytest.approx((1 - found.cliffs_delta) / 2)
    assert paired(a, b, lowest=False).probability_of_improvement == pytest.approx((1 + found.cliffs_delta) / 2)


def test_pairs_are_compared_as_by_scipy() -> None:
    """Median and p of the differences, of all signs, and the share of pairs of runs that Mann and Whitney count."""
    a, b = np.random.default_rng(3).normal(size=(2, 11))
    found = paired(a, b)
    signs = stats.permutation_test((a - b,), np.mean, permutation_type="samples", n_resamples=np.inf)
    assert found.p == pytest.approx(signs.pvalue)
    assert found.difference == pytest.approx(np.median(a - b))
    pairs = stats.mannwhitneyu(a, b).statistic / 11**2
    assert found.cliffs_delta == pytest.approx(2 * pairs - 1)
    assert found.probability_of_improvement == pytest.approx(1 - pairs)
    ends = stats.quantile_test(a - b, p=0.5).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((ends.low, ends.high))


def test_exchanging_the_methods_changes_the_signs_alone() -> None:
    """Difference, interval and delta are mirrored, p is the same, the probabilities of improvement add up to 1."""
    a, b = np.random.default_rng(0).normal(size=(2, 9))
    found, other = paired(a, b), paired(b, a)
    assert (other.difference, other.low, other.high) == (-found.difference, -found.high, -found.low)
    assert other.p == found.p
    assert other.cliffs_delta == -found.cliffs_delta
    assert found.probability_of_improvement + other.probability_of_improvement == pytest.approx(1)


def test_the_interval_is_that_of_the_median_difference() -> None:
    """Of order statistics by default, BCa where there are fewer than six or where it is asked for."""
    a, b = np.random.default_rng(1).normal(size=(2, 10))
    found, asked = paired(a, b), paired(a, b, method="bca")
    expected = interval(a - b)
    assert (found.low, found.difference, found.high) == pytest.approx((expected.low, expected.estimate, expected.high))
    assert (found.method, asked.method, paired(a[:5], b[:5]).method) == ("order", "bca", "bca")
    assert (asked.low, asked.high) != (found.low, found.high)
    assert paired(a, b, confidence=0.8).low > found.low


def test_three_seeds_can_not_be_significant() -> None:
    """The reason says so, with the smallest p there is."""
    found = paired([1, 2, 3], [11, 13, 15])
    assert found.p == 0.25
    assert "3 pairs can't be significant: p is never below 0.25" in found.reason
    assert "an interval of 3 values covers a median with 75% at most" in found.reason
    assert paired([1, 2, 3, 4, 5, 6, 7], [11, 13, 15, 16, 17, 18, 19], confidence=0.99).reason.endswith(
        "below 0.015625"
    )


def test_series_are_matched_by_seed() -> None:
    """In whatever order they are; seeds of one alone are named."""
    a = pd.Series([3.0, 1.0, 2.0, 9.0], [3, 1, 2, 10])
    b = pd.Series([2.5, 1.5, 0.5, 7.0], [3, 2, 1, 9])
    found = paired(a, b)
    assert (found.difference, found.low, found.high) == (0.5, 0.5, 0.5)
    assert (found.n, found.unmatched) == (3, (9, 10))
    assert found.probability_of_improvement == pytest.approx(3 / 9)


def test_seeds_of_several_types_are_named() -> None:
    """Words and numbers have an order too."""
    found = paired(pd.Series([1.0, 2.0], ["x", 1]), pd.Series([1.0], [2]))
    assert found.unmatched == (1, 2, "x")
    assert (found.n, found.p, found.reason) == (0, 1, "no pairs")
    assert math.isnan(found.difference)


def test_diverged_runs_count() -> None:
    """One of a is infinite: its difference is, and p is of signed ranks, as the reason says."""
    found = paired([1, 2, 3, 4, 5, INF], [2, 4, 6, 8, 10, 12])
    assert (found.difference, found.low, found.high) == (-2.5, -5, INF)
    assert found.p == sign_flip([-1, -2, -3, -4, -5, 6])
    assert found.reason == "1 infinite difference: p is of signed ranks, for the mean does not exist"


def test_runs_that_diverged_under_both_methods_tie() -> None:
    """Infinity less infinity is no difference, and each beats the other half of the times."""
    found = paired([INF] * 6, [INF] * 6)
    assert (found.difference, found.low, found.high, found.p) == (0, 0, 0, 1)
    assert (found.cliffs_delta, found.probability_of_improvement) == (0, 0.5)


def test_a_diverged_run_is_worse_whatever_its_sign() -> None:
    """Where the highest is best, infinity is still a run that diverged."""
    for infinity in (INF, -INF):
        found = paired([1, 1, 1, 1, 1, infinity], [0.5] * 6, lowest=False)
        assert found.low == -INF
        assert found.probability_of_improvement == pytest.approx(5 / 6)
        assert paired([infinity] * 6, [1] * 6).probability_of_improvement == 0


def test_no_and_one_pair() -> None:
    """There is a reason for each NaN, and p is 1."""
    none = paired([], [])
    assert (none.p, none.n, none.reason) == (1, 0, "no pairs")
    assert all(map(math.isnan, (none.difference, none.cliffs_delta, none.probability_of_improvement)))
    one = paired([1.0], [2.0])
    assert (one.difference, one.low, one.high, one.p) == (-1, -INF, INF, 1)
    assert one.reason == "one value says nothing of the spread; 1 pair can't be significant: p is never below 1"


@settings(max_examples=50)
@given(st.lists(st.tuples(COSTS, COSTS), max_size=8), st.booleans(), st.data())
def test_order_changes_nothing(pairs: list[tuple[float, float]], lowest: bool, data: st.DataObject) -> None:
    """Shuffled rows give the same, by seed and by position; whatever is NaN has a reason."""
    a, b = pd.DataFrame(pairs, columns=["a", "b"], dtype=float).to_numpy().T
    found = paired(a, b, lowest=lowest)
    seeds = list(range(len(pairs)))
    one, other = (data.draw(st.permutations(seeds)) for _ in range(2))
    by_seed = paired(pd.Series(a)[one], pd.Series(b)[other], lowest=lowest)
    assert repr(by_seed) == repr(found) == repr(paired(a[one], b[one], lowest=lowest))
    assert found.reason or not math.isnan(found.difference)
    assert 2 / 2 ** len(pairs) <= found.p or not pairs


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ([1, NAN], [1, 2], r"a\[1\] is NaN; a run without a value must be infinite"),
        ([1, 2], pd.Series([1, 2]), "a and b must both be Series by seed, or both sequences"),
        (pd.Series([1, 2]), [1, 2], "a and b must both be Series by seed, or both sequences"),
        ([1, 2], [1], "a and b must have one length, not 2 and 1; or be Series by seed"),
        (pd.Series([1, 2], [7, 8]), pd.Series([1, 2], [7, 7]), "b has the seed 7 twice"),
        (pd.Series([1, 2], ["x", "x"]), pd.Series([1]), "a has the seed 'x' twice"),
        (["low"], [1], "a must be numbers"),
    ],
)
def test_what_is_refused(a: Any, b: Any, message: str) -> None:
    """Each message names the argument and what is accepted."""
    with pytest.raises(InputError, match=message):
        paired(a, b)


def test_a_confidence_that_is_none() -> None:
    """95 is not .95."""
    with pytest.raises(InputError, match="confidence must lie between 0 and 1, not 95"):
        paired([1], [2], confidence=95)


def test_cliffs_delta_of_three_against_three() -> None:
    """Of nine pairs six are in favour and one against."""
    assert cliffs_delta([2, 3, 4], [1, 2, 3]) == pytest.approx(5 / 9)
    assert cliffs_delta([1, 2, 3], [2, 3, 4]) == pytest.approx(-5 / 9)


@given(st.lists(COSTS, max_size=6), st.lists(COSTS, max_size=6))
def test_cliffs_delta_by_enumeration(a: list[float], b: list[float]) -> None:
    """P(a > b) - P(a < b) over all pairs; SciPy's Mann-Whitney U says the same."""
    found = cliffs_delta(a, b)
    if not a or not b:
        assert math.isnan(found)
        return
    assert found == pytest.approx(np.mean([(x > y) - (x < y) for x in a for y in b]))
    u = stats.mannwhitneyu(a, b, method="asymptotic").statistic if len({*a, *b}) > 1 else len(a) * len(b) / 2
    assert found == pytest.approx(2 * u / (len(a) * len(b)) - 1)


def test_magnitudes() -> None:
    """Each word begins at its threshold, on both sides of 0."""
    words = {0: "negligible", 0.146: "negligible", 0.147: "small", 0.329: "small", 0.33: "medium", 0.473: "medium"}
    words |= {0.474: "large", 1: "large"}
    for delta, word in words.items():
        assert magnitude(delta) == magnitude(-delta) == word


@pytest.mark.parametrize("delta", [1.1, -2, NAN])
def test_what_has_no_magnitude(delta: float) -> None:
    """A delta beyond 1, and NaN, are refused."""
    with pytest.raises(InputError, match=r"delta must lie in \[-1, 1\], not "):
        magnitude(delta)
