"""Levels and counts that the statistics are handed, checked; without an import of pandas."""

from __future__ import annotations

from typing import Any

import numpy as np

from optilab.errors import InputError
from optilab.texts import shown


def share(value: float, name: str) -> float:
    """A number above 0 and below 1, such as a confidence or a level of significance.

    Raises InputError where it is not.

    >>> share(0.95, "confidence")
    0.95
    """
    if not 0 < value < 1:
        raise InputError(f"{name} must lie between 0 and 1, not {shown(value)}")
    return float(value)


def whole(value: int | np.integer[Any], name: str, least: int = 0) -> int:
    """A whole number that is at least `least`.

    Raises InputError where it is not.

    >>> whole(3, "n")
    3
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise InputError(f"{name} must be a whole number of at least {least}, not {shown(value)}")
    return int(value)
