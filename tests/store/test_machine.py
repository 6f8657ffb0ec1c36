"""The store under everything that can happen to it, against a dictionary."""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from optilab.errors import InputError, ResultsWarning
from optilab.store import Store, merge
from optilab.store.parts import write_joined
from optilab.store.reading import live_tables
from optilab.store.survey import survey
from tables import LR, held, tables

RUNS = st.sampled_from("abcdefgh")
VALUES = st.integers(0, 99).map(float)

MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 a folder that lies in memory, where there is one

Held = dict[str, tuple[float, int]]


class CrashError(BaseException):
    """The process ends here."""


@contextmanager
def crashing_at(operation: int) -> Iterator[None]:
    """Nothing reaches the disk any more from the k-th operation on: no rename, no removal, no sync, no new file."""
    done = 0

    def failing(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            nonlocal done
            done += 1
            if done > operation:
                raise CrashError
            return real(*given, **named)

        return call

    with (
        mock.patch("os.replace", failing(os.replace)),
        mock.patch("os.rename", failing(os.rename)),
        mock.patch("os.unlink", failing(os.unlink)),
        mock.patch("os.fsync", failing(os.fsync)),
    ):
        yield


class Machine(RuleBasedStateMachine):
    """`committed` is what must be there; `waiting` was added since the last commit."""

    @initialize()
    def begin(self) -> None:
        """A folder with a few commits, so that every rule has something to work on."""
        self.home = Path(tempfile.mkdtemp(dir=MEMORY))
        self.folder = self.home / "results"
        self.committed: Held = {}
        self.waiting: Held = {}
        self.count = 0
        self.store = Store(self.folder, LR, "{}")
        for run, measurements in (("a", 3), ("b", 0), ("c", 2)):
            self.add(run, 0.0, measurements)
            self.commit()

    @rule(run=RUNS, value=VALUES, measurements=st.integers(0, 3))
    def add(self, run: str, value: float, measurements: int) -> None:
        """A run is finished, perhaps not for the first time."""
        if run in self.waiting:
            self.commit()  # a session makes no run twice between two commits
        self.store.add(*tables([{"run_id": run, "value": value, "measurements": measurements}]))
        self.waiting[run] = (value, measurements)

    @rule()
    def commit(self) -> None:
        """What waits is written."""
        self.store.commit()
        self.committed |= self.waiting
        self.waiting = {}

    @rule(runs=st.integers(3, 7))
    def commit_often(self, runs: int) -> None:
        """Many small commits, so that parts are joined."""
        self.commit()
        for k in range(runs):
            self.add("abcdefgh"[k % 8], float(k), k % 3)
            self.commit()

    @rule(operation=st.integers(0, 30), tidily=st.booleans(), run=RUNS)
    def crash(self, operation: int, tidily: bool, run: str) -> None:
        """The process dies at some operation of a commit, or of its last things to do."""
        self.add(run, 100.0, 2)
        before, after = dict(self.committed), self.committed | self.waiting
        try:
            with crashing_at(operation):
                self.store.commit()
                if tidily:
                    self.store._tidy()
        except CrashError:
            pass
        self._reopen()
        there = self._held()
        assert there in (before, after)
        self.committed, self.waiting = there, {}

    @rule(operation=st.integers(0, 30))
    def crash_when_opened(self, operation: int) -> None:
        """The process dies while it mends what another one left."""
        self.store._lock.release()
        try:
            with crashing_at(operation):
                Store(self.folder, LR, "{}")._lock.release()
        except CrashError:
            pass
        self._reopen(locked=False)
        self.waiting = {}

    @rule()
    def end_well(self) -> None:
        """After a session that ends well, anybody's reader finds each run once."""
        self.store.__exit__(None, None, None)
        self.committed |= self.waiting
        self.waiting = {}
        if self.committed:
            plain = ds.dataset(self.folder / "runs").to_table()
            assert sorted(plain.column("run_id").to_pylist()) == sorted(self.committed)
            rows = ds.dataset(self.folder / "history").count_rows()
            assert rows == sum(n for _, n in self.committed.values())
        self._reopen(locked=False)

    @precondition(lambda self: self._measured)
    @rule(which=st.integers(0, 100), flip=st.booleans(), place=st.floats(0, 1, exclude_max=True))
    def damage_history(self, which: int, flip: bool, place: float) -> None:
        """A part of the history is damaged."""
        self._damage(which, flip, place, "history")

    @precondition(lambda self: self._measured)
    @rule(which=st.integers(0, 100), flip=st.booleans(), place=st.floats(0, 1, exclude_max=True))
    def damage_runs(self, which: int, flip: bool, place: float) -> None:
        """A part of the table of runs is damaged."""
        self._damage(which, flip, place, "runs")

    @precondition(lambda self: self._measured)
    @rule(which=st.integers(0, 100))
    def shorten_history(self, which: int) -> None:
        """A part of the history lacks its last row: the run that it is of is missing, or as it was before; no other is."""
        every = [content.part for content in survey(self.folder).good["history"]]
        part = every[which % len(every)]
        rows = pq.read_table(part.path)
        if not len(rows):
            return
        part.path.unlink()
        write_joined(part.table, [rows[:-1]], rows.schema, [part], part.visibility)
        hit = rows.column("run_id")[-1].as_py()
        before_mending = self._held()
        self._reopen()
        there = self._held()
        assert there == before_mending
        assert {run: made for run, made in there.items() if run != hit} == {
            run: made for run, made in self.committed.items() if run != hit
        }
        self.committed, self.waiting = there, {}

    @property
    def _measured(self) -> bool:
        return any(count for _, count in self.committed.values())

    def _damage(self, which: int, flip: bool, place: float, table: str) -> None:
        """A byte of a part is changed, or its end is lost: its runs are missing, or as they were before; no other is."""
        every = [content.part for content in survey(self.folder).good[table]]
        part = every[which % len(every)]
        runs, _ = live_tables(self.folder)
        commits = dict(zip(runs.column("run_id").to_pylist(), runs.column("commit").to_pylist(), strict=True))
        content = bytearray(part.path.read_bytes())
        at = int(place * len(content))
        if flip:
            content[at] ^= 1
        part.path.write_bytes(bytes(content) if flip else bytes(content[:at]))
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            before_mending = self._held()
        assert any(issubclass(w.category, ResultsWarning) for w in told)
        self._reopen()
        assert any(part.path.name in note and "damaged" in note for note in self.store.notes)
        there = self._held()
        assert there == before_mending
        for run, (value, measurements) in self.committed.items():
            hit = part.first <= commits[run] <= part.last and (measurements or table == "runs")
            assert hit or there[run] == (value, measurements)
        self.committed, self.waiting = there, {}

    @rule(runs=st.dictionaries(RUNS, VALUES, min_size=1, max_size=3))
    def take_in(self, runs: dict[str, float]) -> None:
        """Another folder is merged into this one: what was here stays, what wasn't comes."""
        self.commit()
        self.store.__exit__(None, None, None)
        self.count += 1
        other = self.home / str(self.count)
        with Store(other, LR, "{}") as store:
            store.add(*tables([{"run_id": run, "value": value} for run, value in runs.items()]))
        if not self.committed:
            self._reopen(locked=False)
            return
        merged = merge(self.folder, other)
        assert merged.added == len(set(runs) - set(self.committed))
        assert held(other) == {run: (value, 3) for run, value in runs.items()}
        self.committed = {run: (value, 3) for run, value in runs.items()} | self.committed
        self._reopen(locked=False)

    def _reopen(self, *, locked: bool = True) -> None:
        if locked:
            self.store._lock.release()
        self.store = Store(self.folder, LR, "{}")

    def _held(self) -> Held:
        try:
            return held(self.folder)
        except InputError:  # nothing yet
            return {}

    @invariant()
    def what_is_read_is_what_was_committed(self) -> None:
        """Nothing lost, nothing doubled, every history whole and of the last making."""
        if hasattr(self, "store"):
            assert self._held() == self.committed
            assert set(self.store.done()) == set(self.committed)

    def teardown(self) -> None:
        """Leave nothing behind."""
        if hasattr(self, "store"):
            self.store._lock.release()
            shutil.rmtree(self.home, ignore_errors=True)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No power is cut here, so that a sync need not wait for a disk; and files as small as these are read without threads."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    monkeypatch.setattr("optilab.store.survey.ThreadPoolExecutor", lambda _: nullcontext(SimpleNamespace(map=map)))


class TestStore(Machine.TestCase):  # type: ignore[misc, valid-type]
    settings = settings(max_examples=7, stateful_step_count=7, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.slow
class TestStoreAtLength(Machine.TestCase):  # type: ignore[misc, valid-type]
    settings = settings(max_examples=60, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck))
