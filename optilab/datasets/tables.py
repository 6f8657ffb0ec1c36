"""The columns of a table as inputs and label, and checks for what must not be an input."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from optilab.datasets.columns import InputColumn, column_of
from optilab.datasets.labels import Labels, labels_of
from optilab.datasets.options import Columns, File
from optilab.datasets.preparation import DataPart
from optilab.datasets.reading import TextTable
from optilab.datasets.words import Where, quoted_name
from optilab.errors import InputError
from optilab.texts import nearest, printable, shortened, shown

if TYPE_CHECKING:
    import pandas as pd

_MANY = 30  # examples from which on a column that fits the labels exactly is no accident


def part_of(table: TextTable, options: File) -> DataPart:
    """All rows of a table. InputError, with line and column, for what can't be used."""
    names, what = list(table.frame.columns), table.what
    if options.label is None:
        known = ", ".join(shortened(printable(name), 40) for name in names if name)
        raise InputError(f"{what}: which column is to be predicted? Give it as label = ..., one of {known}")
    label = named(names, options.label, what)
    if names.count(label) > 1:
        raise InputError(f"{what}: {names.count(label)} columns are called {shown(label)}, which is the label")
    for key in ("columns", "drop"):
        if any(named(names, name, what) == label for name in getattr(options, key) or []):
            raise InputError(f"{what}: {key} = [...] names {shown(label)}, which is the label")
    position = names.index(label)
    told = f"{what}: the label {shown(label)}"
    y = labels_of(table.frame.iloc[:, position], told, what, table.place, options)
    rest = [k for k in range(len(names)) if k != position and k not in table.left_out]
    columns = inputs_of(table.frame.iloc[:, rest], what, table.place, options)
    notes = [] if options.columns is not None else leaks(columns, y, f"the label {shown(label)}", what)
    rows = np.arange(len(table.frame))
    return DataPart(what, "the inputs", f"the label {shown(label)}", columns, y, table.place, rows, tuple(notes))


def inputs_of(frame: pd.DataFrame, what: str, where: Where, options: Columns) -> list[InputColumn]:
    """The chosen columns of a table without its label. InputError for names that stand twice or aren't there."""
    names = [str(name) for name in frame.columns]
    chosen = options.columns is not None
    wanted = [named(names, name, what) for name in (options.columns if chosen else options.drop) or []]
    used = [k for k, name in enumerate(names) if (name in wanted) == chosen]
    if not used:
        raise InputError(f"{what} has no column that is an input")
    for name, times in Counter(names[k] for k in used).items():
        if times > 1:
            raise InputError(
                f"{what}: {times} columns are called {shown(name)}; give each a name of its own, or drop them"
            )
    return [column_of(frame.iloc[:, k], names[k], what, where, chosen=chosen) for k in used]


def named(names: Sequence[str], name: str | int, what: str) -> str:
    """The name of a column given by its name, or by its number in a table without names. InputError for an unknown one."""
    if str(name) in names:
        return str(name)
    if isinstance(name, int) and -len(names) <= name < 0:
        return names[name]
    raise InputError(f"{what} has no column {shown(str(name))}: {nearest(str(name), [n for n in names if n])}")


def leaks(columns: Sequence[InputColumn], y: Labels, labels: str, what: str) -> list[str]:
    """Notes on columns that increase by one from row to row, which may be row numbers or years.

    InputError for columns that give the answer away: row numbers from 0 or 1, and a column with one value for each class.
    Not for columns that the user chose by name.
    """
    if len(y.values) < _MANY:
        return []
    notes = []
    for column in columns if len(columns) > 1 else ():
        if column.kind != "number" or not _goes_by_one(column):
            continue
        if {column.values[0, 0], column.values[-1, 0]} & {0, 1}:
            raise InputError(f"{what}: the column {shown(column.name)} counts the rows; {_remedy(column)}")
        name = shown(column.name)
        notes.append(f"{name} goes on by one from row to row: if it only numbers them, leave it out with drop")
    if y.are_classes:
        _refuse_answers(columns, y, labels, what)
    return notes


def _refuse_answers(columns: Sequence[InputColumn], y: Labels, labels: str, what: str) -> None:
    """InputError for a column with a distinct value for each class."""
    import pandas as pd

    codes, names = pd.factorize(np.array([str(v) for v in y.values], object))
    for column in columns:
        values, different = pd.factorize(column.values if column.kind == "word" else column.values[:, 0])
        if len(different) != len(names) or len(names) < 2:
            continue
        if len(set(zip(values.tolist(), codes.tolist(), strict=True))) == len(names):
            raise InputError(
                f"{what}: the column {shown(column.name)} has one value for each class of {labels}, and so gives the answer "
                f"away; {_remedy(column)}"
            )


def _remedy(column: InputColumn) -> str:
    name = quoted_name(str(column.name))
    return f"leave it out with drop = [{name}], or name the inputs, and it among them, in columns = [...]"


def _goes_by_one(column: InputColumn) -> bool:
    """Whether each value is one more than the one before; or each one less."""
    steps: Any = np.diff(column.values[:, 0])
    return bool((steps == 1).all() or (steps == -1).all())
