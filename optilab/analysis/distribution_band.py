"""Band for a distribution function: what n draws say of the whole distribution at once, however it looks.

Learned-Miller and DeStefano, "A probabilistic upper bound on differential entropy", IEEE Trans. Inf. Theory 54 (2008); as equal-tailed
band in Lourie, Cho and He, "Show your work with confidence: confidence bands for tuning curves", NAACL 2024 (arXiv 2311.09480).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from optilab.analysis.levels import share
from optilab.analysis.roots import root
from optilab.errors import InputError
from optilab.texts import shown

_LARGEST = 10_000  # draws; the probability takes about n^1.5 operations


def distribution_band(count: int, confidence: float = 0.95) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Simultaneous confidence band for a cumulative distribution function F, from `count` independent draws of it.

    With the draws in order, y_(1) <= ... <= y_(n), it holds with probability `confidence`, for all i at once and whatever F is, that
    F(y_(i)) >= low[i - 1] and F(y) <= high[i - 1] for all y below y_(i): for continuous F the i-th of the F(y_(i)) has a
    Beta(i, n + 1 - i) distribution, of which low and high are the quantiles g / 2 and 1 - g / 2 (equal tails), with the one g for which all n
    hold together with the probability asked for. Where F has jumps, the band covers more often. At both ends it is far
    narrower than the band of Dvoretzky, Kiefer and Wolfowitz, whose width is the same everywhere. Up to 10,000 draws g is exact (to one
    part in 10,000, on the safe side); with more it is alpha / n (Bonferroni), which is safe and somewhat wider.

    count: number of draws, n >= 0.
    confidence: probability that the band holds, in (0, 1).

    Returns: low and high, arrays of n values in [0, 1]; read-only.

    Raises InputError if count is negative or confidence not within (0, 1).

    Source: Lourie, Cho and He 2024, section 4. The probability that all n hold: Moscovich and Nadler, "Fast calculation of boundary
    crossing probabilities for Poisson processes", Statistics and Probability Letters 123 (2017).

    >>> low, high = distribution_band(1, 0.9)
    >>> print(f"{low[0]:.2f} {high[0]:.2f}")
    0.05 0.95
    """
    if count < 0:
        raise InputError(f"count: {shown(count)} is no number of draws; it is 0 or more")
    share(confidence, "confidence")
    return _band(int(count), float(confidence))


@lru_cache(maxsize=64)
def _band(count: int, confidence: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The band of `distribution_band`."""
    if count == 0:
        return np.empty(0), np.empty(0)
    tails = _tails(count, confidence)
    low, high = _quantiles(count, tails)
    low.flags.writeable = high.flags.writeable = False
    return low, high


def _quantiles(count: int, tails: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Quantiles tails / 2 and 1 - tails / 2 of each order statistic of `count` uniform draws."""
    from scipy.special import betaincinv

    i = np.arange(1, count + 1)
    low = betaincinv(i, count + 1 - i, tails / 2)
    return low, 1 - low[::-1]  # Beta(i, n + 1 - i) is the mirror image of Beta(n + 1 - i, i)


def _tails(count: int, confidence: float) -> float:
    """The g with which all order statistics lie between their quantiles with probability `confidence`."""
    least, most = np.log((1 - confidence) / count), np.log(1 - confidence)  # Bonferroni's, and that of one alone
    if count > _LARGEST or count == 1:
        return float(np.exp(least))

    def excess(logarithm: float) -> float:
        return coverage(*_quantiles(count, float(np.exp(logarithm)))) - confidence

    accuracy = 5e-5
    return float(np.exp(max(root(excess, float(least), float(most), accuracy) - accuracy, least)))


def coverage(low: NDArray[np.float64], high: NDArray[np.float64]) -> float:
    """Probability that low[i] <= U_(i) <= high[i] for all order statistics U_(1) <= ... <= U_(n) of n uniform draws.

    The bounds are symmetric: low[i] = 1 - high[n - 1 - i]. The number N(t) of draws up to t must lie between the number of
    high's and of low's up to t. As a Poisson process, given N(1) = n, it is followed from 0 to 1/2; from 1 down to 1/2 it is the same.

    >>> round(coverage(np.array([0.25]), np.array([0.75])), 6)
    0.5
    """
    from scipy.special import gammaln

    count = len(low)
    stops = np.unique(np.concatenate([low[low < 0.5], high[high < 0.5], [0.5]]))
    least = np.searchsorted(high, stops, "right")  # N(t) >= the number of high <= t
    most = np.searchsorted(low, stops, "left")  # N(t) <= the number of low < t
    probabilities, first, before = np.ones(1), 0, 0.0
    for stop, fewest, largest in zip(stops.tolist(), least.tolist(), most.tolist(), strict=True):
        mean, before = max(count * (stop - before), 1e-300), stop
        width = largest - first + 1
        steps = np.arange(min(width, int(mean + 12 * np.sqrt(mean)) + 25))  # what is left out is below 1e-20
        arrivals = np.exp(steps * np.log(mean) - mean - gammaln(steps + 1))
        reached = np.convolve(probabilities, arrivals)
        probabilities, first = reached[fewest - first : width], fewest
    states = np.arange(first, first + len(probabilities))
    mirrored = np.zeros(count + 1)
    mirrored[states] = probabilities
    both = float(mirrored @ mirrored[::-1])
    return both / float(np.exp(count * np.log(count) - count - gammaln(count + 1)))
