"""Columns of a table as inputs: numbers, booleans or words; a column of anything else is refused by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from optilab.datasets.examples import EXACT
from optilab.datasets.words import NO_NUMBERS, Where, check_words, quoted_name
from optilab.errors import InputError
from optilab.texts import shown

if TYPE_CHECKING:
    import pandas as pd

ValueKind = Literal["number", "truth", "word"]

FEW = 10  # so many different values are always classes; more are if each has as many examples on average


@dataclass(frozen=True)
class InputColumn:
    """Values of one input, or of a whole array of inputs, which has no name.

    values: of numbers and booleans float64 [example, 1 or more], NaN where missing, or uint8 for pixels; of words [example],
        None where missing.
    """

    name: str | None
    kind: ValueKind
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

    def take(self, rows: NDArray[np.int64]) -> InputColumn:
        """The column restricted to these examples."""
        return InputColumn(self.name, self.kind, self.values[rows])


def column_of(series: pd.Series[Any], name: str, what: str, where: Where, *, chosen: bool) -> InputColumn:
    """A column of a table. InputError for dates, complex numbers, mixed types, and what hardly is an input.

    chosen: the user named this column as an input, so that words are taken as they are.
    """
    told = f"{what}: the column {shown(name)}"
    if series.isna().all():
        raise InputError(f"{told} is empty; leave it out with drop = [{quoted_name(name)}]")
    kind = kind_of(series, told, where)
    if kind != "word":
        numbers = _numbers(series, told, where)
        if not chosen and _are_days(numbers):
            day = _position(~np.isnan(numbers))
            raise InputError(
                f"{told} holds dates ({numbers[day]:.0f}, first in {where(day)}), {NO_NUMBERS}; columns = "
                f"[{quoted_name(name)}, ...] takes them as the numbers they are written as"
            )
        return InputColumn(name, kind, numbers[:, None])
    words = words_of(series)
    if not chosen and str(series.dtype) != "category":
        check_words(words, told, where, _REMEDIES.format(quoted_name(name)), texts_may_be_numbers=False)
        _check_common(words, name, told)
    return InputColumn(name, kind, words)


def kind_of(series: pd.Series[Any], told: str, where: Where) -> ValueKind:
    """The kind of the values. InputError, beginning with `told`, for anything but numbers, booleans and words."""
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
        what = "spans of time" if "delta" in inferred else "intervals" if inferred == "interval" else "dates"
        raise InputError(f"{told} holds {what}{example}, {NO_NUMBERS}")
    kinds = sorted({type(value).__name__ for value in first})
    if kinds == ["str"]:  # of a type that pandas doesn't know as texts, such as PyArrow's dictionary
        return "word"
    if len(kinds) == 1:
        raise InputError(f"{told} holds values of type {kinds[0]}{example}; give numbers or texts")
    raise InputError(f"{told} holds values of several types ({', '.join(kinds)}){example}; give it one type")


_REMEDIES = "drop = [{0}] leaves the column out, columns = [{0}, ...] takes all of it as words"


def _check_common(words: NDArray[Any], name: str, told: str) -> None:
    """InputError for words that hardly ever repeat, as names don't."""
    present = [word for word in words if word is not None]
    levels = len(set(present))
    if levels > FEW and len(present) < FEW * levels:
        raise InputError(
            f"{told} holds {levels} different words in {len(present)} rows, which hardly ever repeat: leave it "
            f"out with drop = [{quoted_name(name)}], or name it in columns = [...] to have an input for each word"
        )


def words_of(series: pd.Series[Any]) -> NDArray[Any]:
    """Words without blanks around them, None where missing."""
    missing = series.isna().to_numpy()
    return np.array([None if gap else str(v).strip() or None for v, gap in zip(series, missing, strict=True)], object)


def _numbers(series: pd.Series[Any], told: str, where: Where) -> NDArray[np.float64]:
    """Numbers as float64, NaN where missing. InputError for those that float64 can't hold."""
    import pandas as pd

    missing = series.isna()
    present = series[~missing]
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
            plain = series if series.dtype != object else series.where(~missing, np.nan)
            numbers = plain.to_numpy(np.float64, na_value=np.nan)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"{told} can't be read as numbers: {error}") from None
    if np.isinf(numbers).any():
        raise InputError(f"{told} holds an infinity, first in {where(_position(np.isinf(numbers)))}")
    return numbers


def _are_days(numbers: NDArray[np.float64]) -> bool:
    """Whether all are days of 1900 to 2099 as 20201231, and several of them."""
    present = numbers[~np.isnan(numbers)]
    if not len(present) or present.min() < 19000101 or present.max() > 20991231 or (present % 1).any():
        return False
    import pandas as pd

    different = pd.Series(np.unique(present).astype(np.int64).astype(str))
    return len(different) > 1 and bool(pd.to_datetime(different, format="%Y%m%d", errors="coerce").notna().all())


def _range(present: pd.Series[Any]) -> int:
    return max(abs(int(present.min())), abs(int(present.max())))


def _position(flags: Any) -> int:
    """Position of the first that is true."""
    return int(np.argmax(np.asarray(flags)))
