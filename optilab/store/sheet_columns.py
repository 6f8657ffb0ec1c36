"""Columns of a table as texts, whole numbers and numbers; what doesn't fit is named with its line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from optilab.errors import InputError
from optilab.store.separated import Sheet
from optilab.texts import shown

if TYPE_CHECKING:
    import pandas as pd

NAN = ("nan", "-nan", "+nan")  # as files have it
_LARGEST = 2**53  # beyond it float64 doesn't tell whole numbers apart


def texts(sheet: Sheet, column: str) -> pd.Series[Any]:
    """A column as texts without blanks around them. InputError for an empty cell."""
    found = sheet.frame[column]
    words = found.astype(object).where(found.notna(), "").astype(str).str.strip()
    _refuse(sheet, column, (words == "").to_numpy(), "is empty; give it a name")
    return words


def integers(sheet: Sheet, column: str) -> NDArray[np.int64]:
    """A column as whole numbers. InputError for a cell that is none."""
    found = _floats(sheet, column, "number the repetitions 0, 1, 2, ...")
    with np.errstate(invalid="ignore"):
        odd = ~(np.isfinite(found) & (found == np.round(found)) & (np.abs(found) <= _LARGEST))
    _refuse(sheet, column, odd, "is no whole number; number the repetitions 0, 1, 2, ...")
    return found.astype(np.int64)


def numbers(sheet: Sheet, column: str, *, least: float | None = None, gaps: bool = False) -> NDArray[np.float64]:
    """A column as numbers; nan and inf are some. InputError for a cell that is none, or below `least`, which must be finite too.

    gaps: whether cells that are empty are missing values of a measure.
    """
    remedy = "a number, nan, inf or nothing is accepted" if gaps else "a number is accepted"
    found = _floats(sheet, column, remedy)
    if least is not None:
        with np.errstate(invalid="ignore"):
            odd = ~(np.isfinite(found) & (found >= least))
        _refuse(sheet, column, odd, f"is no number from {least:g}")
    return found


def accuracies(sheet: Sheet, values: dict[str, NDArray[np.float64]], columns: dict[str, str]) -> list[str]:
    """Bring accuracies in percent to shares, in place, and say so. InputError for one that can't be an accuracy."""
    notes = []
    for name, column in columns.items():
        if not name.endswith("accuracy"):
            continue
        found = values[name]
        finite = np.where(np.isfinite(found), found, 0.0)
        _refuse(sheet, column, (finite < 0) | (finite > 100), "is no accuracy, which is from 0 to 1, or 100 in percent")
        if finite.max(initial=0) > 1:
            values[name] = found / 100
            notes.append(f"{column} is in percent, and was divided by 100.")
    return notes


def _floats(sheet: Sheet, column: str, remedy: str) -> NDArray[np.float64]:
    """A column as float64. InputError, which ends in `remedy`, for a cell that is neither a number nor empty."""
    import pandas as pd

    found = sheet.frame[column]
    if pd.api.types.is_bool_dtype(found):
        _refuse(sheet, column, np.ones(len(found), bool), f"is no number; {remedy}")
    if pd.api.types.is_numeric_dtype(found):
        return found.to_numpy(np.float64, na_value=np.nan)
    words = found.astype(object).where(found.notna(), "nan").astype(str).str.strip().str.lower()
    made = pd.to_numeric(words.replace("", "nan"), errors="coerce")
    unread = made.isna() & ~words.isin(["", *NAN])
    _refuse(sheet, column, unread.to_numpy(), f"is no number; {remedy}")
    return made.to_numpy(np.float64)


def _refuse(sheet: Sheet, column: str, odd: Iterable[Any], why: str) -> None:
    """InputError for the first cell that is odd, with its place and its content."""
    flags = np.asarray(odd, bool)
    if flags.any():
        row = int(np.argmax(flags))
        cell = sheet.frame[column].iloc[row]
        cell = cell.item() if isinstance(cell, np.generic) else cell
        told = "an empty cell" if cell is None or cell != cell else shown(cell)  # noqa: PLR0124  # NaN
        raise InputError(f"{sheet.what}, {sheet.place(row)}, column {shown(column)}: {told} {why}")
