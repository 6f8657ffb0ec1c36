"""Intervals, by enumeration, by SciPy, and by how often they cover."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from optilab import InputError
from optilab.analysis.intervals import Interval, interval, median_ranks, proportion

INF, NAN = math.inf, math.nan
SAMPLE = [5, 8, 4, 38, 8, 6, 9, 7, 7, 3, 1, 6]
COSTS = st.floats(-1e9, 1e9) | st.just(INF)


@pytest.mark.parametrize(("n", "expected"), [(6, (1, 6)), (9, (2, 8)), (10, (2, 9)), (20, (6, 15))])
def test_ranks_of_the_interval_of_a_median(n: int, expected: tuple[int, int]) -> None:
    """At 95% the published ones."""
    assert median_ranks(n) == expected


def test_too_few_values_have_no_ranks() -> None:
    """Up to five at 95%; at 75% three do, whose range covers the median with just that."""
    assert [median_ranks(n) for n in range(6)] == [None] * 6
    assert median_ranks(3, 0.75) == (1, 3)
    assert median_ranks(2, 0.75) is None


@given(st.integers(1, 60), st.floats(0.5, 0.999))
def test_ranks_are_the_innermost_that_cover(n: int, confidence: float) -> None:
    """Counted over all numbers of values below the median: these cover it often enough, the next ones inside don't."""

    def coverage(r: int) -> float:
        return sum(math.comb(n, k) for k in range(r, n - r + 1)) / math.pow(2, n)

    found = median_ranks(n, confidence)
    r = found[0] if found else 0
    assert found in {None, (r, n + 1 - r)}
    assert r == 0 or coverage(r) >= confidence - 1e-9
    assert coverage(r + 1) < confidence + 1e-9


def test_an_interval_of_order_statistics() -> None:
    """Ten values: the second and the ninth."""
    found = interval(np.arange(10.0, 0, -1))
    assert found == Interval(5.5, 2.0, 9.0, "order", 10)


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
@pytest.mark.parametrize("n", [8, 9, 10, 12, 20, 33])
def test_the_interval_of_order_statistics_is_scipys(n: int, confidence: float) -> None:
    """Its test of a quantile inverts the same binomial distribution."""
    values = np.random.default_rng(n).gamma(2.0, 3.0, n)
    expected = stats.quantile_test(values, p=0.5).confidence_interval(confidence)
    found = interval(values, confidence=confidence, method="order")
    assert (found.low, found.high) == (expected.low, expected.high)


def test_an_interval_of_order_statistics_takes_six() -> None:
    """With fewer the whole line is all that can be said, and the reason says how many it takes."""
    found = interval([1, 2, 3, 4, 5], method="order")
    assert (found.estimate, found.low, found.high, found.method) == (3, -INF, INF, "none")
    assert found.reason == "5 of the 6 values that a 95% interval of order statistics needs"
    assert interval([1, 2, 3], confidence=0.99, method="order").reason.startswith("3 of the 8 values that a 99% ")


def test_diverged_runs_count() -> None:
    """Two of ten are infinite: the median stays finite, the upper end does not."""
    found = interval([1, 2, 3, 4, 5, 6, 7, 8, INF, INF])
    assert (found.estimate, found.low, found.high, found.reason) == (5.5, 2, INF, "")
    found = interval([1, 2, 3, INF, INF, INF])
    assert (found.estimate, found.low, found.high) == (INF, 1, INF)


def _bootstrapped(values: list[float], statistic: Any) -> dict[float, float]:
    """The exact distribution of a bootstrapped statistic, over all n^n resamples."""
    found: dict[float, float] = {}
    for sample in itertools.product(values, repeat=len(values)):
        value = float(statistic(sample))
        found[value] = found.get(value, 0) + len(values) ** -len(values)
    return found


def test_the_bootstrap_of_three_values() -> None:
    """The median of 1, 2, 4 is 1, 2 or 4 in 7, 13 and 7 of 27 resamples; the ends of the interval jump where these say."""
    found = _bootstrapped([1, 2, 4], np.median)
    assert {value: round(27 * p) for value, p in found.items()} == {1: 7, 2: 13, 4: 7}
    # BCa moves the two levels by z0 = 0 (as many resamples lie below 2 as above) and a of the jackknife 3, 2.5, 1.5
    jackknife = np.array([3, 2.5, 1.5])
    gaps = jackknife.mean() - jackknife
    a = (gaps**3).sum() / 6 / (gaps**2).sum() ** 1.5
    seen = set()
    for confidence in (0.3, 0.4, 0.46, 0.52, 0.6, 0.95):
        z = stats.norm.ppf([(1 - confidence) / 2, (1 + confidence) / 2])
        levels = stats.norm.cdf(z / (1 - a * z))
        assert min(abs(level - edge) for level in levels for edge in (7 / 27, 20 / 27)) > 0.005  # of 9,999 resamples
        expected = [1 if level < 7 / 27 else 2 if level < 20 / 27 else 4 for level in levels]
        made = interval([4, 1, 2], confidence=confidence, method="bca")
        assert [made.low, made.high] == expected
        seen.add(tuple(expected))
    assert seen == {(2, 2), (1, 4)}


