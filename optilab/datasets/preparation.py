"""From columns and labels to examples: missing values, the split, words as inputs, scales."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optilab.datasets.columns import InputColumn
from optilab.datasets.encoding import learned, unknown_words
from optilab.datasets.examples import Examples
from optilab.datasets.labels import Labels, class_names, class_numbers
from optilab.datasets.options import Preparation
from optilab.datasets.scaling import differ_in_scale, far_from_zero, mean_and_deviation
from optilab.datasets.splitting import split
from optilab.datasets.words import Where
from optilab.errors import InputError
from optilab.texts import shown

Rows = NDArray[np.int64]
_WORDS = "; NA, null, None and the like count as missing"


@dataclass(frozen=True)
class DataPart:
    """A part of a dataset as it was read.

    what: as a message begins, "dataset 'my.csv'". inputs, labels: as a message calls them, "x_train", "the label 'price'".
    where: place of a row of `rows`, which numbers the examples in their file or array.
    notes: what was noticed when it was read.
    """

    what: str
    inputs: str
    labels: str
    columns: Sequence[InputColumn]
    y: Labels
    where: Where
    rows: Rows
    notes: tuple[str, ...] = ()

    def place(self, k: int) -> str:
        """The place of example k in its file or array."""
        return self.where(int(self.rows[k]))

    def take(self, chosen: Rows) -> DataPart:
        """The part restricted to these examples."""
        columns = [column.take(chosen) for column in self.columns]
        return DataPart(
            self.what, self.inputs, self.labels, columns, self.y.take(chosen), self.where, self.rows[chosen]
        )


def prepared(
    train: DataPart, test: DataPart | None, options: Preparation, image: tuple[int, int] | None = None
) -> Examples:
    """The examples of a training and a test part; without a test part, the training part is split.

    InputError, with the row's place and the column's name, for what can't be used.
    """
    notes = list(train.notes)
    train = _complete(train, options, notes)
    names = class_names(train.y, f"{train.what}: {train.labels}") if train.y.are_classes else None
    if test is None:
        numbers = class_numbers(train.y, names, "", train.place) if names else None
        kept, tested = split(len(train.rows), options.test_fraction, options.split_seed, numbers)
        train, test = train.take(kept), train.take(tested)
    else:
        test = _complete(test, options, notes)
        if test.y.are_classes != train.y.are_classes:
            kinds = ["classes" if part.y.are_classes else "numbers" for part in (train, test)]
            raise InputError(
                f"{train.what}: {train.labels} are {kinds[0]}, {test.labels} are {kinds[1]}; say classes = true or numbers = true"
            )
    x, input_names = _inputs(train, test, options, notes)
    y = [class_numbers(p.y, names, f"{p.what}", p.place) if names else p.y.values for p in (train, test)]
    if names is None:
        y = _targets(train, y, options, notes)
    elif options.scale_targets:
        raise InputError(
            f"{train.what}: scale_targets = true, but the labels are classes; numbers = true makes them numbers"
        )
    classes = tuple(str(name) for name in names) if names else None
    return Examples(x[0], y[0], x[1], y[1], classes, image, inputs=input_names, notes=tuple(notes))


def _complete(part: DataPart, options: Preparation, notes: list[str]) -> DataPart:
    """A part without the examples whose missing values are not filled in. InputError if these are refused."""
    gaps = [column.missing for column in part.columns]
    no_input, no_label = np.logical_or.reduce(gaps), part.y.missing
    if options.missing == "drop":
        whole = np.flatnonzero(~(no_input | no_label))
        if not len(whole):
            raise InputError(f"{part.what}: every example misses something; leave the emptiest columns out with drop")
        if len(whole) < len(no_label):
            notes.append(f"{len(no_label) - len(whole)} of {len(no_label)} examples are left out: a value is missing")
        return part.take(whole)
    if no_label.any():
        k = int(np.argmax(no_label))
        remedy = 'missing = "drop" leaves out the examples without one'
        raise InputError(f"{_at(part, k, part.labels)}; {remedy} ({no_label.sum()} of {len(no_label)}){_WORDS}")
    if no_input.any():
        if options.missing == "refuse":
            k = int(np.argmax(no_input))
            column = part.columns[next(i for i, gap in enumerate(gaps) if gap[k])]
            told = part.inputs if column.name is None else f"the column {shown(column.name)}"
            raise InputError(
                f'{_at(part, k, told)}; missing = "drop" leaves out such examples ({no_input.sum()} of {len(no_input)}), '
                f'missing = "mean" fills in the mean{_WORDS}'
            )
        count = sum(int(gap.sum()) for gap in gaps)
        notes.append(f"{count} missing values are filled with the mean of the training part")
    return part


def _at(part: DataPart, k: int, told: str) -> str:
    """The words for what is missing where: arrays hold a NaN, columns of a table are empty."""
    if told.startswith(("x_", "y_")):
        return f"{part.what}: {told} holds a NaN or an infinity, first in {part.place(k)}"
    return f"{part.what}, {part.place(k)}: {told} is empty"


def _inputs(
    train: DataPart, test: DataPart, options: Preparation, notes: list[str]
) -> tuple[list[NDArray[Any]], tuple[str, ...] | None]:
    """The inputs of both parts, and their names."""
    pixels = [part.columns[0].values for part in (train, test) if part.columns[0].values.dtype == np.uint8]
    if len(pixels) == 2 and not options.standardize:
        return pixels, None
    encoding = learned(train.columns, train.what, standardize=options.standardize)
    notes += unknown_words(encoding, test.columns)
    x: list[NDArray[Any]] = [encoding.apply(part.columns) for part in (train, test)]
    if not options.standardize:
        notes += _range_hint(x[0]) if options.image else _scale_hint(train.columns)
    return x, None if train.columns[0].name is None else encoding.names


def _range_hint(x: NDArray[Any]) -> list[str]:
    """A sentence if pixels go far beyond 0 to 1."""
    low, high = float(x.min()), float(x.max())
    told = f"the pixels go from {low:.4g} to {high:.4g}: standardize = true brings each to mean 0 and deviation 1"
    return [told] if max(-low, high) > 10 else []


def _scale_hint(columns: Sequence[InputColumn]) -> list[str]:
    """A sentence if the scales of inputs differ by a factor of ten, or one is further from 0 than ten deviations."""
    numbers = [column for column in columns if column.kind == "number"]
    if not numbers:
        return []
    values = np.concatenate([column.values.astype(np.float64, copy=False) for column in numbers], axis=1)
    names = [name for column in numbers for name in _names(column)]
    values = np.where(np.isnan(values), np.nanmean(values, axis=0), values)
    remedy = "standardize = true brings each input to mean 0 and deviation 1"
    if pair := differ_in_scale(values):
        told = " and ".join(f"{shown(names[k])} deviates by {values[:, k].std():.3g}" for k in pair)
        return [f"the inputs differ in scale ({told}): {remedy}"]
    if (far := far_from_zero(values)) is not None:
        told = f"mean {values[:, far].mean():.4g}, deviation {values[:, far].std():.3g}"
        return [f"the input {shown(names[far])} is far from 0 ({told}): {remedy}"]
    return []


def _names(column: InputColumn) -> list[str]:
    return [f"input {k}" for k in range(column.values.shape[1])] if column.name is None else [column.name]


def _targets(train: DataPart, y: list[NDArray[Any]], options: Preparation, notes: list[str]) -> list[NDArray[Any]]:
    """Numbers to predict, scaled where it is asked for."""
    values = y[0].reshape(len(y[0]), -1)
    if options.scale_targets:
        told = f"{train.what}: {train.labels}"
        mean, deviation = mean_and_deviation(values, [f"output {k}" for k in range(values.shape[1])], told)
        notes.append("the targets are scaled to mean 0 and deviation 1, and costs with them")
        return [(part - mean) / deviation for part in y]
    with np.errstate(over="ignore"):
        centre, spread = float(values.mean()), float(values.std())
    if spread > 10 or abs(centre) > 10:
        notes.append(
            f"the targets have mean {centre:.3g} and deviation {spread:.3g}: scale_targets = true brings them to 0 and 1"
        )
    if values.shape[1] == 1 and len(np.unique(values)) <= 10 and (values == np.round(values)).all():
        notes.append("the targets are numbers, of few different values: classes = true makes them classes")
    return y
