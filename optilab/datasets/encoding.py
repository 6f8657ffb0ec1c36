"""The encoding of inputs as numbers, learned from the training part and applied to both parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optilab.datasets.columns import InputColumn
from optilab.datasets.scaling import mean_and_deviation
from optilab.errors import InputError
from optilab.texts import shown

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Encoding:
    """An encoding learned from the training part.

    levels: the words of each column of words; each has an input that is 1 where the word stands, else 0.
    means: of each input, for missing values.
    centre, scale: what is subtracted from each input, and what it is divided by then.
    """

    levels: Sequence[tuple[str, ...] | None]
    names: tuple[str, ...]
    means: Numbers
    centre: Numbers
    scale: Numbers

    def apply(self, columns: Sequence[InputColumn]) -> Numbers:
        """The columns as [example, input]."""
        x = _joined(columns, self.levels)
        x = np.where(np.isnan(x), self.means, x) if np.isnan(x).any() else x
        return (x - self.centre) / self.scale


def learned(columns: Sequence[InputColumn], told: str, *, standardize: bool) -> Encoding:
    """The encoding of a training part. InputError for a column that has no value in it."""
    levels = [_levels(column) for column in columns]
    names = tuple(name for column, words in zip(columns, levels, strict=True) for name in _names(column, words))
    x = _joined(columns, levels)
    empty = np.isnan(x).all(axis=0)
    if empty.any():
        which = shown(names[int(np.argmax(empty))])
        raise InputError(f"{told}: {which} has no value in the training part, so no mean; drop it, or split otherwise")
    gaps = np.isnan(x)
    means = np.nanmean(x, axis=0)
    x = np.where(gaps, means, x)
    centre, scale = np.zeros(x.shape[1]), np.ones(x.shape[1])
    if standardize:
        mean, deviation = mean_and_deviation(x, [shown(name) for name in names], told)
        widths = [c.values.shape[1] if words is None else len(words) for c, words in zip(columns, levels, strict=True)]
        number = np.repeat([column.kind == "number" for column in columns], widths)
        centre, scale = np.where(number, mean, 0), np.where(number, deviation, 1)
    return Encoding(levels, names, means, centre, scale)


def unknown_words(encoding: Encoding, columns: Sequence[InputColumn]) -> list[str]:
    """A note for each column with words that are missing in the training part."""
    found = []
    for column, levels in zip(columns, encoding.levels, strict=True):
        if levels is not None:
            known = {None, *levels}
            strange = [word for word in column.values if word not in known]
            if strange:
                found.append(
                    f"{shown(column.name)}: {shown(strange[0])} is in the test part alone ({len(strange)} rows); "
                    "all inputs of this column are 0 there"
                )
    return found


def _levels(column: InputColumn) -> tuple[str, ...] | None:
    return tuple(sorted({w for w in column.values if w is not None})) if column.kind == "word" else None


def _names(column: InputColumn, levels: tuple[str, ...] | None) -> list[str]:
    if levels is not None:
        return [f"{column.name}={word}" for word in levels]
    if column.name is not None:
        return [column.name]
    return [f"input {k}" for k in range(column.values.shape[1])]


def _joined(columns: Sequence[InputColumn], levels: Sequence[tuple[str, ...] | None]) -> Numbers:
    """All columns side by side, NaN where a value is missing."""
    parts = [c.values if words is None else _ones(c.values, words) for c, words in zip(columns, levels, strict=True)]
    joined: Numbers = np.concatenate([part.astype(np.float64, copy=False) for part in parts], axis=1)
    return joined


def _ones(words: NDArray[np.object_], levels: tuple[str, ...]) -> Numbers:
    numbers = {word: k for k, word in enumerate(levels)}
    codes = np.array([-2 if word is None else numbers.get(word, -1) for word in words], np.int64)
    ones: Numbers = (codes[:, None] == np.arange(len(levels))).astype(np.float64)
    ones[codes == -2] = np.nan
    return ones
