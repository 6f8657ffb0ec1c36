"""Datasets from arrays: those of a .npz, and those in memory (NumPy, lists, pandas)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from itertools import zip_longest
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optilab.datasets.columns import InputColumn
from optilab.datasets.dataset import Dataset
from optilab.datasets.examples import ARRAYS, EXACT, Examples, as_numbers
from optilab.datasets.labels import labels_of
from optilab.datasets.options import Arrays, Columns, Kept, Preparation, digest_with
from optilab.datasets.preparation import DataPart, prepared
from optilab.datasets.tables import inputs_of, leaks
from optilab.errors import InputError, at
from optilab.texts import printable, shown

_NAME = "arrays"  # of a dataset in memory


def array_dataset(given: Arrays, place: str = "") -> Dataset:
    """Arrays in memory as a dataset, told from others by the digest of their content and options."""
    parts = {name: _taken(getattr(given, name), name, place) for name in ARRAYS if getattr(given, name) is not None}
    digest = digest_with(_content(parts), given, "memory")

    def read() -> Examples:
        try:
            return examples_of_arrays(parts, given, "arrays in memory")
        except InputError as error:
            raise InputError(f"{at(place)}{error}") from None

    return Dataset(_NAME, read, digest, "Arrays in memory.")


def kept_dataset(given: Kept, place: str = "") -> Dataset:
    """Arrays that `array_dataset` took once, as the cache keeps them."""

    def read() -> Examples:
        raise InputError(
            f"{at(place)}the arrays of digest {given.digest[:16]} are not in this machine's cache; give them again"
        )

    return Dataset(_NAME, read, given.digest, "Arrays in memory.")


def examples_of_arrays(arrays: Mapping[str, Any], options: Columns, what: str) -> Examples:
    """The examples in x_train, y_train and, where they are there, x_test, y_test. InputError where they don't fit."""
    missing = [name for name in ("x_train", "y_train") if name not in arrays]
    if ("x_test" in arrays) != ("y_test" in arrays):
        missing += [name for name in ("x_test", "y_test") if name not in arrays]
    if missing:
        raise InputError(f"{what} has no array {' and no '.join(missing)}; it has {', '.join(arrays) or 'none'}")
    if "x_test" in arrays and not np.size(arrays["x_test"]) and not np.size(arrays["y_test"]):
        arrays = {name: arrays[name] for name in ("x_train", "y_train")}
        options = options.model_copy(update={"test_fraction": 0.0})
    image = _image(arrays["x_train"], options)
    are_images = options.image is not None or len(np.shape(arrays["x_train"])) > 2
    train = _part(arrays, "train", options, what, are_images=are_images)
    test = _part(arrays, "test", options, what, are_images=are_images) if "x_test" in arrays else None
    if test is not None:
        _check_alike(train, test, arrays, what)
    examples = prepared(train, test, options, image)
    if getattr(arrays["x_train"], "dtype", None) == np.uint8 and not are_images:
        told = (
            "x_train is of bytes that are no images, so they are not scaled; image = [height, width] makes them pixels"
        )
        examples = replace(examples, notes=(told, *examples.notes))
    return examples


def _taken(given: Any, name: str, place: str) -> Any:
    """An array or table of the user's, as a copy that nothing else changes. InputError for what is neither."""
    import pandas as pd

    if isinstance(given, (pd.DataFrame, pd.Series)):
        return given.copy()
    try:
        if isinstance(given, np.ma.MaskedArray) and np.ma.getmaskarray(given).any():
            values = np.asarray(given.data).astype(object)
            values[np.ma.getmaskarray(given)] = None
            return values
        array = np.array(given)
        if array.dtype.kind in "US" and not hasattr(given, "dtype"):
            array = np.array(given, object)  # or NumPy would make 1 and "1" the same text
    except Exception as error:  # an object that is asked for an array may raise anything
        raise InputError(f"{at(place)}{name} can't be taken as an array: {printable(str(error))}") from None
    if array.ndim == 0:
        raise InputError(f"{at(place)}{name} = {shown(given)}: expected an array, a list or a table")
    return array


def _content(parts: Mapping[str, Any]) -> bytes:
    """A digest of types, shapes and values."""
    import pandas as pd

    found = hashlib.sha256()
    for name, part in parts.items():
        columns = part if isinstance(part, pd.DataFrame) else {"": part}
        for k, column in enumerate(columns):
            series = part.iloc[:, k] if isinstance(part, pd.DataFrame) else part
            array = series.to_numpy() if isinstance(series, pd.Series) else series
            found.update(
                repr((name, str(column), str(getattr(series, "dtype", "")), array.shape)).encode("utf-8", "replace")
            )
            content = (
                repr(array.tolist()).encode("utf-8", "backslashreplace") if array.dtype == object else array.tobytes()
            )
            found.update(hashlib.sha256(content).digest())
    return found.digest()


