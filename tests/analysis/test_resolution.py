"""What so many seeds can show: published values, simulation, and the exact test itself."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from optilab import InputError
from optilab.analysis.resolution import (
    power_of,
    seeds_for_significance,
    seeds_needed,
    smallest_difference,
    smallest_p,
)
from optilab.analysis.sign_flip import sign_flip


@pytest.mark.parametrize(("n", "expected"), [(5, 1.682), (8, 1.156), (10, 0.996), (20, 0.660), (30, 0.529)])
def test_the_smallest_difference(n: int, expected: float) -> None:
    """In standard deviations of the paired differences, at power .8 and level .05."""
    assert smallest_difference(n) == pytest.approx(expected, abs=5e-4)


def test_too_few_pairs_show_nothing() -> None:
    """Without two there is no test; two show but an enormous difference."""
    assert smallest_difference(0) == smallest_difference(1) == math.inf
    assert power_of(100.0, 1) == 0
    assert 10 < smallest_difference(2) < 20


def test_no_difference_at_all() -> None:
    """The level is the power against none, so no difference is needed for it."""
    assert power_of(0.0, 10) == pytest.approx(0.05)
    assert power_of(1e-9, 10) == pytest.approx(0.05)
    assert smallest_difference(10, power=0.05) == 0
    assert smallest_difference(10, power=0.01) == 0


def test_power_is_how_often_the_test_finds_it() -> None:
    """SciPy's t-test of 20,000 samples of eight finds a difference of one standard deviation as often."""
    samples = np.random.default_rng(0).normal(1.0, 1.0, (20_000, 8))
    found = np.mean(stats.ttest_1samp(samples, 0, axis=1).pvalue <= 0.05)
    assert power_of(1.0, 8) == pytest.approx(found, abs=0.01)


@settings(max_examples=40)
@given(st.floats(0.05, 30), st.floats(0.1, 0.99), st.floats(0.001, 0.2))
def test_the_number_of_seeds_is_the_inverse(difference: float, power: float, alpha: float) -> None:
    """That many seeds have the power, one fewer has not."""
    n = seeds_needed(difference, power, alpha)
    assert power_of(difference, n, alpha) >= power
    assert n == 2 or power_of(difference, n - 1, alpha) < power
    assert smallest_difference(n, power, alpha) <= difference * (1 + 1e-6)


@given(st.floats(0, 20), st.integers(2, 500), st.floats(0.01, 0.2))
def test_power_is_that_of_the_noncentral_f(difference: float, n: int, alpha: float) -> None:
    """The square of t is noncentral F, whose tail SciPy has."""
    expected = stats.ncf.sf(stats.f.isf(alpha, 1, n - 1), 1, n - 1, max(difference**2 * n, 1e-12))
    assert power_of(difference, n, alpha) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("n", [1_000, 30_000, 2_000_000, 1_000_000_000])
def test_power_of_very_many(n: int) -> None:
    """There the test is that of a normal distribution, but for its tails; steps that are as steep as a wall are integrated all the same."""
    critical = stats.t.isf(0.005, n - 1)
    expected = stats.norm.sf(critical - 3.0) + stats.norm.cdf(-critical - 3.0)
    assert power_of(3.0 / math.sqrt(n), n, 0.01) == pytest.approx(expected, abs=0.5 / n)


def test_power_far_out() -> None:
    """Enormous differences, and levels that hardly any test reaches, have a power and no warning."""
    assert power_of(1e200, 3) == pytest.approx(1)
    assert power_of(1.0, 2, 1e-310) == pytest.approx(0)
    assert smallest_difference(2, alpha=1e-310) == math.inf
    assert smallest_difference(3, alpha=1e-12) == pytest.approx(732447.475)


def test_seeds_for_a_small_difference() -> None:
    """A hundredth of a standard deviation takes tens of thousands; there the normal distribution tells how many."""
    assert 700_000_000 < seeds_needed(1e-4) < 800_000_000
    assert seeds_needed(0.01) == pytest.approx(((1.95996 + 0.84162) / 0.01) ** 2, rel=1e-3)


def test_a_difference_that_no_number_of_seeds_shows() -> None:
    """A search for it would not end."""
    with pytest.raises(InputError, match="difference 1e-09 is too small for 1,000,000,000 pairs to show"):
        seeds_needed(1e-9)


@pytest.mark.parametrize("n", [3, 4, 5, 6, 8, 10])
def test_the_smallest_p_is_that_of_the_sign_flip_test(n: int) -> None:
    """Where all differences have one sign."""
    assert smallest_p(n) == sign_flip(np.arange(1.0, n + 1))


def test_the_smallest_p_of_few() -> None:
    """Of three .25; of one, and of none, 1."""
    assert [smallest_p(n) for n in (0, 1, 2, 3, 4, 5)] == [1, 1, 0.5, 0.25, 0.125, 0.0625]


@pytest.mark.parametrize(("comparisons", "expected"), [(1, 6), (3, 7), (7, 9), (15, 10)])
def test_seeds_for_significance(comparisons: int, expected: int) -> None:
    """As many as the smallest p needs to survive Holm's correction."""
    assert seeds_for_significance(comparisons) == expected


def test_a_stricter_level_needs_more_seeds() -> None:
    """At .01 one comparison needs eight."""
    assert seeds_for_significance(alpha=0.01) == 8


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: power_of(-1.0, 5), "difference must be a number from 0, not -1.0"),
        (lambda: power_of(math.nan, 5), "difference must be a number from 0, not nan"),
        (lambda: smallest_difference(-1), "n must be a whole number of at least 0, not -1"),
        (lambda: smallest_difference(5, power=1.0), "power must lie between 0 and 1, not 1.0"),
        (lambda: smallest_difference(5, alpha=5), "alpha must lie between 0 and 1, not 5"),
        (lambda: seeds_needed(0.0), "difference must be a number above 0, not 0.0"),
        (lambda: seeds_needed(math.inf), "difference must be a number above 0, not inf"),
        (lambda: seeds_needed(1.0, power=2), "power must lie between 0 and 1, not 2"),
        (lambda: smallest_p(-1), "n must be a whole number of at least 0, not -1"),
        (lambda: seeds_for_significance(0), "comparisons must be a whole number of at least 1, not 0"),
    ],
)
def test_what_is_refused(call: Any, message: str) -> None:
    """Each message names the argument, its value and what is accepted."""
    with pytest.raises(InputError, match=message):
        call()
