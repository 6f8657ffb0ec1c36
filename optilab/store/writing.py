"""Writes finished runs into a results folder, commit by commit."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from optilab.errors import InputError
from optilab.files import sync_folder, write_whole
from optilab.store import locking
from optilab.store.compaction import FEW, LARGE, due, groups, join_open, join_recent
from optilab.store.content import DamagedError
from optilab.store.locking import EXPERIMENT, WANTED_RUNS
from optilab.store.mending import mend
from optilab.store.parts import LAST_COMMIT, RECENT, TABLES, Part, write_commit
from optilab.store.schema import COMMIT, HISTORY, fitted, hyperparameters_of, runs_schema, united
from optilab.store.succession import succeed


class Store:
    """A results folder open for writing, locked against other writers; used in a `with` block.

    folder: created if necessary. hyperparameters: columns of `runs`, of numbers (float) or words (str).
    experiment: text of experiment.json, which `want` writes.

    InputError if the folder can't be written, is being written by another process, or holds something else.

    notes: what was repaired, one sentence each.
    runs_schema: columns of what is added to `runs`.
    """

    def __init__(self, folder: Path, hyperparameters: Mapping[str, type], experiment: str = "{}") -> None:
        self.folder = folder
        self.runs_schema = runs_schema(hyperparameters)  # raises for the name of another column
        self._waiting: dict[str, list[pa.Table]] = {name: [] for name in TABLES}
        self._experiment = experiment
        self._lock = locking.take(folder)
        try:
            self._open(dict(hyperparameters))
        except DamagedError as error:
            self._release()
            raise InputError(f"a part of {str(folder)!r} {error}; the same command goes on without it") from None
        except OSError as error:
            self._release()
            raise self._unwritable(error) from error
        except BaseException:
            self._release()
            raise

    def _open(self, hyperparameters: Mapping[str, type]) -> None:
        for name in TABLES:
            (self.folder / RECENT / name).mkdir(parents=True, exist_ok=True)
            (self.folder / name).mkdir(exist_ok=True)
        for folder in (self.folder, self.folder / RECENT):
            sync_folder(folder)
        found, notes = mend(self.folder)
        self.notes = succeed(self.folder, self._experiment) + notes
        self._next = 1 + found.last_commit
        if self._next > LAST_COMMIT:
            raise InputError(f"{str(self.folder)!r} has used up the numbers of commits; nothing can be added to it")
        self._hidden, self._shown = (
            dict.fromkeys(TABLES, 0) for _ in range(2)
        )  # commits of this session, by whether everybody sees them
        self._parts = {name: [content.part for content in found.good[name]] for name in TABLES}
        known = united(hyperparameters, hyperparameters_of(found.runs.schema))
        self.runs_schema = runs_schema(known)
        self._schemas = {"runs": self.runs_schema.append(COMMIT), "history": HISTORY.append(COMMIT)}
        self._commits: dict[str, int] = {}  # of the attempt of each run that counts
        self._done: dict[str, tuple[str, str]] = {}
        self._note(found.runs)
        self._doubled = {part: {run for run, _ in keys} for part, keys in found.doubled.items() if keys}
        self._superseded = found.untidy
        other = any(content.schema != self._schemas["runs"] for content in found.good["runs"])
        for name in TABLES:  # from the history first, which by itself doesn't tell which rows count
            self._open_recent(name)
            if self._superseded or (name == "runs" and other):
                self._rewrite(name)
        self._superseded = False

    def _note(self, runs: pa.Table) -> None:
        """Remember these rows as the attempts that count."""
        names = ("run_id", "commit", "status", "code")
        for run, commit, *rest in zip(*(runs.column(name).to_pylist() for name in names), strict=True):
            self._commits[run] = commit
            self._done[run] = rest[0], rest[1]

    def done(self) -> dict[str, tuple[str, str]]:
        """Status and code digest of each run of the folder, by run_id."""
        return dict(self._done)

    def want(self, table: pa.Table) -> None:
        """Store the experiment, and the table of runs that it wants. InputError if they can't be written."""
        self._put_down(EXPERIMENT, self._experiment.encode())
        self.want_also(table)

    def want_also(self, table: pa.Table) -> None:
        """Store a table of wanted runs for the experiment that is stored already. InputError if it can't be written."""
        buffer = io.BytesIO()
        pq.write_table(table, buffer)
        self._put_down(WANTED_RUNS, buffer.getvalue())

    def _put_down(self, name: str, content: bytes) -> None:
        try:
            write_whole(self.folder / name, content)
        except OSError as error:
            raise self._unwritable(error) from error

    def add(self, runs: pa.Table, history: pa.Table) -> None:
        """Add finished runs; they are on disk after the next `commit`."""
        self._waiting["runs"].append(fitted(runs, self.runs_schema))
        self._waiting["history"].append(fitted(history, HISTORY))

    def commit(self) -> None:
        """Write what was added durably.

        InputError if it can't be written: parts that are there already stay untouched, and a later commit tries again.
        """
        if not self._waiting["runs"]:
            return
        number, written = self._next, dict[str, Part]()
        self._next += 1
        tables = {name: _numbered(pa.concat_tables(self._waiting[name]), number) for name in TABLES}
        try:
            for name in TABLES:
                written[name] = write_commit(self.folder / name, tables[name], number)
        except OSError as error:
            with suppress(OSError):
                for part in written.values():
                    part.path.unlink()
            raise self._unwritable(error) from error
        for name, part in written.items():
            self._waiting[name] = []
            self._parts[name].append(part)
            self._hidden[name] += 1
        before = len(self._commits)
        self._note(tables["runs"])
        self._superseded |= len(tables["runs"]) > len(self._commits) - before
        self._compact()

    def _compact(self) -> None:
        """Join parts if there are enough of similar size; if the disk has no room, a later commit tries again."""
        for name in TABLES:
            recent = [part for part in self._parts[name] if part.visibility == "recent"]
            with suppress(OSError, DamagedError):
                if sum(part.size for part in recent) > LARGE or self._hidden[name] > self._shown[name] // 2:
                    self._open_recent(name)
                while parts := due([part for part in self._parts[name] if part.visibility == "recent"]):
                    self._put(parts, join_recent(parts, self._schemas[name], self._counting))

    def _open_recent(self, name: str) -> None:
        """Make recent parts visible to all readers."""
        recent = [part for part in self._parts[name] if part.visibility == "recent"]
        if recent:
            self._put(recent, join_recent(recent, self._schemas[name], self._counting, openly=True))
            self._shown[name] += self._hidden[name]
            self._hidden[name] = 0

    def _rewrite(self, name: str) -> None:
        """Join the parts of a table into few, without rows that don't count."""
        self._open_recent(name)
        for group in groups(self._parts[name]):
            self._put(group, join_open(group, self._schemas[name], self._counting))

    def _put(self, parts: Sequence[Part], part: Part) -> None:
        """Remember that a part has replaced others."""
        name = part.table.name
        position = self._parts[name].index(parts[0])
        self._parts[name][position : position + len(parts)] = [part]

    def _counting(self, part: Part, rows: pa.Table) -> pa.Table:
        """The rows without superseded ones, those whose partner table is damaged, and those that count in another part."""
        ids = rows.column("run_id").combine_chunks().dictionary_encode()
        ids = ids.combine_chunks() if isinstance(ids, pa.ChunkedArray) else ids
        elsewhere = self._doubled.get(part, ())
        words = [run if run not in elsewhere else "" for run in ids.dictionary.to_pylist()]
        counts = np.array([self._commits.get(run, -1) for run in words], np.int64)
        keep = counts[ids.indices.to_numpy()] == rows.column("commit").to_numpy() if len(rows) else np.zeros(0, bool)
        return rows if keep.all() else rows.filter(pa.array(keep))

    def _tidy(self) -> None:
        """Make all rows that count visible to all readers, in few parts, and remove the others."""
        with suppress(OSError, DamagedError):
            for name in TABLES:
                self._open_recent(name)
                if self._superseded or len(self._parts[name]) > FEW:
                    self._rewrite(name)

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        try:
            self.commit()
            if kind is None:
                self._tidy()
        finally:
            self._release()

    def _release(self) -> None:
        locking.release(self.folder, self._lock)

    def _unwritable(self, error: OSError) -> InputError:
        return InputError(f"can't write results to {str(self.folder)!r}: {error.strerror or error}")


def _numbered(table: pa.Table, number: int) -> pa.Table:
    return table.append_column(COMMIT, pa.array(np.full(len(table), number)))
