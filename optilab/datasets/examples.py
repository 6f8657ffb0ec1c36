"""Examples with their labels, and the one check that all of their arrays fit together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from optilab.errors import InputError
from optilab.parameters.tables import DATA
from optilab.texts import shown

ARRAYS = DATA
EXACT = 2**53  # whole numbers up to here are exact in float64


class Sparse(NamedTuple):
    """The pixels that are not zero, example after example."""

    starts: NDArray[np.int64]  # [example + 1]
    columns: NDArray[np.uint16]
    values: NDArray[np.uint8]

    @classmethod
    def nothing(cls) -> Sparse:
        """No examples."""
        return cls(np.zeros(0, np.int64), np.zeros(0, np.uint16), np.zeros(0, np.uint8))

    @classmethod
    def of(cls, x: NDArray[Any]) -> Sparse:
        """The sparse copy of pixels, [example, input]."""
        rows, columns = np.nonzero(x)
        starts = np.searchsorted(rows, np.arange(len(x) + 1))
        return cls(starts.astype(np.int64), columns.astype(np.uint16), x[rows, columns])


@dataclass(frozen=True)
class Examples:
    """Training and test examples, with their metadata. The test part may be empty.

    x: [example, input], uint8 for pixels (0 to 255, scaled to 0 to 1 when they are used) or floating.
    y: [example], integers from 0 for classes; floating, [example] or [example, output], for numbers to predict.
    classes: names of the classes, or None where y are numbers.
    image: height and width of an example, where it is one.
    sparse_train, sparse_test: sparse copies of the pixels where most are zero; made when a dataset is stored.
    inputs: names of the inputs, where they have names.
    notes: what a person should know of how the examples were prepared, one sentence each.
    """

    x_train: NDArray[Any]
    y_train: NDArray[Any]
    x_test: NDArray[Any]
    y_test: NDArray[Any]
    classes: tuple[str, ...] | None = None
    image: tuple[int, int] | None = None
    sparse_train: Sparse | None = None
    sparse_test: Sparse | None = None
    inputs: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()


def checked(examples: Examples, name: str) -> Examples:
    """The examples in the shapes and types that problems rely on: every pair that must fit is checked here.

    InputError, beginning with the dataset's name, for parts, labels, classes, images or sparse copies that don't fit.
    """
    place = f"dataset {shown(name)}: "
    x_train = _inputs(place, "x_train", examples.x_train)
    y_train = _labels(place, "y_train", examples.y_train, examples.classes)
    if not x_train.size:
        raise InputError(f"{place}x_train is empty")
    _same_length(place, "train", x_train, y_train)
    x_test, y_test = np.asarray(examples.x_test), np.asarray(examples.y_test)
    if not len(np.atleast_1d(x_test)) and not len(np.atleast_1d(y_test)):
        x_test, y_test = np.zeros((0, x_train.shape[1]), x_train.dtype), y_train[:0]
    x_test = _inputs(place, "x_test", x_test)
    y_test = _labels(place, "y_test", y_test, examples.classes)
    _same_length(place, "test", x_test, y_test)
    if x_test.shape[1] != x_train.shape[1]:
        raise InputError(f"{place}x_test has {x_test.shape[1]} inputs an example, x_train has {x_train.shape[1]}")
    if x_test.dtype != x_train.dtype:
        raise InputError(f"{place}x_train is {x_train.dtype}, x_test is {x_test.dtype}")
    if y_test.shape[1:] != y_train.shape[1:]:
        raise InputError(f"{place}y_train has shape {y_train.shape}, y_test has shape {y_test.shape}")
    _check_names(place, examples, x_train.shape[1])
    for part, x, sparse in (("train", x_train, examples.sparse_train), ("test", x_test, examples.sparse_test)):
        if sparse is not None and not _is_copy(sparse, x):
            raise InputError(f"{place}sparse_{part} is no copy of x_{part}, which has shape {x.shape}")
    return replace(examples, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)


def _inputs(place: str, name: str, given: Any) -> NDArray[Any]:
    """Inputs as [example, input], uint8 or float64."""
    x = np.asarray(given)
    if x.ndim < 2:
        raise InputError(f"{place}{name} has shape {x.shape}; expected one row an example")
    x = x.reshape(len(x), int(np.prod(x.shape[1:])))
    return x if x.dtype == np.uint8 else _numbers(place, name, x)


def _labels(place: str, name: str, given: Any, classes: tuple[str, ...] | None) -> NDArray[Any]:
    """Labels as [example] integers where there are classes, else as float64, [example] or [example, output]."""
    y = np.asarray(given)
    if y.ndim == 0:
        raise InputError(f"{place}{name} has shape (); expected one label an example")
    if classes is None:
        y = _numbers(place, name, y)
        return y if y.ndim == 1 else y.reshape(len(y), int(np.prod(y.shape[1:])))
    y = y[:, 0] if y.shape[1:] == (1,) else y
    if y.ndim != 1:
        raise InputError(f"{place}{name} has shape {y.shape}; expected one label an example")
    whole = np.issubdtype(y.dtype, np.integer) or y.dtype == bool
    if y.size and not (whole and y.min() >= 0 and y.max() < len(classes)):
        raise InputError(f"{place}{name} are not classes from 0 to {len(classes) - 1}")
    return y.astype(np.int64, copy=False)


def _numbers(place: str, name: str, array: NDArray[Any]) -> NDArray[np.float64]:
    """An array as finite float64."""
    numbers = as_numbers(array, f"{place}{name}")
    if not np.isfinite(numbers).all():
        row = int(np.argwhere(~np.isfinite(numbers))[0][0])
        raise InputError(f"{place}{name} holds a NaN or an infinity, first in row {row}")
    return numbers


def as_numbers(array: NDArray[Any], told: str) -> NDArray[np.float64]:
    """An array as float64. InputError, beginning with `told`, where float64 can't hold its values exactly."""
    kind = array.dtype
    if np.issubdtype(kind, np.complexfloating):
        raise InputError(f"{told} is of type {kind}: give real and imaginary parts as numbers of their own")
    if kind.kind not in "fiub":  # and not by issubdtype, to which a time span is an integer
        raise InputError(f"{told} is of type {kind}, which is not numbers")
    if array.size and np.issubdtype(kind, np.integer) and not _is_exact(array):
        raise InputError(f"{told} holds whole numbers beyond 2**53, which float64 can't tell apart")
    with np.errstate(over="ignore"):
        return array.astype(np.float64, copy=False)