@pytest.mark.parametrize("statistic", ["median", "mean", "iqm"])
def test_the_bootstrap_is_scipys(statistic: Any) -> None:
    """Estimate and ends are those of SciPy's BCa of the sorted values, at the same seed."""
    values = np.sort(np.random.default_rng(5).gamma(2.0, 3.0, 15))
    of: Any = {"median": np.median, "mean": np.mean, "iqm": lambda x, axis: stats.trim_mean(x, 0.25, axis=axis)}[
        statistic
    ]
    expected = stats.bootstrap((values,), of, n_resamples=9999, method="BCa", rng=np.random.default_rng(9))
    found = interval(values[::-1], statistic, method="bca", seed=9)
    assert found.method == "bca"
    assert found.estimate == pytest.approx(of(values, axis=0))
    assert found.low == pytest.approx(expected.confidence_interval.low)
    assert found.high == pytest.approx(expected.confidence_interval.high)
    assert found.low < found.estimate < found.high


def test_the_interquartile_mean() -> None:
    """It is the mean without the lowest and the highest quarter: of three values the mean, of four that of the middle two."""
    assert interval(SAMPLE, "iqm").estimate == pytest.approx(6.5)
    assert interval([1, 2, 6], "iqm").estimate == pytest.approx(3)
    assert interval([1, 2, 6, 90], "iqm").estimate == pytest.approx(4)


def test_how_often_intervals_cover() -> None:
    """Of 400 exponential samples of ten, at least 95% less three deviations are covered by order statistics; a mean's BCa by 80%."""
    random = np.random.default_rng(1)
    samples = random.exponential(size=(400, 10))
    made = [interval(sample) for sample in samples]
    assert np.mean([found.low <= math.log(2) <= found.high for found in made]) >= 0.95 - 3 * 0.011
    means = [interval(sample, "mean") for sample in samples[:100]]
    assert np.mean([found.low <= 1 <= found.high for found in means]) >= 0.8


def test_seeds_of_the_bootstrap() -> None:
    """One seed gives one interval, another a slightly different one."""
    values = np.random.default_rng(3).normal(size=12)
    assert interval(values, "mean", seed=1) == interval(values, "mean", seed=1)
    assert interval(values, "mean", seed=1) != interval(values, "mean", seed=2)


def test_few_values_have_an_interval_that_says_what_it_can() -> None:
    """The range of three values covers a median in three of four cases, so no interval within it does better."""
    found = interval([1, 2, 4])
    assert (found.estimate, found.low, found.high, found.method) == (2, 1, 4, "bca")
    assert found.reason == "an interval of 3 values covers a median with 75% at most"
    assert interval([1, 2, 4], "mean").reason == ""


@pytest.mark.parametrize("statistic", ["median", "mean", "iqm"])
def test_no_and_one_value(statistic: Any) -> None:
    """The interval is the whole line, and the reason says why."""
    none = interval([], statistic)
    assert math.isnan(none.estimate)
    assert (none.low, none.high, none.n, none.reason) == (-INF, INF, 0, "there are no values")
    one = interval([3.0], statistic)
    assert one == Interval(3.0, -INF, INF, "none", 1, "one value says nothing of the spread")


@pytest.mark.parametrize("statistic", ["median", "mean", "iqm"])
@pytest.mark.parametrize("value", [0.0, 0.1, -7.0, INF, -INF])
def test_equal_values(statistic: Any, value: float) -> None:
    """The interval is that value, infinite or not."""
    found = interval([value] * 5, statistic)
    assert (found.estimate, found.low, found.high) == (value, value, value)
    assert found.reason == "all values are equal"
    assert interval([value] * 8).low == value


def test_a_mean_with_an_infinite_value() -> None:
    """Is infinite for certain."""
    found = interval([1, 2, INF], "mean")
    assert (found.estimate, found.low, found.high) == (INF, INF, INF)
    assert found.reason == "1 of 3 values infinite: so is the mean"


def test_an_interquartile_mean_with_an_infinite_value() -> None:
    """It stays finite while the trimmed quarter holds the infinite ones; the upper end does not."""
    found = interval([1, 2, 3, 4, 5, 6, 7, INF], "iqm")
    assert found.estimate == 4.5
    assert (found.method, found.high) == ("percentile", INF)
    assert 1 < found.low < 4.5
    assert found.reason == "1 of 8 values infinite: percentiles of the bootstrap in place of BCa"
    assert interval([1, 2, 3, INF, INF, INF], "iqm").estimate == INF


def test_percentiles_are_those_of_all_resamples() -> None:
    """Of 1, 2, 3, inf the bootstrapped median is infinite in 67 of 256 resamples, above a quarter and below three tenths."""
    exact = _bootstrapped([1, 2, 3, INF], np.median)
    assert round(256 * exact[INF]) == 67
    assert interval([1, 2, 3, INF], confidence=0.5).high == INF
    found = interval([INF, 1, 2, 3], confidence=0.4, method="bca")
    assert (found.method, found.high) == ("percentile", 3)


