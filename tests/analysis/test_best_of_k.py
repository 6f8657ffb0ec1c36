"""The tuning curve and its band, against published numbers, enumeration and simulation."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats

from optilab.analysis.best_of_k import median_of_studies
from optilab.analysis.best_of_k import tuning_curve as curve_of
from optilab.analysis.distribution_band import coverage
from optilab.analysis.distribution_band import distribution_band as band_of
from optilab.errors import InputError

INF, NAN = math.inf, math.nan
FIVE = [0.0, 50.0, 25.0, 100.0, 75.0]
values = st.lists(st.one_of(st.integers(-3, 3).map(float), st.floats(-1e6, 1e6), st.just(INF)), min_size=1, max_size=12)


def enumerated(costs: list[float], k: int, replacement: bool) -> tuple[float, float]:
    """Mean and median of the lowest of k costs, over all ways to draw them."""
    ways = itertools.product(costs, repeat=k) if replacement else itertools.combinations(costs, k)
    best = [min(way) for way in ways]
    return float(np.mean(best)), float(np.median(best))


@pytest.mark.parametrize(
    ("lowest", "replacement", "expected"),
    [
        (False, False, [50, 75, 87.5, 95, 100]),
        (True, False, [50, 25, 12.5, 5, 0]),
        (False, True, [50, 70, 80, 85.84, 89.6]),
        (True, True, [50, 30, 20, 14.16, 10.4]),
    ],
)
def test_the_expected_best_is_the_published_one(lowest: bool, replacement: bool, expected: list[float]) -> None:
    """Without replacement it is the unbiased estimate, with replacement that of Dodge et al."""
    found = curve_of(FIVE, lowest=lowest, replacement=replacement)
    assert found["expected"].tolist() == pytest.approx(expected, abs=1e-12)
    assert found["k"].tolist() == [1, 2, 3, 4, 5]
    assert found.columns.tolist() == ["k", "expected", "median", "low", "high"]


@pytest.mark.parametrize("replacement", [False, True])
@pytest.mark.parametrize("costs", [[3.0], [1.0, 2.0], [1.0, 4.0, 2.0, 2.0], [5.0, 1.0, 2.0, 8.0, 3.0, 0.5]])
def test_the_curve_is_that_of_all_draws(costs: list[float], replacement: bool) -> None:
    """Mean and median of the best of k are those over all combinations, or over all sequences."""
    found = curve_of(costs, replacement=replacement)
    for k, row in zip(range(1, len(costs) + 1), found.itertuples(), strict=True):
        mean, median = enumerated(costs, k, replacement)
        assert row.expected == pytest.approx(mean)
        assert row.median == pytest.approx(median)


@pytest.mark.parametrize("replacement", [False, True])
def test_the_median_with_diverged_trials_is_that_of_all_draws(replacement: bool) -> None:
    """It is infinite only where half of the draws or more are."""
    costs = [1.0, INF, 4.0, INF, INF]
    found = curve_of(costs, replacement=replacement)["median"].tolist()
    assert found == [enumerated(costs, k, replacement)[1] for k in range(1, 6)]
    assert found[:2] == [INF, 4]


def test_diverged_trials_make_the_expected_best_infinite_while_they_have_weight() -> None:
    """Without replacement up to their number; with replacement throughout; as an accuracy it is minus infinity."""
    costs = [1.0, 2.0, 4.0, INF, INF]
    assert curve_of(costs)["expected"].tolist() == pytest.approx([INF, INF, 1.6, 1.2, 1.0])
    assert curve_of(costs, replacement=True)["expected"].tolist() == [INF] * 5
    accuracies = curve_of([0.5, INF, 0.25, -INF], lowest=False)
    assert accuracies["expected"].tolist() == pytest.approx([-INF, -INF, 0.75 * 0.5 + 0.25 * 0.25, 0.5])
    assert accuracies["median"].iloc[-1] == 0.5


def test_all_trials_diverged() -> None:
    """The curve is infinite, and the band says that it may be anything."""
    found = curve_of([INF] * 3)
    assert (found[["expected", "median", "high"]] == INF).all(axis=None)
    assert found["low"].iloc[0] == -INF
    assert curve_of([INF] * 50)["low"].iloc[0] == INF  # half of all trials diverge for certain


def test_equal_values_give_a_flat_curve() -> None:
    """To the last bit, whatever the weights' rounding."""
    found = curve_of([0.1] * 37)
    assert found["expected"].unique().tolist() == [0.1]
    assert found["median"].unique().tolist() == [0.1]


