"""Tuning curve: how good the best of k trials is, so what a result costs in tuning.

Dodge et al., "Show your work: improved reporting of experimental results", EMNLP 2019 (arXiv 1909.03004): the expected best.
Tang et al., "Showing your work doesn't always work", ACL 2020 (arXiv 2004.13705): its unbiased estimate.
Lourie, Cho and He, "Show your work with confidence", NAACL 2024 (arXiv 2311.09480): the median best, and its band.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from optilab.analysis.arguments import amounts
from optilab.analysis.distribution_band import distribution_band
from optilab.analysis.inputs import numbers
from optilab.analysis.levels import share, switch
from optilab.errors import InputError
from optilab.texts import counted

_SMALLEST = 745  # exp(-745) is the smallest number above 0
_TIE = 1e-9  # a probability this near to 1/2 is 1/2


def tuning_curve(
    values: ArrayLike, *, lowest: bool = True, replacement: bool = False, confidence: float = 0.95
) -> pd.DataFrame:
    """Tuning curve: the expected and the median best of k trials, for k = 1 to n, with a band for the median.

    With the values y_(1) to y_(n), the best first, the best of k trials is the i-th of them with probability

        C(n - i, k - 1) / C(n, k)                     without replacement: k different ones of the n trials
        ((n - i + 1) / n)^k - ((n - i) / n)^k         with replacement: k draws from the n values

    `expected` is the mean of this distribution. Without replacement it is the unbiased estimate of the expected best of k new
    trials; with replacement (Dodge et al.) it is too pessimistic on average. As long as a diverged trial has any weight, `expected` is infinite:
    without replacement up to k = the number of diverged trials, with replacement throughout. `median` is the median of
    the same distribution (half way between two values where both are medians), and always says what is known.

    `low` and `high` hold the true median best of k for all k at once with probability `confidence`, whatever the
    distribution of a trial's value is. They come from a simultaneous band for that distribution function F (equal tails, see
    `distribution_band`): the median best of k is the quantile of F at 1 - 2^(-1/k). Infinite ends mean that n trials are too few to
    bound it on that side. Trials must be independent, drawn from one search distribution (random search, not an adaptive one).

    values: the final value of each trial, n of them, infinite (of either sign) where it diverged: that is the worst there is.
    lowest: whether the lowest value is the best one (a cost), or the highest (an accuracy).
    replacement: whether the k trials are drawn with replacement.
    confidence: of the band, in (0, 1).

    Returns: a row for each k, with columns k (whole number), expected, median, low, high (in the unit of the values). No
    trials give no rows.

    Raises InputError if a value is NaN, values are not a list of numbers, or confidence is not within (0, 1).

    Source: Dodge et al. 2019, equation 1; Tang et al. 2020, section 3; Lourie et al. 2024, section 4.

    >>> tuning_curve([0, 50, 25, 100, 75], lowest=False)["expected"].round(2).tolist()
    [50.0, 75.0, 87.5, 95.0, 100.0]
    >>> tuning_curve([3, 1, float("inf")])[["k", "expected", "median"]].round(2)
       k  expected  median
    0  1       inf     3.0
    1  2      1.67     1.0
    2  3      1.00     1.0
    """
    found = numbers(values, "values")
    lowest, replacement = switch(lowest, "lowest"), switch(replacement, "replacement")
    share(confidence, "confidence")
    diverged = np.isinf(found)
    costs = np.sort(np.where(diverged, np.inf, found if lowest else -found))
    count, finite = len(costs), len(costs) - int(diverged.sum())
    k = np.arange(1, count + 1)
    points = np.empty((count, 2))
    for row, drawn in zip(points, k.tolist(), strict=True):
        above = _above(count, drawn, replacement)
        some_diverge = finite < count if replacement else drawn <= count - finite
        row[:] = np.inf if some_diverge else _mean(costs[:finite], -np.diff(above, prepend=1.0)), _median(costs, above)
    low, high = _band(costs, k, confidence)
    if not lowest:
        points, low, high = -points, -high, -low
    curve = {"k": k, "expected": points[:, 0], "median": points[:, 1], "low": low, "high": high}
    return pd.DataFrame(curve) + 0  # no zero has a sign


def _above(count: int, k: int, replacement: bool) -> NDArray[np.float64]:
    """Probability that the best of k is worse than the i-th of `count`, for i = 1, 2, ...; values that are left out have none."""
    last = min(count if replacement else count - k + 1, _SMALLEST * count // k + 1)
    i = np.arange(1, last + 1)
    with np.errstate(divide="ignore"):  # log 0: the last one is certain
        # without: C(n - i, k) / C(n, k) is the product of (n - j + 1 - k) / (n - j + 1) for j up to i
        logs: NDArray[np.float64] = (
            k * np.log1p(-i / count) if replacement else np.cumsum(np.log1p(-k / (count - i + 1)))
        )
    return np.asarray(np.exp(logs))


def _mean(costs: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """The mean of the first costs with these weights; no rounding leads out of their range."""
    weighted = costs[: len(weights)]
    return float(np.clip(weighted @ weights[: len(weighted)], weighted[0], weighted[-1]))


def _median(costs: NDArray[np.float64], above: NDArray[np.float64]) -> float:
    """The median of the distribution: half way between two costs where it is at both."""
    first = int(np.argmax(above <= 0.5 + _TIE))
    tied = abs(above[first] - 0.5) <= _TIE
    return float(costs[first] / 2 + costs[first + 1] / 2 if tied else costs[first])


def _band(
    costs: NDArray[np.float64], k: NDArray[np.int_], confidence: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bounds of the quantile of one trial's distribution at 1 - 2^(-1/k)."""
    level = -np.expm1(-np.log(2) / k)
    least, most = distribution_band(len(costs), confidence)
    ends = np.concatenate([[-np.inf], costs, [np.inf]])
    low = ends[np.searchsorted(most, level, "left")]  # the last y with F < level everywhere below it
    high = ends[np.searchsorted(least, level, "left") + 1]  # the first y with F(y) >= level
    return low, high


def median_of_studies(times: pd.DataFrame | ArrayLike) -> float:
    """AlgoPerf's time to target: the median over studies of the smallest time over the trials of each.

    median over s of min over t of times[s, t]. A study none of whose trials reached the target counts as infinite
    and takes part in the median, which so is infinite where half of the studies or more missed it.

    times: a row a study and a column a trial, in any unit, >= 0; infinite or missing where the target was not reached.

    Returns: the median, infinite too where there are no studies.

    Raises InputError if times are not a table of numbers >= 0.

    Source: MLCommons AlgoPerf, RULES.md, section "External tuning ruleset"; Dahl et al. 2023 (arXiv 2306.07179), section 4.

    >>> median_of_studies([[5, 3], [float("inf"), 4], [float("inf"), float("inf")]])
    4.0
    """
    found = amounts(times, "times")
    if found.ndim != 2:
        raise InputError(f"times: has {counted(found.ndim, 'dimension')}; a row is a study and a column a trial")
    if not found.size:
        return np.inf
    return float(np.median(found.min(axis=1)))