def test_infinite_values_of_both_signs() -> None:
    """Differences may have both: a middle between them is none, and order statistics are all that says something."""
    found = interval([-INF, -INF, INF, INF])
    assert math.isnan(found.estimate)
    assert found.reason == "no median lies between -inf and inf"
    assert interval([-INF, 1, INF], "mean").reason == "no mean lies between -inf and inf"
    found = interval([-INF, 1, 2, INF], "iqm")
    assert (found.estimate, found.low, found.high) == (1.5, -INF, INF)
    assert found.reason == "the bootstrap can't be had: infinite values of both signs"
    found = interval([-INF, *range(8), INF])
    assert (found.estimate, found.low, found.high, found.reason) == (3.5, 0, 7, "")


def test_where_bca_is_degenerate() -> None:
    """The median is 2 without any one of the values, so there is no acceleration: percentiles stand in."""
    found = interval([1, 2, 2, 2, 3])
    assert (found.estimate, found.low, found.high, found.method) == (2, 1, 3, "percentile")
    assert found.reason == "BCa is degenerate here: percentiles of the bootstrap in its place"


@pytest.mark.parametrize("statistic", ["median", "mean", "iqm"])
@pytest.mark.parametrize("scale", [2.0**900, 2.0**-900])
def test_the_scale_of_values_does_not_enter(statistic: Any, scale: float) -> None:
    """Neither enormous nor tiny costs overflow or vanish in sums and powers."""
    values = np.random.default_rng(2).normal(1.0, 0.2, 7)
    found, expected = interval(scale * values, statistic, method="bca"), interval(values, statistic, method="bca")
    assert (found.estimate, found.low, found.high) == tuple(
        scale * x for x in (expected.estimate, expected.low, expected.high)
    )
    assert interval([1.7e308, 1.6e308, 1.5e308], "mean").estimate == pytest.approx(1.6e308)


@settings(max_examples=30)
@given(st.lists(COSTS, max_size=9), st.sampled_from(["median", "mean", "iqm"]), st.data())
def test_order_changes_nothing(values: list[float], statistic: Any, data: st.DataObject) -> None:
    """Shuffled values have the same interval, about the estimate or equal to it, without a NaN that has no reason."""
    found = interval(values, statistic)
    shuffled = interval(pd.Series(data.draw(st.permutations(values)), dtype=float), statistic)
    assert repr(shuffled) == repr(found)
    assert found.low <= found.high
    assert found.n == len(values)
    assert found.reason or not math.isnan(found.estimate)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"values": [1, NAN]}, r"values\[1\] is NaN; a run without a value must be infinite, or left out by name"),
        ({"statistic": "medain"}, "unknown statistic 'medain': did you mean 'median'?"),
        ({"method": "bac"}, "unknown method 'bac': did you mean 'bca'?"),
        ({"statistic": "mean", "method": "order"}, 'method "order" is for a median; a mean has "bca"'),
        ({"confidence": 95}, "confidence must lie between 0 and 1, not 95"),
    ],
)
def test_what_is_refused(arguments: dict[str, Any], message: str) -> None:
    """Each message names the argument, its value and what is accepted."""
    with pytest.raises(InputError, match=message):
        interval(**{"values": [1, 2, 3], **arguments})


def test_none_of_ten_runs_diverged() -> None:
    """By Clopper and Pearson up to 31% might."""
    found = proportion(0, 10)
    assert (found.estimate, found.low, found.n, found.reason) == (0, 0, 10, "")
    assert found.high == pytest.approx(0.3085, abs=5e-5)
    assert proportion(10, 10).low == pytest.approx(1 - found.high)
    assert proportion(10, 10).high == 1


@pytest.mark.parametrize(("successes", "n"), [(1, 3), (3, 10), (7, 20)])
def test_the_ends_of_a_share(successes: int, n: int) -> None:
    """At the lower end so many successes or more have probability .025, at the upper so many or fewer."""
    found = proportion(successes, n)
    assert found.estimate == successes / n
    assert stats.binom.sf(successes - 1, n, found.low) == pytest.approx(0.025)
    assert stats.binom.cdf(successes, n, found.high) == pytest.approx(0.025)


def test_a_share_of_nothing() -> None:
    """Without a trial anything is possible."""
    found = proportion(0, 0)
    assert math.isnan(found.estimate)
    assert (found.low, found.high, found.reason) == (0, 1, "there are no trials")


def test_what_is_no_share() -> None:
    """More successes than trials, and numbers that are not whole, are refused."""
    with pytest.raises(InputError, match="successes must be at most n = 10, not 11"):
        proportion(11, 10)
    with pytest.raises(InputError, match="successes must be a whole number of at least 0, not -1"):
        proportion(-1, 10)
    with pytest.raises(InputError, match=r"n must be a whole number of at least 0, not 10\.0"):
        proportion(1, 10.0)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="confidence must lie between 0 and 1, not 0"):
        proportion(1, 10, 0)
