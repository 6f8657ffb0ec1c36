"""Single numbers, switches and names that the statistics are handed, checked; without an import of pandas."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from optilab.errors import InputError
from optilab.texts import shown

_MOST = 2**53  # beyond it float64 doesn't tell whole numbers apart


def number(value: Any, name: str) -> float:
    """A number, which may be infinite or NaN.

    Raises InputError where it is none.

    >>> number(np.float32(0.5), "delta")
    0.5
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise InputError(f"{name} must be a number, not {shown(value)}")
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def share(value: Any, name: str) -> float:
    """A number above 0 and below 1, such as a confidence or a level of significance.

    Raises InputError where it is not.

    >>> share(0.95, "confidence")
    0.95
    """
    found = number(value, name)
    if not 0 < found < 1:
        raise InputError(f"{name} must lie between 0 and 1, not {shown(value)}")
    return found


def whole(value: Any, name: str, least: int = 0) -> int:
    """A whole number that is at least `least`.

    Raises InputError where it is not, or is so large that float64 can't hold it.

    >>> whole(3, "n")
    3
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise InputError(f"{name} must be a whole number of at least {least}, not {shown(value)}")
    if value > _MOST:
        raise InputError(f"{name} must be a whole number of at most 2^53, not {shown(value)}")
    return int(value)


def switch(value: Any, name: str) -> bool:
    """True or False.

    Raises InputError where it is neither.

    >>> switch(True, "lowest")
    True
    """
    if not isinstance(value, (bool, np.bool_)):
        raise InputError(f"{name} must be True or False, not {shown(value)}")
    return bool(value)


def word(value: Any, name: str, such_as: str) -> str:
    """A name, such as that of a column.

    Raises InputError where it is no str.

    >>> word("epoch", "by", "epoch")
    'epoch'
    """
    if not isinstance(value, str):
        raise InputError(f"{name} must be a name such as {such_as}, not {shown(value)}")
    return value
