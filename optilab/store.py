"""The results folder: Parquet parts with an explicit schema, each written whole, readable while others are written.

    results/NAME/experiment.json     the experiment as it was validated, for people; nothing reads a run's meaning from it
    results/NAME/runs/*.parquet      one row a run
    results/NAME/history/*.parquet   one row a run and measurement

A part of `runs` and the part of `history` with the same name belong together. The history is written first, so a run
that can be seen is complete; a history part without its runs was cut off, and is ignored and later removed.
"""

from __future__ import annotations

import io
import json
import math
import time
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from optilab.errors import InputError
from optilab.folders import write_whole
from optilab.measurements import COLUMNS, MEASURES, WHOLE

if TYPE_CHECKING:
    import pandas as pd

_COMPLETED_BY = 60 * 10**9  # nanoseconds after which a history part without its runs will never get them

HISTORY = pa.schema(
    [("run_id", pa.string()), *((name, pa.int64() if name in WHOLE else pa.float64()) for name in COLUMNS)]
)

RUNS_HEAD = [(name, pa.string()) for name in ("run_id", "experiment", "problem", "optimizer", "label")]
RUNS_TAIL = [
    ("schedule", pa.string()),
    ("batch_size", pa.int64()),
    ("seed", pa.int64()),
    ("role", pa.string()),
    ("status", pa.string()),
    ("message", pa.string()),
    ("steps", pa.int64()),
    *((f"final_{name}", pa.float64()) for name in MEASURES),
    *((f"best_{name}", pa.float64()) for name in MEASURES),
    *((f"{name}_seconds", pa.float64()) for name in ("compile", "train", "measure")),
    ("code", pa.string()),
    ("versions", pa.string()),
    ("host", pa.string()),
    ("spec", pa.string()),
]
RESERVED = frozenset(name for name, _ in RUNS_HEAD + RUNS_TAIL)


def runs_schema(hyperparameters: Iterable[str], words: Collection[str] = ()) -> pa.Schema:
    """Columns of `runs`, with one for each hyperparameter; `words` are those of them whose values are words.

    InputError if one has the name of another column.
    """
    names = list(hyperparameters)
    for name in names:
        if name in RESERVED:
            raise InputError(f"a hyperparameter can't be called {name!r}: `runs` has another column of that name")
    return pa.schema(
        [*RUNS_HEAD, *((name, pa.string() if name in words else pa.float64()) for name in names), *RUNS_TAIL]
    )


