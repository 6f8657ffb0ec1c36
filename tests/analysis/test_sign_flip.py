"""The sign-flip test, by enumeration and by SciPy."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from optilab import InputError
from optilab.analysis.sign_flip import sign_flip

INF, NAN = math.inf, math.nan
SMALL = st.integers(-3, 3).map(float)


def _enumerated(gaps: list[float]) -> float:
    """The sign-flip p-value over all 2^n signs, one after the other."""
    sums = [
        abs(sum(s * d for s, d in zip(signs, gaps, strict=True)))
        for signs in itertools.product([1, -1], repeat=len(gaps))
    ]
    return sum(one >= abs(sum(gaps)) for one in sums) / len(sums)


@given(st.lists(SMALL, max_size=8))
def test_the_sign_flip_test_by_enumeration(gaps: list[float]) -> None:
    """The p-value is the share of all sign patterns that are as extreme; a difference of 0 has no sign and changes nothing."""
    assert sign_flip(gaps) == pytest.approx(_enumerated(gaps), abs=1e-15)


@pytest.mark.parametrize("n", [2, 3, 9, 12])
def test_the_sign_flip_test_is_scipys(n: int) -> None:
    """SciPy's permutation test of the mean, with all signs, gives the same p."""
    gaps = np.random.default_rng(n).normal(0.4, 1.0, n)
    expected = stats.permutation_test((gaps,), np.mean, permutation_type="samples", n_resamples=np.inf)
    assert sign_flip(gaps) == pytest.approx(expected.pvalue)


@pytest.mark.parametrize("n", [3, 6, 10, 17, 36])
def test_the_smallest_p(n: int) -> None:
    """All differences of one sign: 2 / 2^n, no less."""
    assert sign_flip(np.linspace(0.1, 0.2, n)) == 2 / 2**n
    assert sign_flip(-np.linspace(0.1, 0.2, n)) == 2 / 2**n


def test_no_difference() -> None:
    """Without differences, and where all are 0, p is 1."""
    assert sign_flip([]) == sign_flip([0.0] * 20) == 1


def test_float_noise_breaks_no_ties() -> None:
    """.1 + .2 - .3 is not 0 in float64; sums that differ by so little tie."""
    assert sign_flip([0.1, 0.2, -0.3]) == sign_flip([1, 2, -3]) == 1
    assert sign_flip([0.1, 0.2, 0.3, -0.6, 0.7]) == sign_flip([1, 2, 3, -6, 7])


def test_dozens_of_differences_are_exact() -> None:
    """All 2^n signs count up to 36 differences, so that the smallest p is small enough for any family."""
    gaps = np.random.default_rng(4).normal(0.3, 1.0, 18)
    halves = [np.array(list(itertools.product([1, -1], repeat=9))) @ half for half in (gaps[:9], gaps[9:])]
    exact = np.mean(np.abs(np.add.outer(*halves)) >= abs(gaps.sum()) - 1e-12)
    assert 0.05 < exact < 0.5
    assert sign_flip(gaps) == pytest.approx(exact, abs=1e-12)
    assert sign_flip(np.ones(36)) == 2 / 2**36


def test_many_differences_draw_signs() -> None:
    """From 37 on: near the p of the normal distribution, never 0, the same for the same seed."""
    gaps = np.random.default_rng(4).normal(0.2, 1.0, 50)
    expected = 2 * stats.norm.sf(abs(gaps.sum()) / np.sqrt((gaps**2).sum()))
    assert 0.05 < expected < 0.5
    assert sign_flip(gaps) == pytest.approx(expected, abs=0.02)
    assert sign_flip(gaps) == sign_flip(gaps[::-1])
    assert sign_flip(gaps, seed=1) != sign_flip(gaps, seed=2)
    assert sign_flip(np.ones(60)) == 1 / 65_536


def test_p_values_are_uniform_without_a_difference() -> None:
    """Of 2,000 samples from one distribution at most a twentieth is significant at .05, and not far fewer."""
    samples = np.random.default_rng(0).normal(size=(2000, 8))
    share = np.mean([sign_flip(sample) <= 0.05 for sample in samples])
    assert 0.03 < share < 0.065


def test_infinite_differences_are_ranked() -> None:
    """The p-value is SciPy's of the signed-rank test, for which an infinite difference is the largest."""
    gaps = [0.5, -0.25, 1.0, INF, INF, 0.75, -3.0]
    finite = [0.5, -0.25, 1.0, 9.0, 9.0, 0.75, -3.0]
    expected = stats.permutation_test(
        (np.sign(finite) * stats.rankdata(np.abs(finite)),), np.sum, permutation_type="samples", n_resamples=np.inf
    )
    assert sign_flip(gaps) == pytest.approx(expected.pvalue)
    assert sign_flip([INF, 1, 2, 3, 4, 5]) == 2 / 64
    assert sign_flip([INF, -INF]) == 1


@given(st.lists(st.sampled_from([0.0, 0.1, -0.1, 0.2, -0.3, INF, -INF]), max_size=20), st.data())
def test_order_changes_nothing(gaps: list[float], data: st.DataObject) -> None:
    """Shuffled differences have the same p, to the last digit, and so have those with all signs changed."""
    assert sign_flip(data.draw(st.permutations(gaps))) == sign_flip(gaps)
    if len(gaps) <= 16:
        assert sign_flip([-gap for gap in gaps]) == sign_flip(gaps)


def test_nan_is_refused() -> None:
    """A pair without a difference is infinite, or none."""
    with pytest.raises(InputError, match=r"gaps\[1\] is NaN; a run without a value must be infinite"):
        sign_flip([1.0, NAN])
