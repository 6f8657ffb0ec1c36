"""Outcomes that fall into groups, as of runs that end in one valley or another."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

_CLEAR = 4.0  # times the larger group's range that parts the groups


def groups(values: ArrayLike) -> list[NDArray[np.float64]]:
    """The finite values, sorted, in two groups where a gap clearly parts them; in one otherwise.

    A gap is clear if it is the widest, at least four times as wide as either group, and no group has fewer than two values: of
    one value apart nobody knows whether it is a group or an accident.

    values: one a run; those that are not finite are left out.

    >>> [group.tolist() for group in groups([-0.31, 0.29, -0.3, 0.3])]
    [[-0.31, -0.3], [0.29, 0.3]]
    >>> [group.tolist() for group in groups([1, 2, 3, 5])]
    [[1.0, 2.0, 3.0, 5.0]]
    """
    found = np.asarray(values, np.float64).ravel()
    found = np.sort(found[np.isfinite(found)])
    if len(found) < 4:
        return [found]
    gaps = np.diff(found)
    at = int(np.argmax(gaps)) + 1
    low, high = found[:at], found[at:]
    if min(len(low), len(high)) < 2 or gaps[at - 1] <= _CLEAR * max(np.ptp(low), np.ptp(high)):
        return [found]
    return [low, high]
