"""Sensitivity width: how far a hyperparameter may be from its best value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optilab.analysis.inputs import numbers
from optilab.analysis.levels import number, switch
from optilab.errors import InputError
from optilab.texts import shown


@dataclass(frozen=True)
class SensitivityWidth:
    """The width of the range of a hyperparameter that is nearly as good as its best value.

    decades: log10(high / low); NaN if there is no best setting. best: the setting with the best value. low, high: ends of the range. at_edge:
    whether the range tried ends before the value leaves, so that decades is a lower bound. divergence_edge: the lowest
    setting above the best that diverged, or None. n: number of settings; diverged: how many of them did. reason: why there is no
    width, a sentence; "" where there is one.
    """

    decades: float
    best: float
    low: float
    high: float
    at_edge: bool
    divergence_edge: float | None
    n: int
    diverged: int
    reason: str = ""


def sensitivity_width(
    settings: ArrayLike, values: ArrayLike, within: float = 0.1, lowest: bool = True
) -> SensitivityWidth:
    """Sensitivity width: the decades of a hyperparameter over which the value stays within a share of the best one.

    A value v is within if v <= best + within |best| (>= best - within |best| if the highest is best). The range is contiguous around the
    best setting (the lowest of several): a second good range beyond a bad setting does not count. Between the last setting within and the
    next one without, the end is interpolated, with straight lines in log(setting) and log(value). Where that can't be, as the next
    setting diverged or one of the values or the limit is not above 0, the range ends at the last setting that is within.

    settings: shape (n,), of the hyperparameter, > 0, each once. values: shape (n,), one for each setting (such as the median over
    seeds), infinite where it diverged. within: share of the best value, >= 0. lowest: whether the lowest value is the best one.

    Returns: a SensitivityWidth with decades, best, low, high (settings), at_edge, divergence_edge, n, diverged, reason.

    Raises InputError if a setting is not finite and above 0 or stands twice, a value is NaN, the two have other lengths, or within is
    not a finite number >= 0.

    >>> found = sensitivity_width([0.001, 0.01, 0.1, 1], [5.0, 1.0, 1.05, float("inf")])
    >>> found.best, found.high, found.divergence_edge, found.at_edge
    (0.01, 0.1, 1.0, False)
    >>> round(found.decades, 2)
    1.06
    """
    lowest = switch(lowest, "lowest")
    tried, found = _checked(settings, values, within)
    diverged = np.isinf(found)
    n, lost = len(tried), int(diverged.sum())
    if n == lost:
        reason = "every setting diverged" if n else "there are no settings"
        return SensitivityWidth(np.nan, np.nan, np.nan, np.nan, False, None, n, lost, reason)
    costs = np.where(diverged, np.inf, found if lowest else -found)
    best = int(np.argmin(costs))
    limit = float(costs[best]) + within * abs(float(costs[best]))
    good = (costs <= limit) & ~diverged
    bad_below, bad_above = np.flatnonzero(~good[:best]), np.flatnonzero(~good[best:])
    first = int(bad_below[-1]) + 1 if len(bad_below) else 0
    last = best + int(bad_above[0]) - 1 if len(bad_above) else n - 1
    bound = limit if lowest else -limit
    low = tried[0] if first == 0 else _end(tried, found, bound, first, first - 1)
    high = tried[-1] if last == n - 1 else _end(tried, found, bound, last, last + 1)
    edges = tried[best + 1 :][diverged[best + 1 :]]
    return SensitivityWidth(
        decades=float(np.log10(high) - np.log10(low)),
        best=float(tried[best]),
        low=float(low),
        high=float(high),
        at_edge=first == 0 or last == n - 1,
        divergence_edge=float(edges[0]) if len(edges) else None,
        n=n,
        diverged=lost,
    )


def _checked(settings: ArrayLike, values: ArrayLike, within: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Settings, ascending, and the value of each."""
    tried, found = numbers(settings, "settings"), numbers(values, "values")
    refused = tried[(tried <= 0) | np.isinf(tried)]
    if len(refused):
        raise InputError(f"settings: {shown(refused[0].item())} is not finite and above 0, so it has no logarithm")
    if len(tried) != len(found):
        raise InputError(f"values: has {len(found)} for {len(tried)} settings")
    order = np.argsort(tried)
    tried, found = tried[order], found[order]
    if len(twice := tried[1:][np.diff(tried) == 0]):
        raise InputError(
            f"settings: {shown(twice[0].item())} stands there twice; give the median over seeds, one value a setting"
        )
    if not 0 <= number(within, "within") < np.inf:
        raise InputError(f"within: {shown(within)} is no share of the best value; it is finite and at least 0")
    return tried, found


def _end(tried: NDArray[np.float64], values: NDArray[np.float64], bound: float, inside: int, outside: int) -> float:
    """Where the value crosses the bound between two settings; the one inside if that can't be interpolated."""
    crossed = np.array([values[inside], bound, values[outside]])
    if not (np.isfinite(crossed) & (crossed > 0)).all():
        return float(tried[inside])
    at, crossing, to = np.log(crossed)
    share = (crossing - at) / (to - at)
    begin, end = tried[inside], tried[outside]
    return float(np.clip(begin * np.exp(share * (np.log(end) - np.log(begin))), min(begin, end), max(begin, end)))
