"""The two tables as Arrow schemas, and tables brought into their form."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from optilab.errors import InputError
from optilab.records import columns
from optilab.records.columns import RESERVED, TABLES, Column
from optilab.texts import exact, shortened, shown

_TYPES = {"text": pa.string(), "whole": pa.int64(), "number": pa.float64(), "switch": pa.bool_()}


def _fields(some: Iterable[Column]) -> list[pa.Field]:
    return [pa.field(column.name, _TYPES[column.kind]) for column in some]


HISTORY = pa.schema(_fields(TABLES["history"][:-1]))
(COMMIT,) = _fields([columns.COMMIT])  # the last column of both tables
ROLES = frozenset({"tuning", "evaluation"})  # what a run was made for
COMPLETE = {table: [c.name for c in some if c.presence == "complete"] for table, some in TABLES.items()}


def runs_schema(hyperparameters: Mapping[str, type]) -> pa.Schema:
    """Columns of `runs` but the last, `commit`; one for each hyperparameter, of numbers (float) or words (str).

    InputError if one has the name of another column.
    """
    for name in hyperparameters:
        if name in RESERVED:
            raise InputError(f"a hyperparameter can't be called {name!r}: `runs` has another column of that name")
    own = [Column(name, "text" if kind is str else "number") for name, kind in hyperparameters.items()]
    return pa.schema(_fields((*columns.HEAD, *own, *columns.TAIL)))


def complaint(table: str, schema: pa.Schema) -> str:
    """What is wrong with the columns of a part of "runs" or "history"; "" if nothing is."""
    known = {field.name: field.type for field in _fields(TABLES[table])}
    if len(set(schema.names)) < len(schema.names):
        return "a column stands there twice"
    for column in TABLES[table]:
        if column.presence != "optional" and column.name not in schema.names:
            return f"it has no column {column.name!r}"
    for field in schema:
        if field.name in known and field.type != known[field.name]:
            return f"its column {field.name!r} holds {field.type}, not {known[field.name]}"
        if table == "runs" and field.name not in known and field.type not in (pa.string(), pa.float64()):
            return f"its column {shown(field.name)} holds {shortened(str(field.type), 60)}, not numbers or words"
    return ""


def hyperparameters_of(schema: pa.Schema) -> dict[str, type]:
    """Inverse of `runs_schema`: the hyperparameters among the columns."""
    return {f.name: str if pa.types.is_string(f.type) else float for f in schema if f.name not in RESERVED}


def united(one: Mapping[str, type], other: Mapping[str, type]) -> dict[str, type]:
    """The hyperparameters of both tables; words where one of them has words."""
    return {n: str if str in (one.get(n), other.get(n)) else float for n in dict.fromkeys([*one, *other])}


def fitted(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The table with the columns of a schema: numbers become words where the schema has words, missing columns are null.

    pyarrow.ArrowInvalid for values that don't fit.
    """
    if table.schema.equals(schema):
        return table
    columns = []
    given = dict(zip(table.column_names, table.columns, strict=True))  # once: pyarrow puts both together anew each time
    for field in schema:
        if field.name not in given:
            columns.append(pa.nulls(len(table), field.type))
            continue
        column = given[field.name]
        if pa.types.is_string(field.type) and pa.types.is_floating(column.type):
            column = pa.array([None if v is None else exact(v) for v in column.to_pylist()], pa.string())
        columns.append(column if column.type == field.type else column.cast(field.type))
    return pa.table(columns, schema=schema)


def facts(**values: Any) -> str:
    """Values as one line of JSON, for a column of text."""
    return json.dumps(values, sort_keys=True, default=str)
