"""Cells of a results table: the columns that identify lines and cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from optilab.records.columns import RESERVED, summarized
from optilab.records.labels import numbered

LINE = ["problem_id", "line_id"]  # what is compared: one line of a plot, one row of the table
NAMES = ["problem", "label"]  # how these are called


def identified(runs: pd.DataFrame) -> pd.DataFrame:
    """The runs with the columns LINE filled in, and with unique names.

    Results of earlier versions have no identities: their names stand in, or the identity of the only line that has the name
    today.
    """
    found = runs.copy(deep=False)
    for identity, name in zip(LINE, NAMES, strict=True):
        if identity not in found:
            found[identity] = found[name]
        elif found[identity].isna().any():
            known = found[[name, identity]].dropna().drop_duplicates().drop_duplicates(name, keep=False)
            today = found[name].map(known.set_index(name)[identity].to_dict())
            found[identity] = found[identity].fillna(today).fillna(found[name])
        pairs = dict.fromkeys(zip(found[name].tolist(), found[identity].tolist(), strict=True))
        names, identities = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        if len(set(names)) < len(names):
            found[name] = found[identity].map(dict(zip(identities, numbered(names, identities), strict=True)))
    return found


def tried(runs: pd.DataFrame) -> pd.DataFrame:
    """The runs in which hyperparameters were tried: those of tuning where there are any, else those of evaluation, of which the best cell is
    chosen then.

    runs: with the column role.
    """
    tuned = runs["role"] == "tuning"
    found: pd.DataFrame = runs[tuned] if tuned.any() else runs
    return found


def hyperparameter_columns(runs: pd.DataFrame) -> list[str]:
    """Columns of `runs` that are hyperparameters: all but optilab's own, and final and best values of other measures."""
    names = [str(name) for name in runs]
    own = RESERVED.union(*({f"final_{measure}", f"best_{measure}"} for measure in summarized(names)))
    return [name for name in names if name not in own]


def is_number(runs: pd.DataFrame, name: str) -> bool:
    """Whether a hyperparameter is numeric."""
    return pd.api.types.is_numeric_dtype(runs[name])


def cell_columns(runs: pd.DataFrame) -> list[str]:
    """Columns that together identify a cell: everything about a run but its seed."""
    return [*LINE, "optimizer", "schedule", "batch_size", *hyperparameter_columns(runs)]


def cell_numbers(runs: pd.DataFrame) -> pd.Series[int]:
    """The number of the cell that each run is of, counted from 0 in the order of `runs`; needs LINE, as of `identified`."""
    return pd.Series(_numbers(runs, cell_columns(runs)), runs.index)


def line_numbers(runs: pd.DataFrame) -> NDArray[np.int64]:
    """The number of the line that each run is of, counted from 0 in the order of `runs`; needs LINE, as of `identified`."""
    return _numbers(runs, LINE)


def _numbers(runs: pd.DataFrame, columns: Sequence[str]) -> NDArray[np.int64]:
    """Of each row the number of its values in these columns, counted from 0 in the order of their first appearance.

    A dictionary is quicker than a group-by of so many columns, up to tens of thousands of rows.
    """
    known: dict[tuple[Any, ...], int] = {}
    rows = zip(*(_keys(runs[name]) for name in columns), strict=True)
    return np.array([known.setdefault(row, len(known)) for row in rows], np.int64)


def _keys(column: pd.Series[Any]) -> list[Any]:
    """The values of a column; one that is missing, as a hyperparameter is for a line that doesn't have it, equals the others that are."""
    missing = column.isna().to_numpy()
    values = column.to_numpy(object if column.dtype == "str" else None).tolist()
    if not missing.any():
        return values
    none = -np.inf if pd.api.types.is_numeric_dtype(column) else ""
    return [none if gap else value for gap, value in zip(missing.tolist(), values, strict=True)]


def varying(runs: pd.DataFrame) -> list[str]:
    """Hyperparameters that take more than one value in the grid of some line."""
    names = hyperparameter_columns(runs)
    if not names or runs.empty:
        return []
    line = line_numbers(identified(runs))
    return [name for name in names if _varies(runs[name], line)]


def _varies(column: pd.Series[Any], line: NDArray[np.int64]) -> bool:
    """Whether a column has more than one value in some line; what is missing is none."""
    codes, values = pd.factorize(column)
    there = codes >= 0
    if len(values) < 2:
        return False
    pairs = np.unique(line[there] * len(values) + codes[there])
    return bool(np.bincount(pairs // len(values)).max() > 1)
