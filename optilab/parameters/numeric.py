"""Numbers as a person gives them, in a file or from Python: the one place where they are read.

Numbers of NumPy, and arrays of a single one, are numbers like any other. A whole number has to fit 64 bits, as in TOML.
Anything that is no number, or too large, is an InputError.
"""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any

import numpy as np

from optilab.errors import InputError
from optilab.texts import shown

LARGEST = 2**63 - 1  # whole number that tables and files hold
MOST_STEPS = 2**53  # that are still counted one by one in float64


def single(value: Any) -> Any:
    """A number of NumPy, or an array of one, as Python has it; anything else as it is."""
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
        return value.item()
    return value


def is_whole(value: Any) -> bool:
    """Whether it is a whole number, and not true or false."""
    number = single(value)
    return isinstance(number, (int, Integral)) and not isinstance(number, bool)


def is_number(value: Any) -> bool:
    """Whether it is a real number, and not true or false."""
    number = single(value)
    return isinstance(number, (float, int, Real)) and not isinstance(
        number, bool
    )  # the usual ones first: Real takes long


def is_finite(value: Any) -> bool:
    """Whether it is a number, neither infinite nor NaN, that a float can hold."""
    try:
        return is_number(value) and math.isfinite(single(value))
    except OverflowError:
        return False


def as_bool(value: Any, what: str) -> bool:
    """True or false. InputError, which begins with `what`, for anything else."""
    if isinstance(single(value), bool):
        return bool(single(value))
    raise InputError(f"{what} = {shown(value)} is not true or false")


def as_number(value: Any, what: str) -> float:
    """A number, which may be infinite or NaN; whole numbers stay whole.

    InputError, which begins with `what`, for what is no number, and for whole numbers of more than 64 bits.
    """
    number = single(value)
    if isinstance(number, float):
        return float(number)
    if not is_number(number):
        raise InputError(f"{what} = {shown(value)} is not a number")
    if not is_whole(number):
        return float(number)
    if not -LARGEST - 1 <= int(number) <= LARGEST:
        raise InputError(f"{what} = {shown(value)}: a whole number has at most 64 bits, and lies below 2**63")
    return int(number)


def as_finite(value: Any, what: str) -> float:
    """A number that is neither infinite nor NaN. InputError as for `as_number`."""
    number = as_number(value, what)
    if not math.isfinite(number):
        raise InputError(f"{what} = {shown(value)} is not a finite number")
    return number


def as_whole(value: Any, what: str, low: int, high: int = LARGEST) -> int:
    """A whole number from `low` to `high`. InputError, which begins with `what`, for anything else."""
    number = single(value)
    if not is_whole(number) or not low <= int(number) <= high:
        upto = f"from {low} to {high:,}" if high < LARGEST else f"from {low} to 2**63 - 1"
        raise InputError(f"{what} = {shown(value)}: accepted is a whole number {upto}")
    return int(number)
