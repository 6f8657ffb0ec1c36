"""The bootstrap: what a statistic of a sample would be of other samples, drawn from it with replacement."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Statistic = Callable[[Values], Values]
"""Of arrays [..., value]: its values along the last axis."""

RESAMPLES = 9999


def percentile_ends(values: Values, statistic: Statistic, confidence: float, seed: int) -> tuple[float, float]:
    """Percentiles of the resampled statistic; not interpolated, for between a number and infinity nothing lies.

    values: of shape (n,), n from 1. statistic: as of `Statistic`. confidence: above 0 and below 1. seed: of the resamples.

    Source: Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7, 1979.

    >>> percentile_ends(np.array([1.0, 2.0, 3.0, np.inf]), lambda sample: np.median(sample, axis=-1), 0.4, 0)
    (2.0, 3.0)
    """
    found = np.sort(_resampled(values, statistic, seed))
    outside = int((1 - confidence) / 2 * RESAMPLES)
    return float(found[outside]), float(found[-1 - outside])


def bca_ends(values: Values, statistic: Statistic, confidence: float, seed: int) -> tuple[float, float]:
    """Ends of the bias-corrected and accelerated interval of finite values; NaN where it is degenerate.

    With z0 = Phi^-1(share of resamples below the estimate, those equal to it by half) and U_i = mean_j s_(j) - s_(i), where s_(i) is the
    statistic without the i-th value, the acceleration is a = sum U_i^3 / (6 (sum U_i^2)^(3/2)). The ends are the quantiles of the
    resampled statistic at Phi(z0 + (z0 + z) / (1 - a (z0 + z))), where z is Phi^-1((1 - confidence) / 2) and its negative.

    values: of shape (n,), n from 2. statistic, confidence, seed: as of `percentile_ends`.

    Source: Efron, "Better bootstrap confidence intervals", JASA 82, 1987.

    >>> bca_ends(np.arange(1.0, 11.0), lambda sample: sample.mean(axis=-1), 0.95, 0)
    (3.7, 7.3)
    """
    from scipy.special import ndtr, ndtri

    resampled, estimate = _resampled(values, statistic, seed), statistic(values)
    below = (np.sum(resampled < estimate) + np.sum(resampled <= estimate)) / (2 * RESAMPLES)
    others = ~np.eye(len(values), dtype=bool)
    left_out = statistic(np.broadcast_to(values, others.shape)[others].reshape(len(values), -1))
    gaps = left_out.mean() - left_out
    with np.errstate(all="ignore"):  # where it is degenerate
        acceleration = (gaps**3).sum() / (6 * (gaps**2).sum() ** 1.5)
        z = ndtri(below) + ndtri((1 - confidence) / 2) * np.array([1, -1])
        levels = ndtr(ndtri(below) + z / (1 - acceleration * z))
    if np.isnan(levels).any():
        return math.nan, math.nan
    low, high = np.quantile(resampled, levels)
    return float(low), float(high)


def _resampled(values: Values, statistic: Statistic, seed: int) -> Values:
    """The statistic of each resample."""
    return statistic(values[np.random.default_rng(seed).integers(len(values), size=(RESAMPLES, len(values)))])
