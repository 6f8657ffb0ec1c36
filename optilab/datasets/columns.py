"""Columns of a table as inputs: numbers, truths and words are told apart, and what is none of them is refused by name."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from optilab.datasets.examples import EXACT
from optilab.errors import InputError
from optilab.texts import shown

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["number", "truth", "word"]
Where = Callable[[int], str]  # the place of a row, as a message names it

FEW = 10  # different values that are always classes; more of them are if each has as many examples on average
_DATE = re.compile(
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\d{1,2}:\d{2}|\d{4}-\d{1,2}$|"
    r"(?:\d+\W*)?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\W+\d",
    re.IGNORECASE,
)
_LIKE_NUMBER = re.compile(r"[-+(]?\s?[$€£¥]?\s?[-+]?\d[\d,.' ]*(?:[eE][-+]?\d+)?\s?[%$€£¥)]?")


@dataclass(frozen=True)
class Column:
    """Values of one input, or of a whole array of inputs, which has no name.

    values: of numbers and truths float64 [example, 1 or more], NaN where missing, or uint8 for pixels; of words [example],
        None where missing.
    """

    name: str | None
    kind: Kind
    values: NDArray[Any]

    @property
    def missing(self) -> NDArray[np.bool_]:
        """Whether an example has no value here."""
        if self.kind == "word":
            return np.array([value is None for value in self.values], bool)
        if self.values.dtype == np.uint8:
            return np.zeros(len(self.values), bool)
        found: NDArray[np.bool_] = np.isnan(self.values).any(axis=1)
        return found

    def take(self, rows: NDArray[np.int64]) -> Column:
        """The same of some examples."""
        return Column(self.name, self.kind, self.values[rows])


def column_of(series: pd.Series[Any], name: str, what: str, where: Where, *, chosen: bool) -> Column:
    """A column of a table. InputError for dates, complex numbers, mixed types, and what hardly is an input.

    chosen: the user named this column as an input, so that words are taken as they are.
    """
    told = f"{what}: the column {shown(name)}"
    if series.isna().all():
        raise InputError(f"{told} is empty; leave it out with drop = [{quoted_name(name)}]")
    kind = kind_of(series, told, where)
    if kind != "word":
        return Column(name, kind, _numbers(series, told, where)[:, None])
    words = words_of(series)
    if not chosen and str(series.dtype) != "category":
        _check_words(words, name, told, where)
    return Column(name, kind, words)


def kind_of(series: pd.Series[Any], told: str, where: Where) -> Kind:
    """What the values are. InputError, beginning with `told`, for what is none of numbers, truths and words."""
    from pandas.api import types

    if types.is_bool_dtype(series.dtype):
        return "truth"
    if types.is_complex_dtype(series.dtype):
        raise InputError(f"{told} holds complex numbers; give their real and imaginary parts as columns of their own")
    if types.is_numeric_dtype(series.dtype):
        return "number"
    if str(series.dtype) == "category":
        kind_of(series.cat.categories.to_series(), told, lambda _: "its categories")
        return "word"
    inferred = types.infer_dtype(series, skipna=True)
    if inferred == "string":
        return "word"
    if inferred == "boolean":
        return "truth"
    if inferred in ("integer", "floating", "mixed-integer-float", "decimal"):
        return "number"
    first = series[~series.isna()]
    example = f" ({shown(str(first.iloc[0]))}, first in {where(_position(~series.isna()))})"
    if inferred in ("datetime64", "datetime", "date", "time", "period", "timedelta64", "timedelta", "interval"):
        raise InputError(f"{told} holds {'spans' if 'delta' in inferred else 'dates'}{example}, {_DATES}")
    kinds = sorted({type(value).__name__ for value in first})
    raise InputError(f"{told} holds values of several types ({', '.join(kinds)}){example}; give it one type")


_DATES = "which are not numbers; turn them into numbers such as year and day, or leave the column out with drop"


def words_of(series: pd.Series[Any]) -> NDArray[Any]:
    """Words without blanks around them, None where missing."""
    missing = series.isna().to_numpy()
    return np.array([None if gap else str(v).strip() or None for v, gap in zip(series, missing, strict=True)], object)


def _numbers(series: pd.Series[Any], told: str, where: Where) -> NDArray[np.float64]:
    """Numbers as float64, NaN where missing. InputError for those that float64 can't hold."""
    import pandas as pd

    present = series[~series.isna()]
    whole = pd.api.types.is_integer_dtype(series.dtype) or pd.api.types.infer_dtype(present) == "integer"
    if whole:
        big = np.array([abs(int(v)) > EXACT for v in present]) if _range(present) > EXACT else np.zeros(0, bool)
        if big.any():
            row = int(np.flatnonzero(~series.isna().to_numpy())[np.argmax(big)])
            raise InputError(
                f"{told} holds {shown(int(series.iloc[row]))} ({where(row)}): whole numbers beyond 2**53 are not exact; "
                "if they are names of examples, leave the column out with drop"
            )
    try:
        with np.errstate(over="ignore"):
            numbers = series.astype(object).where(~series.isna(), np.nan).to_numpy(np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"{told} can't be read as numbers: {error}") from None
    if np.isinf(numbers).any():
        raise InputError(f"{told} holds an infinity, first in {where(_position(np.isinf(numbers)))}")
    return numbers


