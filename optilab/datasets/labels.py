"""Labels: classes or numbers to predict, by their type or by the user's options."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optilab.datasets.columns import FEW, column_of, kind_of, words_of
from optilab.datasets.options import Preparation
from optilab.datasets.words import Where, check_words
from optilab.errors import InputError
from optilab.texts import shown

_MANY = 100  # more different whole numbers than this are taken for counts, not classes


@dataclass(frozen=True)
class Labels:
    """The label of each example.

    values: of classes [example], texts, whole numbers or booleans, None where missing; of numbers float64, [example] or
        [example, output], NaN where missing.
    """

    are_classes: bool
    values: NDArray[Any]

    @property
    def missing(self) -> NDArray[np.bool_]:
        """Whether an example has no label."""
        if self.are_classes:
            return np.array([value is None for value in self.values], bool)
        found: NDArray[np.bool_] = np.isnan(self.values.reshape(len(self.values), -1)).any(axis=1)
        return found

    def take(self, rows: NDArray[np.int64]) -> Labels:
        """The labels of these examples."""
        return Labels(self.are_classes, self.values[rows])


def labels_of(given: Any, told: str, what: str, where: Where, options: Preparation) -> Labels:
    """Labels of any kind. InputError, which begins with `told`, for what can't be one label an example.

    given: a Series, or an array; a table of numbers is several outputs an example.
    """
    import pandas as pd

    if isinstance(given, pd.DataFrame):
        given = given.to_numpy() if given.shape[1] != 1 else given.iloc[:, 0]
    if not isinstance(given, pd.Series):
        given = given[:, 0] if given.shape[1:] == (1,) else given
        if given.ndim != 1:
            return _several(given, told, options)
        given = pd.Series(given, dtype=object if given.dtype.kind in "OUT" else None)
    if given.isna().all():
        raise InputError(f"{told} is empty" if len(given) else f"{what} is empty")
    kind = kind_of(given, told, where)
    if options.numbers:
        if kind == "word":
            raise InputError(f"{told}: numbers = true, but the labels are not numbers")
        return Labels(False, column_of(given, "", what, where, chosen=True).values[:, 0])
    present = ~given.isna().to_numpy()
    if kind == "number":
        whole = _whole(given)
        if not options.classes and not pd.api.types.is_integer_dtype(given.dtype) and not whole.all_are_int:
            return Labels(False, _checked_numbers(given, told, what, where))
        values = whole.values
    elif kind == "truth":
        values = np.array([bool(v) if there else None for v, there in zip(given, present, strict=True)], object)
    else:
        values = words_of(given)
        if not options.classes and str(given.dtype) != "category":
            check_words(values, told, where, "classes = true takes all of them as classes", texts_may_be_numbers=True)
    if not options.classes:
        _check_few(values, told)
    return Labels(True, values)


@dataclass(frozen=True)
class _Whole:
    """Numbers as class labels; `all_are_int` where their type says so, which an array of objects may."""

    values: NDArray[Any]
    all_are_int: bool


def _whole(given: Any) -> _Whole:
    present = ~given.isna().to_numpy()
    found = [v for v, there in zip(given, present, strict=True) if there]
    ints = all(isinstance(v, (int, np.integer)) for v in found)
    as_int = all(float(v).is_integer() for v in found)
    plain = [None if not t else int(v) if as_int else float(v) + 0.0 for v, t in zip(given, present, strict=True)]
    return _Whole(np.array(plain, object), ints)


def _checked_numbers(given: Any, told: str, what: str, where: Where) -> NDArray[np.float64]:
    try:
        return column_of(given, "", what, where, chosen=True).values[:, 0]
    except InputError as error:
        raise InputError(str(error).replace(f"{what}: the column ''", told)) from None


def _several(given: NDArray[Any], told: str, options: Preparation) -> Labels:
    """Several outputs an example, which are numbers."""
    numbers = np.issubdtype(given.dtype, np.floating)
    whole = np.issubdtype(given.dtype, np.integer) or given.dtype == bool
    if given.ndim != 2 or not (numbers or (whole and options.numbers)) or options.classes:
        remedy = "; numbers = true predicts several numbers an example" if given.ndim == 2 and whole else ""
        raise InputError(f"{told} has shape {given.shape}; expected one label an example{remedy}")
    values = given.astype(np.float64)
    if np.isinf(values).any():
        raise InputError(f"{told} holds a NaN or an infinity, first in row {int(np.argwhere(np.isinf(values))[0][0])}")
    return Labels(False, values)


def _check_few(values: NDArray[Any], told: str) -> None:
    """InputError for too many different labels to be classes."""
    present = [v for v in values if v is not None]
    different = len(set(present))
    what = "words" if isinstance(present[0], str) else "whole numbers"
    rare = different > FEW and len(present) < FEW * different
    if rare or (different > _MANY and what == "whole numbers"):
        raise InputError(
            f"{told} holds {different} different {what} in {len(present)} examples: if the labels are numbers to predict, "
            "say numbers = true; if they are classes, classes = true"
        )


def class_names(labels: Labels, told: str) -> list[Any]:
    """The distinct classes, sorted. InputError if there are fewer than two."""
    names = sorted({v for v in labels.values if v is not None})
    if len(names) < 2:
        raise InputError(f"{told} holds one class only, {shown(names[0])}: there is nothing to tell apart")
    return names


def class_numbers(labels: Labels, names: list[Any], told: str, where: Where) -> NDArray[np.int64]:
    """The number of each label's class. InputError for a class that isn't among `names`."""
    numbers = {name: k for k, name in enumerate(names)}
    found = np.array([numbers.get(v, -1) for v in labels.values], np.int64)
    if found.size and found.min() < 0:
        row = int(np.argmin(found))
        raise InputError(
            f"{told}: the test label {shown(labels.values[row])} ({where(row)}) is not among the training labels; "
            "if the labels are numbers to predict, say numbers = true"
        )
    return found
