"""Kaplan-Meier, median time, log-rank test and expected running time, against SciPy and published numbers."""

from __future__ import annotations

import math
import warnings
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from optilab.analysis.censoring import Logrank, MedianTime, expected_running_time, logrank, median_time, survival
from optilab.errors import InputError

INF, NAN = math.inf, math.nan
TIMES = [77, 47, 81, 56, 80, 62, 60, 43, 71, 37]  # SciPy's test
REACHED = [True] * 5 + [False] * 5
GLIOMAS = ([6, 13, 21, 30, 37, 38, 49, 50, 63, 79, 86, 98, 202, 219], [31, 47, 80, 82, 82, 149])  # of SciPy's docstring
OTHERS = (
    [
        *(
            10,
            10,
            12,
            13,
            14,
            15,
            16,
            17,
            18,
            20,
            24,
            24,
            25,
            28,
            30,
            33,
            35,
            37,
            40,
            40,
            46,
            48,
            76,
            81,
            82,
            91,
            112,
            181,
        )
    ],
    [34, 40, 70],
)
runs = st.lists(st.tuples(st.integers(0, 6).map(float), st.booleans()), max_size=14)


def split(pairs: list[tuple[float, bool]]) -> tuple[list[float], list[bool]]:
    """Times, and whether they are of success."""
    return [time for time, _ in pairs], [hit for _, hit in pairs]


def of(group: tuple[list[int], list[int]]) -> tuple[list[int], list[bool]]:
    """Times and successes of a group given by its successes and its failures."""
    hits, misses = group
    return hits + misses, [True] * len(hits) + [False] * len(misses)


def test_survival_is_scipys() -> None:
    """The numbers of SciPy's own test, with the runs at risk counted."""
    found = survival(TIMES, REACHED)
    assert found.columns.tolist() == ["time", "at_risk", "survival", "low", "high"]
    assert found["time"].tolist() == [37, 43, 47, 56, 60, 62, 71, 77, 80, 81]
    assert found["survival"].tolist() == pytest.approx([1, 1, 0.875, 0.75, 0.75, 0.75, 0.75, 0.5, 0.25, 0])
    assert found["at_risk"].tolist() == [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]


@pytest.mark.parametrize("confidence", [0.95, 0.8])
def test_the_band_is_the_log_log_one(confidence: float) -> None:
    """SciPy's where it has one; Clopper and Pearson's before the first success; after the last the last one."""
    found = survival(TIMES, REACHED, confidence)
    data = stats.CensoredData(uncensored=TIMES[:5], right=TIMES[5:])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ends = stats.ecdf(data).sf.confidence_interval(confidence, method="log-log")
    between = (found["survival"] > 0) & (found["survival"] < 1)
    assert found["low"][between].tolist() == pytest.approx(ends.low.probabilities[between].tolist())
    assert found["high"][between].tolist() == pytest.approx(ends.high.probabilities[between].tolist())
    none_of_ten = stats.binomtest(10, 10).proportion_ci(confidence, method="exact")
    assert found[["low", "high"]].iloc[0].tolist() == pytest.approx([none_of_ten.low, 1])
    assert found[["low", "high"]].iloc[-1].tolist() == [0, found["high"].iloc[-2]]


def test_all_at_once_and_none_at_all() -> None:
    """Where the curve has no value between 1 and 0 the band is Clopper and Pearson's."""
    all_of_ten = stats.binomtest(0, 10).proportion_ci(method="exact")
    assert survival([3] * 10, [True] * 10).to_numpy().tolist() == [[3, 10, 0, 0, pytest.approx(all_of_ten.high)]]
    assert survival([3] * 10, [False] * 10).to_numpy().tolist() == [[3, 10, 1, pytest.approx(1 - all_of_ten.high), 1]]
    assert survival([5], [False])[["low", "high"]].to_numpy().tolist() == [[pytest.approx(0.025), 1]]
    nothing = survival([], [])
    assert nothing.empty
    assert nothing.columns.tolist() == ["time", "at_risk", "survival", "low", "high"]