def _image(x: Any, options: Preparation) -> tuple[int, int] | None:
    """Height and width of an example, given or by the shape: [n, h, w], [n, 1, h, w] or [n, h, w, 1]."""
    if options.image is not None:
        return options.image[0], options.image[1]
    shape = np.shape(x)[1:]
    if len(shape) == 3 and 1 in (shape[0], shape[2]):
        shape = shape[1:] if shape[0] == 1 else shape[:2]
    return (int(shape[0]), int(shape[1])) if len(shape) == 2 else None


def _part(arrays: Mapping[str, Any], part: str, options: Columns, what: str, *, are_images: bool) -> DataPart:
    """One part, its x and y alike in length. InputError for what can't be numbers or labels."""
    import pandas as pd

    x, y = arrays[f"x_{part}"], arrays[f"y_{part}"]
    where = "row {}".format
    if len(np.shape(x)) < 2:
        raise InputError(f"{what}: x_{part} has shape {np.shape(x)}; expected one row an example")
    if not np.shape(y):
        raise InputError(f"{what}: y_{part} has shape (); expected one label an example")
    if len(x) != len(y):
        raise InputError(f"{what}: x_{part} has {len(x)} examples, y_{part} has {len(y)}")
    if not np.prod(np.shape(x)):
        raise InputError(f"{what}: x_{part} is empty")
    _check_order(x, y, part, what)
    labels = labels_of(y, f"{what}: y_{part}", what, where, options)
    notes: list[str] = []
    if isinstance(x, pd.DataFrame):
        columns = inputs_of(x, f"{what}: x_{part}", where, options)
        if options.columns is None and part == "train":
            notes = leaks(columns, labels, f"y_{part}", what)
    elif options.columns is not None or options.drop:
        raise InputError(f"{what}: x_{part} is an array, whose columns have no names to be chosen by")
    else:
        columns = [InputColumn(None, "number", _numbers(x, f"{what}: x_{part}", are_images=are_images))]
    return DataPart(what, f"x_{part}", f"y_{part}", columns, labels, where, np.arange(len(x)), tuple(notes))


def _check_order(x: Any, y: Any, part: str, what: str) -> None:
    """InputError for a table and labels of the same rows in different order, which would be matched wrongly by position."""
    if hasattr(x, "index") and hasattr(y, "index") and not x.index.equals(y.index) and set(x.index) == set(y.index):
        raise InputError(f"{what}: the indexes of x_{part} and y_{part} name the same rows in different order")


def _check_alike(train: DataPart, test: DataPart, arrays: Mapping[str, Any], what: str) -> None:
    """InputError where the inputs or labels of the parts are of different shape or kind."""
    kinds = [[(c.name, c.kind) for c in part.columns] for part in (train, test)]
    if kinds[0] != kinds[1]:
        a, b = next((a, b) for a, b in zip_longest(*kinds) if a != b)
        raise InputError(f"{what}: the columns of x_train and x_test differ, first {shown(a)} and {shown(b)}")
    types = [getattr(arrays[name], "dtype", None) for name in ("x_train", "x_test")]
    if np.uint8 in types and types[0] != types[1]:
        raise InputError(f"{what}: x_train is {types[0]}, x_test is {types[1]}")
    for one, other in zip(train.columns, test.columns, strict=True):
        a_shape, b_shape = one.values.shape, other.values.shape
        if a_shape[1:] != b_shape[1:]:
            raise InputError(f"{what}: x_test has {b_shape[1]} inputs an example, x_train has {a_shape[1]}")
    if train.y.values.shape[1:] != test.y.values.shape[1:]:
        raise InputError(f"{what}: y_train has shape {train.y.values.shape}, y_test has shape {test.y.values.shape}")


def _numbers(x: NDArray[Any], told: str, *, are_images: bool) -> NDArray[Any]:
    """Inputs as [example, input]: bytes where they are pixels of images, else float64, NaN where missing."""
    flat = x.reshape(len(x), -1)
    if flat.dtype == np.uint8 and are_images:
        return flat
    numbers = as_numbers(_plain(flat, told), told)
    if np.isinf(numbers).any():
        row = int(np.argwhere(np.isinf(numbers))[0][0])
        raise InputError(f"{told} holds a NaN or an infinity, first in row {row}")
    return numbers


def _plain(x: NDArray[Any], told: str) -> NDArray[Any]:
    """An array of objects that are all numbers, or missing, as one of numbers."""
    from pandas import isna
    from pandas.api.types import infer_dtype

    if x.dtype != object:
        return x
    kind = infer_dtype(x.ravel(), skipna=True)
    if kind not in ("integer", "floating", "mixed-integer-float", "boolean", "decimal"):
        raise InputError(f"{told} is of type object, and holds {kind} values, which are not numbers")
    missing = isna(x)
    whole = np.array([isinstance(v, (int, np.integer)) and abs(int(v)) > EXACT for v in x.ravel()])
    if whole.any():
        raise InputError(f"{told} holds whole numbers beyond 2**53, which float64 can't tell apart")
    return np.where(missing, np.nan, x).astype(np.float64)