def test_no_trials_give_no_rows() -> None:
    """The columns are there all the same."""
    assert curve_of([]).columns.tolist() == ["k", "expected", "median", "low", "high"]
    assert curve_of([]).empty


def test_ten_thousand_trials() -> None:
    """Uniform values: the expected lowest of k is 1 / (k + 1), the median one 1 - 2^(-1/k); nothing overflows."""
    found = curve_of((np.arange(10_000) + 0.5) / 10_000)
    k = found["k"].to_numpy()
    assert found["expected"].to_numpy() == pytest.approx((10_001 / (k + 1) - 0.5) / 10_000, rel=1e-9)  # exact
    assert found["median"].to_numpy()[:3000] == pytest.approx(1 - 2 ** (-1 / k[:3000]), abs=1.01e-4)
    assert (found["low"] <= found["median"]).all()
    assert (found["median"] <= found["high"]).all()


def test_a_huge_value_has_its_weight() -> None:
    """Weights far below the rounding of 1 are not cut off: 1e300 still shows in the best of 20 of 40."""
    costs = [0.0] * 20 + [1e300] * 20
    assert curve_of(costs)["expected"].iloc[19] == pytest.approx(1e300 / math.comb(40, 20))


def test_the_band_is_read_off_order_statistics() -> None:
    """The best of 1 of 100 lies between the quantiles of the band at 1/2."""
    low, high = band_of(100)
    found = curve_of(np.arange(1, 101)).iloc[0]
    assert found["low"] == np.flatnonzero(high < 0.5)[-1] + 1
    assert found["high"] == np.flatnonzero(low >= 0.5)[0] + 1


@pytest.mark.parametrize(
    ("count", "low", "high"),
    [
        (10, [1, -INF, -INF, -INF, -INF, -INF], [10, 8, 7, 6, 5, 4]),
        (50, [15, 6, 3, 1, -INF, -INF], [36, 26, 20, 15, 12, 11]),
    ],
)
def test_the_band_is_opdas(count: int, low: list[float], high: list[float]) -> None:
    """The numbers of opda 0.8, method "ld_equal_tailed", of the values 1 to n at k = 1, 2, 3, 5, 8, 10."""
    found = curve_of(range(1, count + 1)).set_index("k").loc[[1, 2, 3, 5, 8, 10]]
    assert found["low"].tolist() == low
    assert found["high"].tolist() == high


def test_the_band_holds_for_all_k_at_once() -> None:
    """Of 400 samples of 25 uniform values at least 95% less twice the noise have the true median curve within."""
    k = np.arange(1, 26)
    truth = 1 - 2.0 ** (-1 / k)
    drawn = np.random.default_rng(0).random((400, 25))
    held = [((c["low"] <= truth) & (truth <= c["high"])).all() for c in map(curve_of, drawn)]
    assert np.mean(held) > 0.95 - 2 * np.sqrt(0.05 * 0.95 / 400)
    assert np.mean(held) < 1


@given(values=values, lowest=st.booleans(), replacement=st.booleans(), data=st.data())
@settings(max_examples=40)
@example(values=[INF, INF], lowest=False, replacement=True, data=None)
def test_order_does_not_matter(
    values: list[float], lowest: bool, replacement: bool, data: st.DataObject | None
) -> None:
    """Shuffled trials give the same table, the median falls with k, and the band holds it; negated values mirror it."""
    found = curve_of(values, lowest=lowest, replacement=replacement)
    shuffled = data.draw(st.permutations(values)) if data else values[::-1]
    pd.testing.assert_frame_equal(found, curve_of(shuffled, lowest=lowest, replacement=replacement), check_exact=True)
    assert not found.isna().any(axis=None)
    assert (found["low"] <= found["median"]).all()
    assert (found["median"] <= found["high"]).all()
    better = found["median"].to_numpy() if lowest else -found["median"].to_numpy()
    assert all(b <= a for a, b in itertools.pairwise(better))
    mirrored = curve_of([-v for v in values], lowest=not lowest, replacement=replacement)
    assert (-mirrored["median"] == found["median"]).all()
    assert (-mirrored["low"] == found["high"]).all()


@pytest.mark.parametrize("count", [2, 5, 30])
def test_the_probability_that_all_bounds_hold_is_exact(count: int) -> None:
    """Against the share of 100,000 sorted uniform samples, within four times its noise."""
    i = np.arange(1, count + 1)
    low, high = (stats.beta.ppf(q, i, count + 1 - i) for q in (0.02, 0.98))
    drawn = np.sort(np.random.default_rng(1).random((100_000, count)), axis=1)
    share = ((low <= drawn) & (drawn <= high)).all(axis=1).mean()
    assert coverage(low, high) == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / 100_000))