def test_the_median_time_is_scipys() -> None:
    """77, from the first time at which the band holds one half; no upper end, for it holds one half to the last."""
    found = median_time(TIMES, REACHED)
    reason = "10 runs, of which 5 reached the target: too few for an upper end"
    assert found == MedianTime(77, 47, INF, "Kaplan-Meier, log-log", 10, 5, reason)


def test_the_median_of_a_known_study() -> None:
    """The second group of SciPy's docstring: both ends are where the bounds of the curve cross one half."""
    times, reached = of(OTHERS)
    found, curve = median_time(times, reached), survival(times, reached)
    assert found.estimate == 33
    assert (found.low, found.high) == (20, 46)
    assert found.reason == ""
    inside = curve[(curve["time"] >= found.low) & (curve["time"] < found.high)]
    assert ((inside["low"] <= 0.5) & (inside["high"] >= 0.5)).all()


def test_the_median_covers_as_it_says() -> None:
    """Of 600 samples of 20 exponential times, some censored, about 95% have the true median within."""
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(600):
        true, ends = rng.exponential(size=20), rng.uniform(0.5, 4, size=20)
        found = median_time(np.minimum(true, ends), true <= ends)
        held += found.low <= np.log(2) <= found.high
    assert 0.93 <= held / 600 <= 0.99


def test_too_few_reached_the_target() -> None:
    """The estimate is infinite and the reason says so; the lower end is what enough runs show."""
    found = median_time([100] * 10, [True] + [False] * 9)
    assert (found.estimate, found.high, found.n, found.reached) == (INF, INF, 10, 1)
    assert found.reason == "the target was not reached in 9 of 10 runs: the median lies beyond the last time, 100"
    assert found.low == 100
    assert median_time([100] * 10, [False] * 10).low == 100
    assert median_time([100] * 5, [False] * 5).low == 0


@pytest.mark.parametrize(("n", "low"), [(1, 0), (2, 0), (5, 0), (6, 1)])
def test_few_runs_have_no_lower_end(n: int, low: float) -> None:
    """As by order statistics: six runs are needed at 95%."""
    found = median_time(range(1, n + 1), [True] * n)
    assert found.low == low
    assert found.estimate == math.ceil(n / 2)
    assert ("a lower" in found.reason) == (low == 0)


def test_without_runs_the_median_has_a_reason() -> None:
    """It is NaN, anywhere from 0 to infinity."""
    found = median_time([], [])
    assert math.isnan(found.estimate)
    assert (found.low, found.high, found.n, found.reason) == (0, INF, 0, "there are no runs")


def test_a_half_by_rounding_is_a_half() -> None:
    """The median is the first time at which one half or less is left, though the product of fractions comes out above."""
    for n in range(2, 60, 2):
        assert median_time(range(n), [True] * n).estimate == n / 2 - 1


def test_logrank_is_scipys() -> None:
    """On the two groups of SciPy's docstring; exchanging the two changes the sign."""
    expected = stats.logrank(*(stats.CensoredData(uncensored=hits, right=misses) for hits, misses in (GLIOMAS, OTHERS)))
    found = logrank(*of(GLIOMAS), *of(OTHERS))
    assert (found.statistic, found.p) == pytest.approx((expected.statistic, expected.pvalue))
    assert (found.n_a, found.n_b, found.reason) == (20, 31, "")
    assert found.statistic == pytest.approx(-2.73799)
    assert found.p == pytest.approx(0.00618, abs=1e-5)
    assert logrank(*of(OTHERS), *of(GLIOMAS)).statistic == pytest.approx(2.73799)


def test_logrank_by_hand() -> None:
    """One run each, a sooner: observed 1, expected 1/2, variance 1/4."""
    assert logrank([1], [True], [2], [True]) == Logrank(1.0, float(2 * stats.norm.sf(1)), 1, 1)
    assert logrank([1, 2], [True] * 2, [1, 2], [True] * 2).p == 1


