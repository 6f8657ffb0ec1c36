"""Means and deviations, as scikit-learn's StandardScaler has them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from optilab.errors import InputError

Numbers = NDArray[np.float64]


def mean_and_deviation(values: Numbers, names: list[str], told: str) -> tuple[Numbers, Numbers]:
    """Mean and standard deviation of each column; deviation 1 where a column is constant but for rounding.

    values: [example, column], finite. InputError, beginning with `told`, for a column too large for a variance.

    A column is constant if its variance is below the error of computing it, n eps var + (n mean eps)^2 (Chan, Golub and
    LeVeque, 1983): the mean of thirty times 0.1 differs from 0.1 in its last bit.
    """
    n, eps = len(values), np.finfo(np.float64).eps
    with np.errstate(over="ignore", invalid="ignore"):
        mean = values.mean(axis=0)
        off = values - mean
        variance = ((off**2).sum(axis=0) - off.sum(axis=0) ** 2 / n) / n
        constant = variance <= n * eps * variance + (n * mean * eps) ** 2
    for k in np.flatnonzero(~np.isfinite(mean) | ~np.isfinite(variance)):
        raise InputError(
            f"{told}: {names[k]} has values up to {np.abs(values[:, k]).max():.3g}, too large to be scaled"
        )
    return mean, np.where(constant, 1, np.sqrt(variance))


def differ_in_scale(values: Numbers) -> tuple[int, int] | None:
    """The columns of the least and the largest deviation, where they are more than ten apart; constant ones don't count."""
    with np.errstate(over="ignore"):
        deviation = values.std(axis=0)
    spread = np.flatnonzero(deviation > 0)
    if len(spread) < 2:
        return None
    low, high = spread[np.argmin(deviation[spread])], spread[np.argmax(deviation[spread])]
    return (int(low), int(high)) if deviation[high] > 10 * deviation[low] else None


def far_from_zero(values: Numbers) -> int | None:
    """The column whose mean is the most deviations from 0, where these are more than ten; constant ones don't count."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        deviation = values.std(axis=0)
        distance = np.where(deviation > 0, np.abs(values.mean(axis=0)) / deviation, 0)
    furthest = int(np.argmax(distance))
    return furthest if distance[furthest] > 10 else None