def test_two_bounds_by_hand() -> None:
    """Of two draws: the area in which .2 <= U_(1) <= .7 and .3 <= U_(2) <= .8, twice that of the ordered pairs."""
    ordered = 0.5 * 0.5 - (0.7 - 0.3) ** 2 / 2  # the rectangle without u_1 > u_2
    assert coverage(np.array([0.2, 0.3]), np.array([0.7, 0.8])) == pytest.approx(2 * ordered)


@pytest.mark.parametrize("count", [1, 2, 10, 100])
def test_the_band_covers_as_it_says(count: int) -> None:
    """At the confidence asked for, to one part in 1,000 on the safe side; one draw has its own two quantiles."""
    low, high = band_of(count, 0.9)
    held = coverage(low, high) if count > 1 else high[0] - low[0]
    assert 0.9 - 1e-9 <= held < 0.901
    assert not low.flags.writeable


def test_a_band_of_many_draws_is_safe() -> None:
    """Above 10,000 draws each bound has the share alpha / n; of no draws there is no bound."""
    low, _ = band_of(10_001)
    assert low[0] == pytest.approx(stats.beta.ppf(0.05 / 10_001 / 2, 1, 10_001))
    assert len(band_of(0)[0]) == 0


@pytest.mark.parametrize(
    ("given_values", "message"),
    [
        ([1.0, NAN], r"values\[1\] is NaN; a run without a value must be infinite, or left out by name"),
        ([[1.0]], r"values must have one dimension, not the shape \(1, 1\)"),
        (["a"], r"values must be numbers, not \['a'\]"),
    ],
)
def test_what_is_no_list_of_values_is_refused(given_values: list[float], message: str) -> None:
    """NaN, tables and texts."""
    with pytest.raises(InputError, match=f"^{message}$"):
        curve_of(given_values)


@pytest.mark.parametrize("confidence", [0, 1, 95, NAN])
def test_a_confidence_is_a_probability(confidence: float) -> None:
    """Within 0 and 1, both left out."""
    with pytest.raises(InputError, match=r"^confidence must lie between 0 and 1, not .*$"):
        curve_of([1.0], confidence=confidence)
    with pytest.raises(InputError, match=r"^confidence"):
        band_of(3, confidence)


def test_a_number_of_draws_is_not_negative() -> None:
    """The message names it."""
    with pytest.raises(InputError, match=r"^count: -1 is no number of draws; it is 0 or more$"):
        band_of(-1)


def test_the_median_of_studies_counts_misses() -> None:
    """A study that missed is infinite and takes part: one of three is outvoted, two are not, one of two decides."""
    hit, slow, missed = [9.0, 3.0, INF], [NAN, 7.0, 8.0], [INF, NAN, INF]
    assert median_of_studies([hit, slow, missed]) == 7
    assert median_of_studies(pd.DataFrame([hit, missed, missed])) == INF
    assert median_of_studies([hit, missed]) == INF
    assert median_of_studies([hit, slow]) == 5
    assert median_of_studies(np.empty((0, 5))) == INF


@given(
    st.lists(st.lists(st.floats(0, 9) | st.just(INF) | st.just(NAN), min_size=5, max_size=5), min_size=3, max_size=3),
    st.data(),
)
@settings(max_examples=40)
def test_the_median_of_studies_does_not_depend_on_order(times: list[list[float]], data: st.DataObject) -> None:
    """Neither on that of studies nor on that of trials; it is NumPy's median of minima."""
    table = pd.DataFrame(times)
    assert median_of_studies(table) == np.median(np.where(np.isnan(times), INF, times).min(axis=1))
    shuffled = table.loc[data.draw(st.permutations(range(3))), data.draw(st.permutations(range(5)))]
    assert median_of_studies(table) == median_of_studies(shuffled)


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ([1.0, 2.0], "times: has 1 dimension; a row is a study and a column a trial"),
        ([[1.0, -2.0]], "times: -2.0 is below 0"),
        ([["soon"]], "times: holds what is no number; what was not reached is inf or missing"),
    ],
)
def test_what_is_no_table_of_times_is_refused(times: list[list[float]], message: str) -> None:
    """The message says what is."""
    with pytest.raises(InputError, match=f"^{message}$"):
        median_of_studies(times)