@pytest.mark.parametrize(
    ("a", "b", "reason"),
    [
        (([], []), ([1], [True]), "there are no runs of a"),
        (([], []), ([], []), "there are no runs of a and b"),
        (([1, 2], [False, False]), ([3], [False]), "no run reached the target"),
        (
            ([1], [False]),
            ([3, 4], [True, True]),
            "whenever the target was reached, runs of one alone were still at risk, or all reached it",
        ),
        (
            ([3, 3], [True, True]),
            ([3], [True]),
            "whenever the target was reached, runs of one alone were still at risk, or all reached it",
        ),
    ],
)
def test_where_there_is_no_test_there_is_a_reason(a: Any, b: Any, reason: str) -> None:
    """Statistic and p are NaN there, and nothing is warned of."""
    found = logrank(*a, *b)
    assert math.isnan(found.statistic)
    assert math.isnan(found.p)
    assert found.reason == reason
    assert (found.n_a, found.n_b) == (len(a[0]), len(b[0]))


def test_no_sum_of_finite_times_overflows() -> None:
    """The running time of runs that take almost as long as a number can say."""
    assert expected_running_time([1e308, 1e308, 1.2e308], [True, True, False]) == pytest.approx(1.6e308)


def test_expected_running_time_is_cocos() -> None:
    """One success after 1 and failures after 2, 4, 2, 6, 100: 115; without a success it is infinite."""
    times = [1, 2, 4, 2, 6, 100]
    assert expected_running_time(times, [True] + [False] * 5) == 115
    assert expected_running_time(times, [True, True] + [False] * 4) == 57.5
    assert expected_running_time(times, [False] * 6) == INF
    assert expected_running_time([], []) == INF


def plain_curve(pairs: list[tuple[float, bool]]) -> dict[float, Fraction]:
    """The product-limit estimate in fractions."""
    left, curve = Fraction(1), {}
    for moment in sorted({time for time, _ in pairs}):
        at_risk = sum(time >= moment for time, _ in pairs)
        left *= 1 - Fraction(sum(time == moment and hit for time, hit in pairs), at_risk)
        curve[moment] = left
    return curve


@given(pairs=runs, others=runs, data=st.data())
@settings(max_examples=40)
def test_order_does_not_matter(
    pairs: list[tuple[float, bool]], others: list[tuple[float, bool]], data: st.DataObject
) -> None:
    """Shuffled runs give the same results; the curve is that of fractions, within its band; no NaN is without a reason."""
    given_runs, mixed = split(pairs), split(data.draw(st.permutations(pairs)))
    curve = survival(*given_runs)
    pd.testing.assert_frame_equal(curve, survival(*mixed), check_exact=True)
    exact = plain_curve(pairs)
    assert curve["survival"].tolist() == pytest.approx([float(share) for share in exact.values()])
    assert ((curve["low"] <= curve["survival"]) & (curve["survival"] <= curve["high"])).all()
    median = median_time(*given_runs)
    assert str(median) == str(median_time(*mixed))
    assert math.isnan(median.estimate) or median.low <= median.estimate <= median.high
    if pairs:
        assert median.estimate == min((time for time, share in exact.items() if share <= Fraction(1, 2)), default=INF)
    test = logrank(*given_runs, *split(others))
    assert str(test) == str(logrank(*mixed, *split(others[::-1])))
    assert math.isnan(test.p) == bool(test.reason)
    assert expected_running_time(*given_runs) == expected_running_time(*mixed)


@pytest.mark.parametrize(
    ("times", "reached", "message"),
    [
        ([1, INF], [1, 0], "times: inf is no time; a run that did not reach the target has the time at which it ended"),
        ([-1.0], [1], "times: -1.0 is no time; .*"),
        ([NAN], [1], r"times(_b)?\[0\] is NaN; .*"),
        ([1, 2], [1], "reached: has 1 value for 2 times"),
        ([1, 2], [1, 2], "reached: 2.0 is neither true nor false"),
    ],
)
def test_what_are_no_times_is_refused(times: list[float], reached: list[int], message: str) -> None:
    """By every function, and by the name of the argument."""
    for function in (survival, median_time, expected_running_time):
        with pytest.raises(InputError, match=f"^{message}$"):
            function(times, reached)
    with pytest.raises(InputError, match=f"^{message.replace(':', '_b:', 1)}$"):
        logrank([1], [True], times, reached)


def test_a_confidence_is_a_probability() -> None:
    """Not a percentage."""
    with pytest.raises(InputError, match=r"^confidence must lie between 0 and 1, not 95$"):
        median_time([1], [True], 95)
