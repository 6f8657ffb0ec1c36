"""Columns of a table as texts, whole numbers and numbers; what doesn't fit is named with its line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from optilab.errors import InputError
from optilab.store.separated import WITH_COMMA, WITH_POINT, Sheet
from optilab.texts import shown

if TYPE_CHECKING:
    import pandas as pd

NAN = ("nan", "-nan", "+nan")  # as files have it
_LOOKED_AT = 10_000  # cells of a column from which its kind is told
_THOUSANDS = r"[-+]?[1-9]\d{0,2},\d{3}"
_LARGEST = 2**53  # beyond it float64 doesn't tell whole numbers apart


def is_number(sheet: Sheet, column: str) -> bool:
    """Whether a column holds numbers, nan and inf among them, at least in half of its cells."""
    import pandas as pd

    found = sheet.frame[column]
    if pd.api.types.is_numeric_dtype(found):
        return True
    words = _words(sheet, found.dropna().head(_LOOKED_AT))
    read = pd.to_numeric(words, errors="coerce").notna() | words.isin(NAN)
    return bool(len(read) and read.mean() >= 0.5)


def texts(sheet: Sheet, column: str) -> pd.Series[Any]:
    """A column as texts without blanks around them. InputError for an empty cell."""
    found = sheet.frame[column]
    words = found.astype(object).where(found.notna(), "").astype(str).str.strip()
    _refuse(sheet, column, (words == "").to_numpy(), "names nothing; give it a name")
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


def written_nan(sheet: Sheet, column: str) -> NDArray[np.bool_]:
    """In which cells of a column nan is written; a DataFrame's own NaN is an empty cell, and so is None."""
    import pandas as pd

    found = sheet.frame[column]
    if pd.api.types.is_numeric_dtype(found):
        return np.zeros(len(found), bool)
    return (found.notna() & _words(sheet, found).isin(NAN)).to_numpy(bool)


def accuracies(
    sheet: Sheet,
    values: dict[str, NDArray[np.float64]],
    columns: dict[str, str],
    groups: Sequence[pd.Series[Any]] = (),
) -> list[str]:
    """Bring accuracies in percent to shares, in place, and say so.

    groups: by which rows belong together, as by problem. InputError for one that can't be an accuracy, and for a column in which one
    group is in shares and another in percent.
    """
    notes = []
    for name, column in columns.items():
        if not name.endswith("accuracy"):
            continue
        found = values[name]
        finite = np.where(np.isfinite(found), found, 0.0)
        _refuse(sheet, column, (finite < 0) | (finite > 100), "is no accuracy, which is from 0 to 1, or 100 in percent")
        if finite.max(initial=0) > 1:
            _refuse_mixed(sheet, column, finite, groups)
            values[name] = found / 100
            notes.append(f"{column} is in percent, and was divided by 100.")
    return notes


def _refuse_mixed(sheet: Sheet, column: str, found: NDArray[np.float64], groups: Sequence[pd.Series[Any]]) -> None:
    """InputError where all values of a group are from 0 to 1, and not all are 0, beside others above 1."""
    import pandas as pd

    for by in groups:
        most = pd.Series(found).groupby(by.to_numpy()).transform("max").to_numpy()
        shares = (most > 0) & (most <= 1)
        if shares.any():
            share = int(np.argmax(shares & (found > 0)))
            percent = int(np.argmax(found > 1))
            raise InputError(
                f"{sheet.what}, column {shown(column)}: {sheet.place(share)} has {found[share]:g}, and all of {shown(by.iloc[share])} "
                f"lie from 0 to 1, but {sheet.place(percent)} has {found[percent]:g}, which is in percent; write all as shares from "
                "0 to 1"
            )


def _floats(sheet: Sheet, column: str, remedy: str) -> NDArray[np.float64]:
    """A column as float64. InputError, which ends in `remedy`, for a cell that is neither a number nor empty."""
    import pandas as pd

    found = sheet.frame[column]
    if pd.api.types.is_bool_dtype(found):
        _refuse(sheet, column, np.ones(len(found), bool), f"is no number; {remedy}")
    if pd.api.types.is_numeric_dtype(found):
        return found.to_numpy(np.float64, na_value=np.nan)
    words = _words(sheet, found.astype(object).where(found.notna(), "nan"))
    made = pd.to_numeric(words.replace("", "nan"), errors="coerce")
    unread = made.isna() & ~words.isin(["", *NAN])
    _refuse(sheet, column, unread.to_numpy(), f"is no number; {remedy}")
    return made.to_numpy(np.float64)


def _words(sheet: Sheet, found: pd.Series[Any]) -> pd.Series[Any]:
    """Cells as small letters, with points for decimal commas, where those are the file's, or can be nothing else in this column."""
    words = found.astype(str).str.strip().str.lower()
    if sheet.separator == ",":
        return words
    has_comma = words.str.fullmatch(WITH_COMMA.pattern)
    thousands = words[has_comma].str.fullmatch(_THOUSANDS).all() or words.str.fullmatch(WITH_POINT.pattern).any()
    if sheet.decimal != "," and thousands:
        return words
    return words.mask(has_comma, words.str.replace(",", ".", regex=False))


def _refuse(sheet: Sheet, column: str, odd: Iterable[Any], why: str) -> None:
    """InputError for the first cell that is odd, with its place and its content."""
    import pandas as pd

    flags = np.asarray(odd, bool)
    if flags.any():
        row = int(np.argmax(flags))
        cell = sheet.frame[column].iloc[row]
        cell = cell.item() if isinstance(cell, np.generic) else cell
        told = "an empty cell" if pd.api.types.is_scalar(cell) and pd.isna(cell) else shown(cell)
        raise InputError(f"{sheet.what}, {sheet.place(row)}, column {shown(column)}: {told} {why}")