def _is_exact(whole: NDArray[Any]) -> bool:
    return int(whole.min()) >= -EXACT and int(whole.max()) <= EXACT


def _same_length(place: str, part: str, x: NDArray[Any], y: NDArray[Any]) -> None:
    if len(x) != len(y):
        raise InputError(f"{place}x_{part} has {len(x)} examples, y_{part} has {len(y)}")


def _check_names(place: str, examples: Examples, inputs: int) -> None:
    """InputError where classes, image or the inputs' names don't fit."""
    classes, image, names = examples.classes, examples.image, examples.inputs
    for texts in (classes or (), names or (), examples.notes):
        if not all(isinstance(text, str) for text in texts):
            raise InputError(f"{place}{shown(texts)}: classes, inputs and notes are texts")
    if classes is not None and (not classes or len(set(classes)) < len(classes)):
        raise InputError(f"{place}classes = {shown(classes)}: expected at least one name, each of them once")
    if image is not None and (len(image) != 2 or min(image) < 1 or image[0] * image[1] != inputs):
        raise InputError(f"{place}image = {shown(image)} doesn't fit {inputs} inputs an example")
    if names is not None and len(names) != inputs:
        raise InputError(f"{place}{len(names)} names of inputs don't fit {inputs} inputs an example")


def _is_copy(sparse: Sparse, x: NDArray[Any]) -> bool:
    """Whether a sparse copy has the shape and types that the kernels rely on."""
    starts, columns, values = sparse
    return (
        x.dtype == values.dtype == np.uint8
        and starts.dtype == np.int64
        and columns.dtype == np.uint16
        and starts.shape == (len(x) + 1,)
        and columns.shape == values.shape == (int(starts[-1]),)
        and starts[0] == 0
        and bool((starts[1:] >= starts[:-1]).all())
        and (not columns.size or int(columns.max()) < x.shape[1])
    )


def check_precision(examples: Examples, precision: str, name: str) -> None:
    """InputError where numbers of a dataset overflow in a precision, or different ones become equal."""
    for array_name in ARRAYS:
        array = getattr(examples, array_name)
        if array.size and np.issubdtype(array.dtype, np.floating):
            _check_column(array.reshape(len(array), -1), array_name, examples, precision, name)


def _check_column(columns: NDArray[Any], array_name: str, examples: Examples, precision: str, name: str) -> None:
    low, high = columns.min(axis=0), columns.max(axis=0)
    largest = float(np.finfo(precision).max)
    with np.errstate(over="ignore"):
        same = (low != high) & (low.astype(precision) == high.astype(precision))
    for k in np.flatnonzero((low < -largest) | (high > largest) | same):
        what = f"output {k}" if array_name[0] == "y" else f"input {k}"
        if array_name[0] == "x" and examples.inputs is not None:
            what = f"the input {shown(examples.inputs[k])}"
        remedy = 'precision = "float64"' + (", or standardize = true" if array_name[0] == "x" else "")
        values = f"from {low[k]:.9g} to {high[k]:.9g}"
        why = "which are all the same" if same[k] else f"beyond the largest, {largest:.3g},"
        raise InputError(
            f"dataset {shown(name)}: {what} of {array_name} has values {values}, {why} in {precision}; give {remedy}"
        )
