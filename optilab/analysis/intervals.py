"""Confidence intervals: of a median, a mean or an interquartile mean over seeds, and of a share of runs."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from optilab.analysis.bootstrap import bca_ends, percentile_ends
from optilab.analysis.inputs import numbers
from optilab.analysis.levels import share, whole
from optilab.analysis.resolution import smallest_p
from optilab.errors import InputError, unknown

Statistic = Literal["median", "mean", "iqm"]
Method = Literal["order", "bca"]

_STATISTICS = ("median", "mean", "iqm")
_METHODS = ("order", "bca")


@dataclass(frozen=True)
class Interval:
    """A confidence interval, low to high, about an estimate.

    method: "order", "bca", "percentile", "clopper-pearson", or "none" where the values alone say all that can be said.
    n: number of values, infinite ones among them. reason: a sentence on what is unusual or could not be had; empty where
    nothing is.
    """

    estimate: float
    low: float
    high: float
    method: str
    n: int
    reason: str = ""


def median_ranks(n: int, confidence: float = 0.95) -> tuple[int, int] | None:
    """The order statistics between which a median lies: their ranks, counted from 1; None where n is too small.

    x_(r) <= median <= x_(n+1-r) holds with probability 1 - 2 P(B < r), where B is binomial with n draws of probability 1/2; r is
    the largest rank at which that is at least `confidence`.

    n: number of values, from 0. confidence: above 0 and below 1. Raises InputError where they are not.

    Source: David and Nagaraja, "Order Statistics", 3rd edition 2003, section 7.1.

    >>> median_ranks(5), median_ranks(6), median_ranks(10), median_ranks(20)
    (None, (1, 6), (2, 9), (6, 15))
    """
    return _median_ranks(whole(n, "n"), share(confidence, "confidence"))


@lru_cache(maxsize=1024)  # a leaderboard asks for the same again and again
def _median_ranks(n: int, confidence: float) -> tuple[int, int] | None:
    from scipy.special import bdtr

    below = 2 * bdtr(np.arange(n // 2), n, 0.5)  # of r = 1, 2, ...: the probability that the interval misses
    r = int(np.sum(below <= 1 - confidence + 1e-12))
    return (r, n + 1 - r) if r else None


def interval(
    values: ArrayLike | pd.Series[Any],
    statistic: Statistic = "median",
    confidence: float = 0.95,
    method: Method | None = None,
    seed: int = 0,
) -> Interval:
    """The confidence interval of a median, a mean or an interquartile mean over seeds.

    "order" takes two order statistics (`median_ranks`): exact for any distribution, too few values have none. "bca" is the
    bias-corrected and accelerated bootstrap with 9,999 resamples: an approximation, which covers too rarely where values are few.
    By default a median has "order" where there are enough values (6 at 95%), and all else "bca".

    values: of shape (n,), in any order. statistic: "median"; "mean"; "iqm", the mean without the lowest and the highest
    quarter. confidence: above 0 and below 1. method: "order" (of a median alone) or "bca". seed: of the resamples.

    Infinite values, those of runs that diverged, count: a median and an interquartile mean may be finite beside them, and an end
    of the interval infinite; a mean is infinite for certain. A resample can't be accelerated by infinity: there, and where
    BCa is degenerate, the bootstrap's plain percentiles stand in, and `method` and `reason` say so. Where nothing can be said the
    interval is (-inf, inf). Where all values are equal it is
    that value. Of fewer than 6 values none covers a median in 95 of 100 cases; `reason` says how many it can.

    Raises InputError where values are NaN or no numbers, and for an unknown statistic or method, a confidence that is none, and
    "order" for anything but a median.

    Source: Efron, "Better bootstrap confidence intervals", JASA 82, 1987; Agarwal et al., arXiv 2108.13264 (the interquartile
    mean).

    >>> interval([3, 1, 4, 1, 5, 9, 2, 6, 5, 3])
    Interval(estimate=3.5, low=1.0, high=6.0, method='order', n=10, reason='')
    >>> interval([3, 1, 4, 1, 5, float("inf")]).high
    inf
    """
    found, confidence = np.sort(numbers(values, "values")), share(confidence, "confidence")
    seed = whole(seed, "seed")
    if str(statistic) not in _STATISTICS:
        raise unknown("statistic", str(statistic), _STATISTICS)
    if method is not None and str(method) not in _METHODS:
        raise unknown("method", str(method), _METHODS)
    if method == "order" and statistic != "median":
        raise InputError(f'method "order" is for a median; a {statistic} has "bca"')
    # as if the largest were near 1, so that no sum overflows and no power vanishes; a power of two changes no digit
    power = int(np.frexp(np.max(np.abs(found[np.isfinite(found)]), initial=0))[1])
    made = _interval(np.ldexp(found, -power), statistic, confidence, method, seed)
    low, middle, high = (float(np.ldexp(end, power)) for end in (made.low, made.estimate, made.high))
    return replace(made, low=low, estimate=middle, high=high)


def _interval(
    values: NDArray[np.float64], statistic: str, confidence: float, method: Method | None, seed: int
) -> Interval:
    """The interval of sorted values of moderate size."""
    n, of = len(values), partial(_statistic, statistic=statistic)
    if not n:
        return Interval(math.nan, -math.inf, math.inf, "none", 0, "there are no values")
    middle = float(_statistic(values, statistic))
    if math.isnan(middle):
        return Interval(middle, -math.inf, math.inf, "none", n, f"no {statistic} lies between -inf and inf")
    ranks = median_ranks(n, confidence) if statistic == "median" else None
    if ranks and method != "bca":
        return Interval(middle, float(values[ranks[0] - 1]), float(values[ranks[1] - 1]), "order", n)
    if method == "order":
        least = next(k for k in range(n + 1, 10_000) if median_ranks(k, confidence))
        reason = f"{n} of the {least} values that a {100 * confidence:g}% interval of order statistics needs"
        return Interval(middle, -math.inf, math.inf, "none", n, reason)
    if n == 1:
        return Interval(middle, -math.inf, math.inf, "none", n, "one value says nothing of the spread")
    if values[0] == values[-1]:
        same = float(values[0])  # a mean of equal numbers may differ from them in its last digit
        return Interval(same, same, same, "bca", n, "all values are equal")
    infinite = np.isinf(values)
    if infinite.any() and statistic == "mean":
        reason = f"{infinite.sum()} of {n} values infinite: so is the mean"
        return Interval(middle, middle, middle, "none", n, reason)
    if np.isinf(values[0]) and np.isinf(values[-1]):
        reason = "the bootstrap can't be had: infinite values of both signs"
        return Interval(middle, -math.inf, math.inf, "none", n, reason)
    if infinite.any():
        low, high = percentile_ends(values, of, confidence, seed)
        reason = f"{infinite.sum()} of {n} values infinite: percentiles of the bootstrap in place of BCa"
        return Interval(middle, low, high, "percentile", n, reason)
    low, high = bca_ends(values, of, confidence, seed)
    if math.isnan(low) or math.isnan(high):
        low, high = percentile_ends(values, of, confidence, seed)
        reason = "BCa is degenerate here: percentiles of the bootstrap in its place"
        return Interval(middle, low, high, "percentile", n, reason)
    few = statistic == "median" and not ranks
    reason = f"an interval of {n} values covers a median with {100 * (1 - smallest_p(n)):g}% at most" if few else ""
    return Interval(middle, low, high, "bca", n, reason)


def _statistic(values: NDArray[np.float64], statistic: str) -> Any:
    """The statistic along the last axis; NaN where it would be the mean of inf and -inf."""
    with np.errstate(invalid="ignore"):
        if statistic == "iqm":
            n = values.shape[-1]
            first, last = n // 4, n - n // 4 - 1
            return np.mean(np.partition(values, (first, last), axis=-1)[..., first : last + 1], axis=-1)
        return np.median(values, axis=-1) if statistic == "median" else np.mean(values, axis=-1)


def proportion(successes: int, n: int, confidence: float = 0.95) -> Interval:
    """The Clopper-Pearson interval of a share, such as that of the runs that diverged.

    Its ends are the shares at which so many successes, or more, or fewer, have probability (1 - confidence) / 2: exact, and wide
    rather than narrow.

    successes: from 0 to n. n: number of trials. confidence: above 0 and below 1. The estimate is successes / n; without a
    trial it is NaN, the interval [0, 1], and `reason` says so.

    Raises InputError where successes or n is no whole number from 0, successes exceed n, or the confidence is none.

    Source: Clopper and Pearson, Biometrika 26, 1934.

    >>> found = proportion(0, 10)
    >>> found.low, round(found.high, 4)
    (0.0, 0.3085)
    """
    from scipy.special import betaincinv

    n, successes, confidence = whole(n, "n"), whole(successes, "successes"), share(confidence, "confidence")
    if successes > n:
        raise InputError(f"successes must be at most n = {n}, not {successes}")
    if not n:
        return Interval(math.nan, 0.0, 1.0, "clopper-pearson", 0, "there are no trials")
    tail = (1 - confidence) / 2
    low = float(betaincinv(successes, n - successes + 1, tail)) if successes else 0.0
    high = float(betaincinv(successes + 1, n - successes, 1 - tail)) if successes < n else 1.0
    return Interval(successes / n, low, high, "clopper-pearson", n)
