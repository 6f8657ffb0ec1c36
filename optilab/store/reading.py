"""Reads a results folder, whether or not somebody is writing it."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from optilab.errors import InputError, ResultsWarning
from optilab.store.locking import check_readable
from optilab.store.parts import Part, live, table_of
from optilab.store.schema import COMMIT, HISTORY, RESERVED, fitted, hyperparameters_of, runs_schema, united

if TYPE_CHECKING:
    import pandas as pd

_READERS = 4  # threads that read and check parts
_ATTEMPTS = 5  # to read while parts are being joined


@dataclass(frozen=True)
class Results:
    """A results folder as read.

    runs: one row a run. history: one row a run and measurement, with run_id to join them.
    """

    folder: Path
    runs: pd.DataFrame
    history: pd.DataFrame

    def __repr__(self) -> str:
        statuses = ", ".join(f"{n} {status}" for status, n in self.runs["status"].value_counts().items())
        return f"<Results {self.folder}: {len(self.runs)} runs ({statuses})>"


def load(folder: str | Path) -> Results:
    """Read a results folder. InputError if it is not one; a ResultsWarning for each part that is damaged."""
    place = Path(folder)
    runs, history = live_tables(place)
    if not len(runs):
        raise InputError(f"{str(folder)!r} holds no finished runs yet")
    return Results(place, *(table.drop_columns(["commit"]).to_pandas() for table in (runs, history)))


def live_tables(folder: Path) -> tuple[pa.Table, pa.Table]:
    """`runs` and `history` with the rows that count, `commit` included, in order. InputError and warnings as for `load`."""
    check_readable(folder)
    for _ in range(_ATTEMPTS):
        # History is written first: read last, it has the rows of all runs seen, unless one was made again meanwhile.
        rows, lost = _tables(folder, "runs")
        history, without = _tables(folder, "history")
        runs = _sorted(latest(rows, _healthy(folder, without)))
        history = _in_order(history, runs)
        if len(history) == sum(runs.column("measurements").to_pylist()):
            break
    _warn(folder, lost + without)
    return runs, history


def _healthy(folder: Path, damaged: Sequence[Part]) -> list[Part]:
    """The parts of the history but those that are damaged."""
    return [part for part in live(folder / "history") if part not in damaged]


def _sorted(runs: pa.Table) -> pa.Table:
    names = [name for name in runs.column_names if name not in RESERVED]
    order = ["problem", "label", "schedule", "batch_size", *names, "role", "seed"]
    return runs.sort_by([(name, "ascending") for name in order])


def load_runs(folder: str | Path) -> pd.DataFrame:
    """The table `runs` alone, in no particular order, and empty where nothing is finished yet. InputError as for `load`."""
    place = Path(folder)
    check_readable(place)
    table, lost = _tables(place, "runs")
    without = [part for part in live(place / "history") if part.read() is None]
    _warn(place, lost + without)
    frame: pd.DataFrame = latest(table, _healthy(place, without)).drop_columns(["commit"]).to_pandas()
    return frame


def done(folder: Path) -> dict[str, tuple[str, str]]:
    """Status and digest of the code of each run that the folder holds, by run_id; empty if there is no such folder."""
    if not folder.exists():
        return {}
    runs = load_runs(folder)
    return dict(zip(runs["run_id"], zip(runs["status"], runs["code"], strict=True), strict=True))


def wanted(folder: Path) -> pa.Table | None:
    """The runs that the experiment wants, as it was last run into the folder; None if that isn't known."""
    try:
        return pq.read_table(folder / "wanted.parquet", partitioning=None)
    except (OSError, pa.ArrowException):
        return None


def _warn(folder: Path, damaged: Sequence[Part]) -> None:
    for part in damaged:
        warnings.warn(
            f"{part.path.relative_to(folder).as_posix()} is damaged: the runs of commits {part.first} to {part.last} are "
            "missing; the next start of the experiment makes them again",
            ResultsWarning,
            stacklevel=3,
        )


def _tables(folder: Path, name: str) -> tuple[pa.Table, list[Part]]:
    """All rows of a table, and its damaged parts. What has just been joined with others is looked for again."""
    read: dict[Part, pa.Table | None] = {}  # a part never changes: what has been read is read
    parts: list[Part] = []
    for _ in range(_ATTEMPTS):
        parts = live(folder / name)
        fresh = [part for part in parts if read.get(part) is None]
        with ThreadPoolExecutor(_READERS) as readers:
            read |= zip(fresh, readers.map(_table, fresh), strict=True)
        if all(read[part] is not None for part in parts) or parts == live(folder / name):
            break
    whole = [table for part in parts if (table := read[part]) is not None]
    return _united(whole, name), [part for part in parts if read[part] is None]


def _table(part: Part) -> pa.Table | None:
    """The rows of a part, or None if it is damaged."""
    content = part.read()
    return None if content is None else table_of(content)


def _united(tables: Sequence[pa.Table], name: str) -> pa.Table:
    if name == "history":
        schema = HISTORY.append(COMMIT)
        ids = pa.field("run_id", pa.dictionary(pa.int32(), pa.string()))
        schema = schema.set(0, ids)
    else:
        known: dict[str, type] = {}
        for table in tables:
            known = united(known, hyperparameters_of(table.schema))
        schema = runs_schema(known).append(COMMIT)
    return pa.concat_tables([fitted(table, schema) for table in tables] or [schema.empty_table()])


def latest(runs: pa.Table, histories: Sequence[Part]) -> pa.Table:
    """The making of each run that counts: the last whose history is in one of these parts, if it has any."""
    commits = runs.column("commit").to_numpy()
    whole = runs.column("measurements").to_numpy() == 0
    for part in histories:
        whole |= (commits >= part.first) & (commits <= part.last)
    ids = runs.column("run_id").to_pylist()
    last = {ids[k]: k for k in np.argsort(commits, kind="stable") if whole[k]}
    return runs.take(pa.array(sorted(last.values()), pa.int64()))


def _in_order(history: pa.Table, runs: pa.Table) -> pa.Table:
    """The rows of these runs, run after run; the rows of one run lie together, step after step."""
    if not len(history) or not len(runs):
        return fitted(history[:0], HISTORY.append(COMMIT))
    column = history.column("run_id").unify_dictionaries().combine_chunks()
    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    commits = history.column("commit").to_numpy()
    codes = column.indices.to_numpy()
    position = {run: k for k, run in enumerate(runs.column("run_id").to_pylist())}
    places = np.array([position.get(run, -1) for run in column.dictionary.to_pylist()], np.int64)
    begins = np.flatnonzero(np.append(True, (np.diff(codes) != 0) | (np.diff(commits) != 0)))
    lengths = np.diff(np.append(begins, len(codes)))
    place = places[codes[begins]]
    counts = (place >= 0) & (runs.column("commit").to_numpy()[place] == commits[begins])
    begins, lengths, place = begins[counts], lengths[counts], place[counts]
    order = np.argsort(place, kind="stable")
    begins, lengths = begins[order], lengths[order]
    starts = np.append(0, np.cumsum(lengths)[:-1]) if len(lengths) else np.zeros(0, np.int64)
    rows = np.repeat(begins - starts, lengths) + np.arange(lengths.sum())
    taken = history if np.array_equal(rows, np.arange(len(history))) else history.take(pa.array(rows))
    return fitted(taken, HISTORY.append(COMMIT))
