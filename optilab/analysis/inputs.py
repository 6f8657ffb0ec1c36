"""What the statistics are handed, checked: numbers without NaN, tables of scores and their differences."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from optilab.analysis.levels import switch
from optilab.errors import InputError
from optilab.texts import shown

_DIGITS = 12  # significant digits of a score; what is beyond them is noise of float64
_HUGE = 1e300  # rounding a larger number may overflow


_NO_VALUE = "a run without a value must be infinite, or left out by name"


def numbers(values: ArrayLike | pd.Series[Any], name: str, remedy: str = _NO_VALUE) -> NDArray[np.float64]:
    """The values as float64, of shape (n,); infinite ones are let through.

    values: a sequence, an array or a Series of numbers. name: of the argument, for messages. remedy: for a missing value.

    Raises InputError where the values are not numbers, have another shape, or are NaN or masked: a run without a value must be
    infinite or left out by name, for NaN would leave it out in silence.

    >>> numbers([1, float("inf")], "costs").tolist()
    [1.0, inf]
    """
    found = floats(values)
    if found is None:
        raise InputError(f"{name} must be numbers, not {shown(values)}")
    if found.ndim != 1:
        raise InputError(f"{name} must have one dimension, not the shape {found.shape}")
    if np.isnan(found).any():
        first = int(np.flatnonzero(np.isnan(found))[0])
        label = values.index.tolist()[first] if isinstance(values, pd.Series) else first
        raise InputError(f"{name}[{shown(label)}] is NaN; {remedy}")
    return found


def floats(values: Any) -> NDArray[np.float64] | None:
    """Numbers as float64, of any shape; NaN for what is missing or masked. None for anything else: texts, dates, complex numbers.

    What a text or a date is converted to depends on what it comes in: in none is it a number.

    >>> floats(np.ma.array([1, 2], mask=[False, True])).tolist(), floats(pd.Series(["1"])), floats(pd.Series(["2020"], dtype="M8[s]"))
    ([1.0, nan], None, None)
    """
    if type(values) in (np.ndarray, pd.Series) and values.dtype == np.float64:  # as most are
        return np.array(values)
    try:
        if isinstance(values, pd.DataFrame):
            columns = [floats(values.iloc[:, k]) for k in range(values.shape[1])]
            there = [column for column in columns if column is not None]
            whole = np.stack(there, axis=1) if there else np.empty(values.shape)
            return whole if len(there) == len(columns) else None
        if isinstance(values, (pd.Series, pd.Index, pd.api.extensions.ExtensionArray)):
            missing: Any = np.asarray(values.isna())
            kind = getattr(values.dtype, "kind", "O")
            made = values.to_numpy(object if kind == "O" else np.float64, na_value=np.nan) if kind in "biufO" else None
        else:
            missing = np.ma.getmaskarray(values) if isinstance(values, np.ma.MaskedArray) else np.False_
            made = np.asarray(np.ma.getdata(values) if isinstance(values, np.ma.MaskedArray) else values)
        if made is None or made.dtype.kind not in "biufO":
            return None
        if made.dtype.kind == "O" and any(isinstance(one, (str, bytes)) for one in made.ravel().tolist()):
            return None
        return np.where(missing, np.nan, np.where(missing, 0.0, made).astype(np.float64))
    except (TypeError, ValueError, OverflowError):
        return None


def diverged_last(scores: NDArray[np.float64], lowest: bool) -> NDArray[np.float64]:
    """The scores, with each infinite one, of either sign, at the bad end: inf where the lowest is best, else -inf.

    An infinite score is that of a run that diverged, whichever way its score is read.

    >>> diverged_last(np.array([0.5, np.inf]), lowest=False).tolist()
    [0.5, -inf]
    """
    return np.where(np.isinf(scores), np.inf if lowest else -np.inf, scores)


def checked_scores(scores: pd.DataFrame, lowest: bool) -> pd.DataFrame:
    """Scores as float64 of twelve significant digits, columns in the order of their names, infinite ones at the bad end.

    scores: a row a problem, a column a method. lowest: whether the lowest score is best.

    Raises InputError where a score is no number or is missing, which means that a method was not run there, and where two
    rows or two columns have one name.

    >>> checked_scores(pd.DataFrame({"b": [1, float("inf")], "a": [2, 3]}), lowest=False).to_numpy().tolist()
    [[2.0, 1.0], [3.0, -inf]]
    """
    if not isinstance(scores, pd.DataFrame):
        raise InputError(f"scores must be a DataFrame, a row a problem and a column a method, not {shown(scores)}")
    lowest = switch(lowest, "lowest")
    if not scores.index.is_unique:
        twice = scores.index[scores.index.duplicated()].tolist()[0]
        raise InputError(
            f"scores has the row {shown(twice)} twice; give one number a problem, such as the median over seeds"
        )
    if not scores.columns.is_unique:
        twice = scores.columns[scores.columns.duplicated()].tolist()[0]
        raise InputError(f"scores has the column {shown(twice)} twice")
    found = floats(scores)
    if found is None:
        raise InputError("scores must be numbers: a row a problem, a column a method")
    values = pd.DataFrame(found, scores.index, scores.columns)
    if values.isna().any(axis=None):
        row, column = np.argwhere(values.isna().to_numpy())[0]
        place = f"row {shown(values.index.tolist()[row])}, column {shown(values.columns.tolist()[column])}"
        raise InputError(f"scores has no value in {place}; leave out the problem or the method, or give inf")
    ordered = sorted(values.columns, key=str)
    rounded = values[ordered].map(lambda score: _rounded(score, abs(score)))
    return pd.DataFrame(diverged_last(rounded.to_numpy(), lowest), values.index, ordered)


def differences(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """The differences a - b, element by element, of two arrays of one shape (n,).

    Infinity less a finite number is infinite; of two infinite ones of one sign it is 0, a tie. Each difference is rounded to
    twelve significant digits of the larger of its two scores, at which scores read from tables are exact: else
    .768 - .763 and .12 - .115 would differ by noise, and a tie would be broken.

    >>> differences(np.array([0.768, np.inf, np.inf]), np.array([0.763, 1.0, np.inf])).tolist()
    [0.005, inf, 0.0]
    """
    with np.errstate(invalid="ignore", over="ignore"):
        exact = np.where(a == b, 0.0, a - b)
    scales = np.maximum(np.abs(a), np.abs(b))
    return np.array([_rounded(d, scale) for d, scale in zip(exact.tolist(), scales.tolist(), strict=True)], np.float64)


def significant(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values of shape (n,) rounded to the digits that `differences` goes by, so that scores which tie there tie in any comparison.

    >>> significant(np.array([0.1 + 0.2, np.inf])).tolist()
    [0.3, inf]
    """
    return np.array([_rounded(value, abs(value)) for value in values.tolist()], np.float64)


def _rounded(difference: float, scale: float) -> float:
    """A difference without the digits that scores of this scale do not have."""
    if not 0 < abs(difference) < _HUGE or scale > _HUGE:
        return difference
    return round(difference, _DIGITS - 1 - math.floor(math.log10(scale))) + 0.0  # -0.0 becomes 0.0