def _range(present: pd.Series[Any]) -> int:
    return max(abs(int(present.min())), abs(int(present.max())))


def _check_words(words: NDArray[Any], name: str, told: str, where: Where) -> None:
    """InputError where words are dates, numbers written otherwise, or hardly ever the same."""
    levels = {word: row for row, word in reversed(list(enumerate(words))) if word is not None}
    some = list(levels)[:1000]
    if all(map(_DATE.match, some)) and _are_dates(some):
        first = min(levels, key=levels.__getitem__)
        raise InputError(f"{told} holds dates ({shown(first)}, first in {where(levels[first])}), {_DATES}")
    odd = [word for word in levels if not _is_number(word)]
    stray = [word for word in odd if not _LIKE_NUMBER.fullmatch(word)]
    if not odd:  # pandas reads all others as numbers
        first = max(levels, key=lambda word: abs(float(word)))
        raise InputError(
            f"{told} holds {shown(first)} ({where(levels[first])}), too large a whole number; drop it if it is a name"
        )
    if len(levels) - len(stray) > len(levels) / 2:
        first = min(stray or odd, key=levels.__getitem__)
        remedy = f"if it stands for a missing value, say na_values = [{quoted_name(first)}]"
        if not stray:
            remedy = 'decimal = "," reads 1,5; other signs must go first'
        raise InputError(
            f"{told} holds numbers, but also {shown(first)} (first in {where(levels[first])}): {remedy}; "
            f"drop = [{quoted_name(name)}] leaves the column out, columns = [{quoted_name(name)}, ...] takes all of it as words"
        )
    count = sum(word is not None for word in words)
    if len(levels) > FEW and count < FEW * len(levels):
        raise InputError(
            f"{told} holds {len(levels)} different words in {count} rows, which hardly tell anything in common: leave it "
            f"out with drop = [{quoted_name(name)}], or name it in columns = [...] to have an input for each word"
        )


def _are_dates(words: list[str]) -> bool:
    import pandas as pd

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return bool(
            pd.to_datetime(pd.Series(words, dtype=object), errors="coerce", format="mixed", utc=True).notna().any()
        )


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _position(flags: Any) -> int:
    """Of the first that is true."""
    return int(np.argmax(np.asarray(flags)))


def quoted_name(name: str) -> str:
    """A name in TOML's notation, as far as a message shows it."""
    text = shown(name)
    return f'"{text[1:-1]}"' if '"' not in text else text
