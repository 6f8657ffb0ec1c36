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
_NEAR = 0.1  # of an accuracy: one that is as near is much the same
_LARGEST = 2**53  # beyond it float64 doesn't tell whole numbers apart


def is_number(sheet: Sheet, column: str) -> bool:
    """Whether a column holds numbers, nan and inf among them, at least in half of its cells."""
    import pandas as pd

    found = sheet.frame[column]
    if pd.api.types.is_numeric_dtype(found):
        return True
    return _are_numbers(_words(sheet, found.dropna().head(_LOOKED_AT)))


def is_percent(sheet: Sheet, column: str) -> bool:
    """Whether at least half of a column's cells are numbers, and some have a percent sign behind them."""
    found = sheet.frame[column].dropna().head(_LOOKED_AT).astype(str).str.strip()
    signed = found.str.endswith("%")
    return bool(signed.any()) and _are_numbers(_words(sheet, found.str.removesuffix("%")))


def _are_numbers(words: pd.Series[Any]) -> bool:
    """Whether at least half of some words are numbers."""
    import pandas as pd

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
    runs: NDArray[np.integer[Any]] | None = None,
    order: NDArray[np.integer[Any]] | None = None,
) -> list[str]:
    """Bring accuracies in percent to shares, in place, and say so.

    groups: by which rows belong together, as by problem. runs: the number of the run of each row. order: of rows, run by run and by
    their place in it. InputError for one that can't be an accuracy, and for a column of which a part is in shares and another in
    percent: a group, a run, or a row of a run.
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
            if runs is not None and order is not None:
                _refuse_mixed_runs(sheet, column, finite, runs, order)
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


def _refuse_mixed_runs(
    sheet: Sheet,
    column: str,
    found: NDArray[np.float64],
    runs: NDArray[np.integer[Any]],
    order: NDArray[np.integer[Any]],
) -> None:
    """InputError where a run, or a row of one, seems to be in shares beside others in percent.

    An accuracy below 1% is no share: at first, or of a run that went wrong. So only a run all of which lies from 0 to 1 is refused, if a
    hundred times its best is what others come to; and a row behind one in percent, if a hundred times its value is much the same.
    """
    import pandas as pd

    most = pd.Series(found).groupby(runs).transform("max").to_numpy()
    usual = most[most > 1]
    shares = (most > 0) & (most <= 1)
    alike = (100 * most >= (1 - _NEAR) * usual.min()) & (100 * most <= (1 + _NEAR) * usual.max())
    before = np.r_[0.0, found[order][:-1]]
    same = np.r_[False, runs[order][1:] == runs[order][:-1]]
    inside = np.zeros(len(found), bool)
    now = found[order]
    inside[order] = same & (before > 1) & (now > 0) & (now <= 1) & (np.abs(100 * now - before) <= _NEAR * before)
    odd = ((shares & alike) | inside) & (found > 0)
    if odd.any():
        share, percent = int(np.argmax(odd)), int(np.argmax(found > 1))
        raise InputError(
            f"{sheet.what}, column {shown(column)}: {sheet.place(share)} has {found[share]:g}, which seems to be a share, but "
            f"{sheet.place(percent)} has {found[percent]:g}, which is in percent; write all as shares from 0 to 1"
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
    percent = unread & words.str.endswith("%")
    _refuse(sheet, column, percent.to_numpy(), "is no number; write it without %")
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
