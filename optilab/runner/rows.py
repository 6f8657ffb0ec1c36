"""Finished runs as rows of the two tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from optilab.records.columns import ASCENDING, COLUMNS, MEASURES
from optilab.runner.jobs import Job
from optilab.store import WANTED
from optilab.texts import exact
from optilab.workers.messages import FACTS, Outcome


@dataclass(frozen=True)
class Finished:
    """A job and its outcome. versions, host: of the process that computed it."""

    job: Job
    outcome: Outcome
    versions: str
    host: str


def runs_table(finished: Sequence[Finished], schema: pa.Schema) -> pa.Table:
    """Finished runs as a table with the columns of `schema`, one row for each run."""
    summary = summaries([f.outcome.log for f in finished])
    columns: dict[str, Any] = {
        "run_id": [f.job.run_id for f in finished],
        "seed": [f.job.seed for f in finished],
        "role": [f.job.role for f in finished],
        "versions": [f.versions for f in finished],
        "host": [f.host for f in finished],
        "measurements": [len(f.outcome.log) for f in finished],
        **{name: [getattr(f.outcome, name) for f in finished] for name in FACTS},
        **summary,
    }
    for field in schema:
        if field.name not in columns:
            values = [f.job.task.columns.get(field.name) for f in finished]
            columns[field.name] = [_text(value) for value in values] if pa.types.is_string(field.type) else values
    return pa.table([pa.array(columns[field.name], field.type) for field in schema], schema=schema)


def _text(value: Any) -> str | None:
    """A value for a column of strings: a hyperparameter may be a word for one optimizer and a number for another."""
    return None if value is None else exact(value)


def history_table(finished: Sequence[Finished], schema: pa.Schema) -> pa.Table:
    """Histories as a table with the columns of `schema`, one row for each measurement."""
    log = np.concatenate([f.outcome.log for f in finished])
    counts = [len(f.outcome.log) for f in finished]
    ids = pa.array([f.job.run_id for f in finished])
    runs = ids.take(pa.array(np.repeat(np.arange(len(finished)), counts)))
    columns = {"run_id": runs} | {name: pa.array(np.ascontiguousarray(log[:, k])) for k, name in enumerate(COLUMNS)}
    return pa.table([columns[field.name].cast(field.type) for field in schema], schema=schema)


def summaries(logs: Sequence[NDArray[np.float64]]) -> Mapping[str, NDArray[np.float64]]:
    """Final and best value of each measure of each history, NaN without measurements. The best is the highest accuracy, and the
    lowest value of every other measure.
    """
    counts = np.array([len(log) for log in logs])
    some = counts > 0
    found = {f"{what}_{name}": np.full(len(logs), np.nan) for what in ("final", "best") for name in MEASURES}
    if not some.any():
        return found
    log = np.concatenate(logs)
    ends = np.cumsum(counts)
    for name in MEASURES:
        values = log[:, COLUMNS.index(name)]
        best = np.fmax if name in ASCENDING else np.fmin
        found[f"final_{name}"][some] = values[ends[some] - 1]
        found[f"best_{name}"][some] = best.reduceat(values, (ends - counts)[some])
    return found


def wanted_table(wanted: Sequence[Job]) -> pa.Table:
    """The runs that an experiment wants, as the table `store.WANTED` that its results are read with."""
    rows = {
        "run_id": [job.run_id for job in wanted],
        "role": [job.role for job in wanted],
        "seed": [job.seed for job in wanted],
        "code": [job.task.code for job in wanted],
    }
    rest = {n: [job.task.columns[n] for job in wanted] for n in WANTED.names if n not in rows}
    return pa.table({name: (rows | rest)[name] for name in WANTED.names}, WANTED)