def summary_of(measurements: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Final and best of each measure; the best accuracy is the highest, all else the lowest."""
    found = {}
    for name in MEASURES:
        values = [row[name] for row in measurements]
        finite = [v for v in values if not math.isnan(v)]
        best = max if name.endswith("accuracy") else min
        found[f"final_{name}"] = values[-1] if values else float("nan")
        found[f"best_{name}"] = best(finite) if finite else float("nan")
    return found


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


class Store:
    """Writes finished runs into a results folder, about once a second.

    InputError if the folder can't be written, or holds something that is not results.
    """

    def __init__(
        self, folder: Path, hyperparameters: Iterable[str], experiment: str, words: Collection[str] = ()
    ) -> None:
        self.folder = folder
        self._schema = runs_schema(hyperparameters, words)
        self._runs: list[Mapping[str, Any]] = []
        self._history: list[Mapping[str, Any]] = []
        self._flushed = time.monotonic()
        if folder.exists() and not folder.is_dir():
            raise InputError(f"{str(folder)!r} is a file; results go to a folder")
        if folder.is_dir() and any(folder.iterdir()) and not (folder / "runs").is_dir():
            raise InputError(f"{str(folder)!r} is not empty and holds no results; choose another with --results")
        try:
            write_whole(folder / "experiment.json", experiment.encode())
            for part in ("runs", "history"):
                (folder / part).mkdir(exist_ok=True)
        except OSError as error:
            raise InputError(f"can't write results to {str(folder)!r}: {error.strerror}") from None

    def add(self, run: Mapping[str, Any], measurements: Iterable[Mapping[str, Any]]) -> None:
        """Take a finished run; it is on disk within about a second."""
        self._runs.append(run)
        self._history += [{"run_id": run["run_id"], **row} for row in measurements]
        if time.monotonic() - self._flushed > 1:
            self.flush()

    def flush(self) -> None:
        """Write what is waiting. InputError if it can't be written; nothing that was written before is touched."""
        if not self._runs:
            return
        name = f"{time.time_ns():020d}-{uuid.uuid4().hex[:8]}.parquet"
        try:
            _write(self.folder / "history" / name, pa.Table.from_pylist(self._history, HISTORY))
            _write(self.folder / "runs" / name, pa.Table.from_pylist(self._runs, self._schema))
        except OSError as error:
            raise InputError(f"can't write results to {str(self.folder)!r}: {error.strerror or error}") from error
        self._runs, self._history = [], []
        self._flushed = time.monotonic()

    def compact(self) -> None:
        """Join the parts into one, so that many short sessions don't leave many files."""
        self.flush()
        names = sorted(path.name for path in (self.folder / "runs").glob("*.parquet"))
        if len(names) < 2:
            return
        tables = {part: _tables(self.folder / part, names) for part in ("history", "runs")}
        joined = f"{time.time_ns():020d}-{uuid.uuid4().hex[:8]}.parquet"
        for part in ("history", "runs"):
            _write(self.folder / part / joined, pa.concat_tables(tables[part], promote_options="default"))
        for name in names:
            (self.folder / "runs" / name).unlink()
            (self.folder / "history" / name).unlink()
        long_ago = f"{time.time_ns() - _COMPLETED_BY:020d}"
        for path in (self.folder / "history").glob("*.parquet"):
            if path.name < long_ago and not (self.folder / "runs" / path.name).exists():
                path.unlink()


def _write(path: Path, table: pa.Table) -> None:
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    write_whole(path, buffer.getvalue())


def _tables(folder: Path, names: Iterable[str]) -> list[pa.Table]:
    tables = []
    for name in names:
        try:
            tables.append(pq.read_table(folder / name, partitioning=None))
        except (OSError, pa.ArrowException) as error:
            raise InputError(f"{str(folder / name)!r} can't be read: {error}") from None
    return tables


def load(folder: str | Path) -> Results:
    """Read a results folder. InputError if it is not one, or if a part of it can't be read."""
    place = Path(folder)
    if not place.is_dir():
        raise InputError(f"there is no results folder {str(folder)!r}")
    if not (place / "runs").is_dir():
        raise InputError(f"{str(folder)!r} is not a results folder: it has no runs")
    names = sorted(path.name for path in (place / "runs").glob("*.parquet"))
    if not names:
        raise InputError(f"{str(folder)!r} holds no finished runs yet")
    runs = pa.concat_tables(_tables(place / "runs", names), promote_options="default").to_pandas()
    history = pa.concat_tables(_tables(place / "history", names), promote_options="default").to_pandas()
    # A run that was made twice counts once, as it was made last: part names begin with the time.
    runs = runs.drop_duplicates("run_id", keep="last")
    history = history.drop_duplicates(["run_id", "step"], keep="last")
    known = [name for name in runs if name not in RESERVED]
    runs = runs.sort_values(["problem", "label", "schedule", "batch_size", *known, "role", "seed"], ignore_index=True)
    order = {run: k for k, run in enumerate(runs["run_id"])}
    history = history[history["run_id"].isin(order)]
    position = history["run_id"].map(order)
    history = history.assign(_position=position).sort_values(["_position", "step"], ignore_index=True)
    return Results(place, runs, history.drop(columns="_position"))


def done(folder: Path) -> dict[str, tuple[str, str]]:
    """Status and digest of the code of each run that the folder holds, by run_id; empty if there is no such folder."""
    found: dict[str, tuple[str, str]] = {}
    for path in sorted((folder / "runs").glob("*.parquet")):
        for table in _tables(path.parent, [path.name]):
            ids, statuses, codes = (table.column(name).to_pylist() for name in ("run_id", "status", "code"))
            found |= dict(zip(ids, zip(statuses, codes, strict=True), strict=True))
    return found


def facts(**values: Any) -> str:
    """Values as one line of JSON, for a column."""
    return json.dumps(values, sort_keys=True, default=str)
