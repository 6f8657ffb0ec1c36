"""The settings of every run, column by column, for the page's tables."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from optilab.analysis.cells import hyperparameter_columns
from optilab.records.columns import MEASURES, summarized
from optilab.store import Results
from optilab.texts import printable

_BEFORE = ("problem", "label", "optimizer", "schedule", "batch_size")
_AFTER = ("seed", "role", "status", "message", "steps")
_MADE = ("train_seconds", "measure_seconds", "compile_seconds", "code", "versions", "host")
_DIGITS = 6


def settings(results: Results) -> dict[str, Any]:
    """Columns of the table of runs, in the order in which they matter: {"columns": names, "values": coded columns, "n": rows}.

    A column is coded as {"of": its different values, "at": for each run the number of its own}, or as {"same": value}.
    """
    runs = results.runs
    others = [name for name in summarized(map(str, runs)) if name not in MEASURES]
    finals = [f"final_{name}" for name in (*others, *MEASURES)]
    names = ["run_id", *_BEFORE, *hyperparameter_columns(runs), *_AFTER, *finals, *_MADE]
    there = [name for name in names if name in runs and runs[name].notna().any()]
    return {"columns": there, "values": [_coded(runs[name]) for name in there], "n": len(runs)}


def _coded(column: pd.Series[Any]) -> dict[str, Any]:
    values = [_plain(value) for value in column.tolist()]
    different = list(dict.fromkeys(values))
    if len(different) == 1:
        return {"same": different[0]}
    number = {value: k for k, value in enumerate(different)}
    return {"of": different, "at": [number[value] for value in values]}


def _plain(value: Any) -> Any:
    """A value that JSON has; text for infinities, None for what is missing."""
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, bool | int):
        return value
    found = float(value)
    if math.isinf(found):
        return "∞" if found > 0 else "−∞"
    return int(found) if found.is_integer() and abs(found) < 1e15 else float(f"{found:.{_DIGITS}g}")
