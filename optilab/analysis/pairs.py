"""Two methods on the same seeds: the median difference, how sure it is, and how often one beats the other."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from optilab.analysis.inputs import differences, diverged_last, numbers, significant
from optilab.analysis.intervals import Method, interval
from optilab.analysis.levels import number, share, switch, whole
from optilab.analysis.resolution import smallest_p
from optilab.analysis.sign_flip import sign_flip
from optilab.errors import InputError
from optilab.texts import counted, shown

_MAGNITUDES = ((0.147, "negligible"), (0.33, "small"), (0.474, "medium"))


@dataclass(frozen=True)
class Paired:
    """What paired seeds say of two methods, a and b.

    difference: median of a - b over pairs; low, high: ends of its interval, which `method` says how it was made
    (`optilab.analysis.intervals.Interval`). p: of the sign-flip test (`optilab.analysis.sign_flip`), two-sided. cliffs_delta:
    P(a > b) - P(a < b). probability_of_improvement: that a run of a is better than one of b, ties counted half. n: number of
    pairs. unmatched: seeds that a or b alone has, in order. reason: sentences on what is unusual or could not be had; empty
    where nothing is.
    """

    difference: float
    low: float
    high: float
    method: str
    p: float
    cliffs_delta: float
    probability_of_improvement: float
    n: int
    unmatched: tuple[Hashable, ...] = ()
    reason: str = ""


def paired(
    a: ArrayLike | pd.Series[Any],
    b: ArrayLike | pd.Series[Any],
    confidence: float = 0.95,
    seed: int = 0,
    lowest: bool = True,
    method: Method | None = None,
) -> Paired:
    """The paired comparison of two methods that ran on the same seeds: median difference, interval, p-value and effect sizes.

    The interval is that of `interval(a - b, "median", confidence, method, seed)`. By default that is, from 6 pairs on at 95%, the
    exact one of order statistics, and below that the BCa bootstrap. The exact one is the default because the bootstrap of
    a median covers too rarely where seeds are few: of 300 normal samples of ten, 93% at 95%. method="bca" asks for
    BCa throughout. The p-value is of the mean difference (`optilab.analysis.sign_flip`), so the two look at different
    things: call a method better only where both agree, that is where the interval leaves out 0 and p is below the level.

    a, b: Series by seed, matched by index; or sequences of equal length, matched by position. confidence: above 0 and below 1.
    seed: of what is drawn. lowest: whether the lowest value is best; it decides `probability_of_improvement` and what
    infinity means. method: of the interval.

    An infinite value is that of a run that diverged, and worse than any other, whatever its sign: its difference to a finite
    one is infinite, to another one 0. Without pairs, difference, cliffs_delta and probability_of_improvement are NaN, p is 1,
    and `reason` says so.

    Raises InputError where a value is NaN or no number, a seed is there twice, the lengths of sequences differ, one of a and b
    alone is a Series, or confidence or method is none.

    Source: arXiv 2511.19794 (paired seeds, BCa, sign-flip test); Agarwal et al., arXiv 2108.13264 (probability of improvement).

    >>> found = paired([0.30, 0.31, 0.29, 0.33, 0.30, 0.28], [0.35, 0.33, 0.34, 0.34, 0.39, 0.38])
    >>> found.difference, found.low, found.high, found.p
    (-0.05, -0.1, -0.01, 0.03125)
    >>> found.cliffs_delta, found.probability_of_improvement
    (-0.9722222222222222, 0.9861111111111112)
    """
    lowest, seed = switch(lowest, "lowest"), whole(seed, "seed")
    x, y, unmatched = _matched(a, b)
    x, y = diverged_last(x, lowest), diverged_last(y, lowest)
    alpha = 1 - share(confidence, "confidence")
    gaps = differences(x, y)
    middle = interval(gaps, "median", confidence, method, seed)
    n = len(gaps)
    if not n:
        return Paired(math.nan, middle.low, middle.high, "none", 1.0, math.nan, math.nan, 0, unmatched, "no pairs")
    reasons = [middle.reason] if middle.reason else []
    if infinite := int(np.isinf(gaps).sum()):
        reasons.append(f"{counted(infinite, 'infinite difference')}: p is of signed ranks, for the mean does not exist")
    if smallest_p(n) > alpha:
        reasons.append(f"{counted(n, 'pair')} can't be significant: p is never below {smallest_p(n):g}")
    delta = cliffs_delta(significant(x), significant(y))
    better = (1 - delta) / 2 if lowest else (1 + delta) / 2
    return Paired(
        middle.estimate,
        middle.low,
        middle.high,
        middle.method,
        sign_flip(gaps, seed),
        delta,
        better,
        n,
        unmatched,
        "; ".join(reasons),
    )


def _matched(
    a: ArrayLike | pd.Series[Any], b: ArrayLike | pd.Series[Any]
) -> tuple[NDArray[np.float64], NDArray[np.float64], tuple[Hashable, ...]]:
    """Values of a and of b at the seeds that both have, and the other seeds."""
    x, y = numbers(a, "a"), numbers(b, "b")
    if not isinstance(a, pd.Series) and not isinstance(b, pd.Series):
        if len(x) != len(y):
            raise InputError(f"a and b must have one length, not {len(x)} and {len(y)}; or be Series by seed")
        return x, y, ()
    if not isinstance(a, pd.Series) or not isinstance(b, pd.Series):
        raise InputError("a and b must both be Series by seed, or both sequences")
    for name, series in (("a", a), ("b", b)):
        if not series.index.is_unique:
            raise InputError(f"{name} has the seed {shown(series.index[series.index.duplicated()].tolist()[0])} twice")
    of_a = dict(zip(a.index.tolist(), x.tolist(), strict=True))
    of_b = dict(zip(b.index.tolist(), y.tolist(), strict=True))
    both = [one for one in of_a if one in of_b]
    alone = of_a.keys() ^ of_b.keys()
    try:
        unmatched = sorted(alone)
    except TypeError:  # labels of several types
        unmatched = sorted(alone, key=str)
    return np.array([of_a[one] for one in both], float), np.array([of_b[one] for one in both], float), tuple(unmatched)


def cliffs_delta(a: ArrayLike | pd.Series[Any], b: ArrayLike | pd.Series[Any]) -> float:
    """Cliff's delta: P(a > b) - P(a < b), over all pairs of a value of a and one of b.

    a, b: of shapes (n,) and (m,), in any order, not paired; two infinite values of one sign tie. Returns a number from -1 (all
    of a lie below all of b) to 1; NaN where a or b is empty, for then there is nothing to compare.

    Raises InputError where values are NaN or no numbers.

    Source: Cliff, "Dominance statistics", Psychological Bulletin 114, 1993.

    >>> round(cliffs_delta([2, 3, 4], [1, 2, 3]), 4)
    0.5556
    """
    x, y = numbers(a, "a"), np.sort(numbers(b, "b"))
    if not len(x) or not len(y):
        return math.nan
    pairs = len(x) * len(y)
    below, above = int(np.searchsorted(y, x, "left").sum()), pairs - int(np.searchsorted(y, x, "right").sum())
    return (below - above) / pairs


def magnitude(delta: float) -> str:
    """The magnitude of a Cliff's delta in words: "negligible", "small" from .147 on, "medium" from .33, "large" from .474.

    delta: from -1 to 1; its sign does not enter. Raises InputError where it is NaN or not in that range.

    Source: Romano et al., "Appropriate statistics for ordinal level data", 2006.

    >>> magnitude(-0.2)
    'small'
    """
    if not -1 <= number(delta, "delta") <= 1:
        raise InputError(f"delta must lie in [-1, 1], not {shown(delta)}")
    return next((word for limit, word in _MAGNITUDES if abs(delta) < limit), "large")
