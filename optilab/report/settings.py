"""The settings of every run, column by column, for the page's tables."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from optilab.analysis.best import best_runs
from optilab.analysis.cells import hyperparameter_columns, identified
from optilab.records.columns import MEASURES, in_words, summarized
from optilab.store import Results
from optilab.texts import printable

_BEFORE = ("problem", "label", "optimizer", "schedule", "batch_size")
_AFTER = ("seed", "role")
_ENDED = ("status", "message", "steps")
_MADE = ("train_seconds", "measure_seconds", "compile_seconds", "code", "versions", "host")
_WORDS = {
    "run_id": "run",
    "label": "method",
    "batch_size": "batch size",
    "status": "ended as",
    "lr": in_words("lr"),
    "train_seconds": "seconds of training",
    "measure_seconds": "seconds of measuring",
    "compile_seconds": "seconds of compiling",
    "code": "digest of the code",
    "host": "machine",
}
_DIGITS = 6


def settings(results: Results, by: str) -> dict[str, Any]:
    """Columns of the table of runs, in the order in which they matter, with n, the number of rows.

    columns: their names. words: what readers see in their place, where that is another. kinds: "setting", "result" or "made" for each
    (how a run was made: versions, times). values: coded columns. compared: the coded column that says whether a run is of a cell that was
    chosen. by: what cells are chosen by, a column of the runs.

    A column is coded as {"of": its different values, "at": for each run the number of its own}, or as {"same": value}.
    """
    runs = results.runs
    others = [name for name in summarized(map(str, runs)) if name not in MEASURES]
    measures = [*others, *MEASURES]
    parts = {
        "setting": ["run_id", *_BEFORE, *hyperparameter_columns(runs), *_AFTER],
        "result": [*_ENDED, *(f"final_{name}" for name in measures)],
        "made": list(_MADE),
    }
    kinds = {name: kind for kind, names in parts.items() for name in names if name in runs and runs[name].notna().any()}
    words = _WORDS | {f"final_{name}": f"final {in_words(name)}" for name in measures}
    chosen = set(best_runs(identified(runs), by)["run_id"])
    return {
        "columns": list(kinds),
        "kinds": list(kinds.values()),
        "words": {name: printable(words[name]) for name in kinds if name in words},
        "values": [_coded(runs[name]) for name in kinds],
        "compared": _coded(runs["run_id"].isin(chosen)),
        "n": len(runs),
    }


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
