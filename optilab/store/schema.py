"""The columns of the two tables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from optilab.errors import InputError
from optilab.records.columns import COLUMNS, HEAD, RESERVED, TAIL, WHOLE
from optilab.texts import exact, shortened, shown

COMMIT = pa.field("commit", pa.int64())  # the last column of both tables

HISTORY = pa.schema(
    [("run_id", pa.string()), *((name, pa.int64() if name in WHOLE else pa.float64()) for name in COLUMNS)]
)

_TYPES = {"text": pa.string(), "whole": pa.int64(), "number": pa.float64(), "switch": pa.bool_()}
_HEAD = [(name, _TYPES[kind]) for name, kind in HEAD.items()]
_TAIL = [(name, _TYPES[kind]) for name, kind in TAIL.items()]

# Columns that every part has, whichever version wrote it: those that were added to this layout later may be missing.
_ALWAYS = {
    "runs": [
        "run_id",
        "experiment",
        "problem",
        "optimizer",
        "label",
        "schedule",
        "batch_size",
        "seed",
        "role",
        "status",
        "message",
        "steps",
        "measurements",
        "final_train_cost",
        "final_test_cost",
        "final_train_accuracy",
        "final_test_accuracy",
        "best_train_cost",
        "best_test_cost",
        "code",
        "versions",
        "host",
        "spec",
        "commit",
    ],
    "history": [
        "run_id",
        "step",
        "epoch",
        "examples",
        "gradient_evaluations",
        "seconds",
        "cpu_seconds",
        "train_cost",
        "test_cost",
        "train_accuracy",
        "test_accuracy",
        "gradient_norm",
        "update_norm",
        "weight_norm",
        "lr",
        "w_0",
        "w_1",
        "commit",
    ],
}
ROLES = frozenset({"tuning", "evaluation"})  # what a run was made for

# Columns without gaps.
COMPLETE = {
    "runs": [
        "run_id",
        "experiment",
        "problem",
        "optimizer",
        "label",
        "schedule",
        "batch_size",
        "seed",
        "role",
        "status",
        "steps",
        "measurements",
        "code",
        "commit",
    ],
    "history": ["run_id", *sorted(WHOLE), "commit"],
}


def runs_schema(hyperparameters: Mapping[str, type]) -> pa.Schema:
    """Columns of `runs` but the last, `commit`; one for each hyperparameter, of numbers (float) or words (str).

    InputError if one has the name of another column.
    """
    for name in hyperparameters:
        if name in RESERVED:
            raise InputError(f"a hyperparameter can't be called {name!r}: `runs` has another column of that name")
    kinds = {name: pa.string() if kind is str else pa.float64() for name, kind in hyperparameters.items()}
    return pa.schema([*_HEAD, *kinds.items(), *_TAIL])


def complaint(table: str, schema: pa.Schema) -> str:
    """What is wrong with the columns of a part of "runs" or "history"; nothing if they are as they must be."""
    known = {f.name: f.type for f in HISTORY} if table == "history" else dict(_HEAD + _TAIL)
    known["commit"] = COMMIT.type
    if len(set(schema.names)) < len(schema.names):
        return "a column stands there twice"
    for name in _ALWAYS[table]:
        if name not in schema.names:
            return f"it has no column {name!r}"
    for field in schema:
        if field.name in known and field.type != known[field.name]:
            return f"its column {field.name!r} holds {field.type}, not {known[field.name]}"
        if table == "runs" and field.name not in known and field.type not in (pa.string(), pa.float64()):
            return f"its column {shown(field.name)} holds {shortened(str(field.type), 60)}, not numbers or words"
    return ""


def hyperparameters_of(schema: pa.Schema) -> dict[str, type]:
    """The other way round."""
    return {f.name: str if pa.types.is_string(f.type) else float for f in schema if f.name not in RESERVED}


def united(one: Mapping[str, type], other: Mapping[str, type]) -> dict[str, type]:
    """Hyperparameters of both; of words where either is."""
    return {n: str if str in (one.get(n), other.get(n)) else float for n in dict.fromkeys([*one, *other])}


def fitted(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The table with the columns of a schema; numbers become words where it has words, and what it lacks is null."""
    columns = []
    for field in schema:
        if field.name not in table.column_names:
            columns.append(pa.nulls(len(table), field.type))
            continue
        column = table.column(field.name)
        if pa.types.is_string(field.type) and pa.types.is_floating(column.type):
            column = pa.array([None if v is None else exact(v) for v in column.to_pylist()], pa.string())
        columns.append(column if column.type == field.type else column.cast(field.type))
    return pa.table(columns, schema=schema)


def facts(**values: Any) -> str:
    """Values as one line of JSON, for a column."""
    return json.dumps(values, sort_keys=True, default=str)
