"""Overview of a dataset, as `optilab data` shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from optilab.datasets.examples import Examples, check_precision
from optilab.datasets.from_files import content_of, members_of
from optilab.datasets.options import File
from optilab.datasets.reading import TextTable, kind_of_file, read_table
from optilab.datasets.tables import named
from optilab.errors import InputError
from optilab.texts import printable, shortened

if TYPE_CHECKING:
    import pandas as pd

_FEW = 5  # values of a column that are listed


@dataclass(frozen=True)
class ColumnLine:
    """Overview of one column or array: name, type, number of missing values, values, and use."""

    name: str
    type: str
    missing: int
    values: str
    use: str


def lines_of(options: File) -> list[ColumnLine]:
    """The columns of a table, or the arrays of a .npz. InputError if the file can't be read."""
    content = content_of(options)
    if kind_of_file(Path(options.path))[0] == ".npz":
        return [_array_line(name, array) for name, array in members_of(content, options).items()]
    table = read_table(content, options)
    return [_column_line(table, k, options) for k in range(table.frame.shape[1])]


def _column_line(table: TextTable, k: int, options: File) -> ColumnLine:
    names = list(table.frame.columns)
    series = table.frame.iloc[:, k]
    return ColumnLine(
        printable(names[k]) or "(no name)",
        _type(series),
        int(series.isna().sum()),
        _values(series),
        _use(table, k, options),
    )


def _use(table: TextTable, k: int, options: File) -> str:
    """The use of a column: label, input, or left out."""
    names = list(table.frame.columns)
    if k in table.left_out:
        return "left out"
    if options.label is not None and names[k] == named(names, options.label, table.what):
        return "label"
    if options.columns is not None:
        return "input" if names[k] in [named(names, name, table.what) for name in options.columns] else "left out"
    return "left out" if names[k] in [named(names, name, table.what) for name in options.drop] else "input"


def _type(series: pd.Series[Any]) -> str:
    from pandas.api import types

    if series.isna().all():
        return "empty"
    if types.is_bool_dtype(series.dtype):
        return "true or false"
    if types.is_integer_dtype(series.dtype):
        return "whole numbers"
    return "numbers" if types.is_numeric_dtype(series.dtype) else "words"


def _values(series: pd.Series[Any]) -> str:
    """The range of numbers, the most frequent words."""
    from pandas.api import types

    present = series.dropna()
    if not len(present):
        return ""
    if types.is_numeric_dtype(series.dtype) and not types.is_bool_dtype(series.dtype):
        return f"{present.min():.6g} to {present.max():.6g}, {present.nunique()} different"
    counts = present.astype(str).value_counts()
    listed = ", ".join(f"{shortened(printable(str(word)), 20)} {n}" for word, n in counts.head(_FEW).items())
    return listed if len(counts) <= _FEW else f"{listed}, ... {len(counts)} different"


def _array_line(name: str, array: Any) -> ColumnLine:
    numbers = array.dtype.kind in "fiub" and array.size
    missing = int(np.isnan(array).sum()) if array.dtype.kind == "f" else 0
    values = f"{np.nanmin(array):.6g} to {np.nanmax(array):.6g}" if numbers and missing < array.size else ""
    return ColumnLine(
        name, f"{array.dtype} {list(array.shape)}", missing, values, "label" if name[0] == "y" else "input"
    )


def facts_of(examples: Examples) -> list[tuple[str, str]]:
    """Labels, split and inputs of prepared examples, each with a title."""
    train, test = len(examples.x_train), len(examples.x_test)
    facts = [("labels", _labels(examples)), ("split", f"{train} examples to learn from, {test} kept for testing")]
    inputs = f"{examples.x_train.shape[1]}"
    if examples.inputs is not None:
        inputs += f": {_listed(examples.inputs, 12)}"
    elif examples.image is not None:
        inputs += f", images of {examples.image[0]} x {examples.image[1]}"
    facts.append(("inputs", inputs))
    if examples.x_train.dtype == np.uint8:
        facts.append(("scale", "pixels from 0 to 255, scaled to 0 to 1"))
    else:
        low, high = float(examples.x_train.min()), float(examples.x_train.max())
        facts.append(("scale", f"inputs from {low:.4g} to {high:.4g}"))
    facts += [("note", note) for note in examples.notes]
    try:
        check_precision(examples, "float32", "")
    except InputError as error:
        facts.append(("note", str(error).partition(": ")[2]))
    return facts


def _labels(examples: Examples) -> str:
    if examples.classes is None:
        y = examples.y_train
        outputs = f"{y.shape[1]} numbers an example" if y.ndim == 2 else "numbers"
        return f"{outputs} to predict, from {y.min():.6g} to {y.max():.6g}"
    counts = np.bincount(examples.y_train, minlength=len(examples.classes))
    tested = np.bincount(examples.y_test, minlength=len(examples.classes))
    told = [
        f"{shortened(printable(name), 20)} {a}+{b}" for name, a, b in zip(examples.classes, counts, tested, strict=True)
    ]
    return f"{len(told)} classes, with examples to learn from + for testing: {_listed(told, 12)}"


def _listed(names: Sequence[str], few: int) -> str:
    listed = ", ".join(shortened(printable(name), 30) for name in names[:few])
    return listed if len(names) <= few else f"{listed}, ..."
