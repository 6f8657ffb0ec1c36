"""One invocation of an experiment: which runs it computes, and where their results go."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from optilab import store
from optilab.errors import InputError
from optilab.executors import ExecutorKind, Pool
from optilab.experiment.grid import Grid
from optilab.experiment.seeds import Role
from optilab.guarding.calls import opened
from optilab.plugins.loading import registry
from optilab.records.statuses import FAILURES
from optilab.runner.compiling import compile_all
from optilab.runner.dispatch import Dispatch
from optilab.runner.jobs import Job, Rerun, missing, stale
from optilab.runner.logbook import Logbook
from optilab.runner.observer import Observer
from optilab.runner.recalling import recalled
from optilab.runner.rows import Finished, history_table, runs_table, wanted_table
from optilab.workers.listeners import listen, stop

_COMMIT_EVERY = 0.4  # seconds; together with a batch's QUANTUM, less than a second of finished work is at risk, but for runs that advance together


class FailedFast(Exception):  # noqa: N818
    """A run has failed in an experiment that was to stop at the first failure."""


@dataclass(frozen=True)
class Way:
    """How the runs of an experiment are computed; no choice changes a result.

    executor: its name, "local" or "inline" or a plugin's. workers, address: the executor's options.
    rerun: which runs are repeated although the folder has them: "stale" (their code has changed since), "failed" (crashed
        and timed out as well), "diverged" or "all".
    fail_fast: stop at the first run that fails.
    log: loggers, each as NAME or NAME=WHERE.

    InputError for fewer than one worker.
    """

    executor: str = "local"
    workers: int | None = None
    address: str | None = None
    rerun: Rerun | None = None
    fail_fast: bool = False
    log: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.workers is not None and self.workers < 1:
            raise InputError(f"workers = {self.workers}: accepted is a whole number above zero")

    @property
    def kind(self) -> ExecutorKind:
        """The executor of that name. InputError if there is none."""
        return registry().executor(self.executor, "executor")

    @contextmanager
    def pool(self) -> Iterator[Pool]:
        """Open the executor's pool for a `with` block. InputError for options that the executor doesn't have."""
        kind = self.kind
        with opened(kind.open(workers=self.workers, address=self.address), f"the executor {kind.name}") as pool:
            yield pool


class Session:
    """One invocation of an experiment: its store, and a pool as soon as a run is missing."""

    def __init__(
        self, keep: store.Store, way: Way, observer: Observer, book: Logbook, stack: ExitStack, grid: Grid
    ) -> None:
        self._keep, self._way, self._observer, self._book, self._stack = keep, way, observer, book, stack
        self._control, self._by = grid.control, grid.experiment.chosen_by
        self._dispatch: Dispatch | None = None

    @property
    def folder(self) -> Path:
        """The results folder."""
        return self._keep.folder

    def want(self, wanted: Sequence[Job], *, more: bool = False) -> None:
        """Store which runs the experiment wants. more: whether further ones are chosen by the results of these.

        InputError if that can't be written.
        """
        self._keep.want(store.marked(wanted_table(wanted), control=self._control, more=more, by=self._by))

    def done(self) -> dict[str, tuple[str, str]]:
        """Status and digest of the code of each run that the folder holds, by run_id."""
        return self._keep.done()

    def make(
        self, wanted: Sequence[Job], role: Role, settled: Collection[str] = (), before: int = 0, later: int = 0
    ) -> None:
        """Compute the missing runs of a stage, and store them as they arrive.

        settled: pruned runs whose pruning still stands. before, later: the numbers of runs of this stage that earlier
        generations have finished, and that later ones will add.

        InputError if something doesn't compile or the executor fails; FailedFast if that was asked for. On these and on
        KeyboardInterrupt, runs that have finished are stored.
        """
        there = self._keep.done()
        todo = missing(wanted, there, self._way.rerun, settled)
        old = 0 if self._way.rerun in ("stale", "all") else len(stale(wanted, there))
        if todo:
            compile_all(todo, self._observer)
            self._dispatch = self._dispatch or self._begin()
        self._observer.started(role, len(todo), before + len({job.run_id for job in wanted}) - len(todo), old, later)
        if not self._book.is_empty:
            left = {job.run_id for job in todo}
            before_today = [job for job in wanted if job.run_id in there and job.run_id not in left]
            self._book.recall(recalled(before_today, store.load(self.folder)) if before_today else ())
        if self._dispatch is None or not todo:
            return
        self._book.expect(todo)
        try:
            self._take_in(self._dispatch, todo)
        except (KeyboardInterrupt, FailedFast):
            self._put(self._dispatch.last())
            raise

    def _begin(self) -> Dispatch:
        """Open the pool."""
        dispatch = Dispatch(self._stack.enter_context(self._way.pool()))
        if dispatch.pool.here and not self._book.is_empty:
            listen(dispatch.session, self._book.hear)
            self._stack.callback(stop, dispatch.session)
        return dispatch

    def _take_in(self, dispatch: Dispatch, todo: Sequence[Job]) -> None:
        committed = time.monotonic()
        for finished in dispatch.finished(todo):
            self._put(finished)
            if time.monotonic() - committed > _COMMIT_EVERY:
                self._keep.commit()
                committed = time.monotonic()
            self._observer.finished(finished, dispatch.running)
            self._book.take(finished)
            if self._way.fail_fast and any(one.outcome.status in FAILURES for one in finished):
                raise FailedFast
        self._keep.commit()

    def _put(self, finished: Sequence[Finished]) -> None:
        if finished:
            self._keep.add(runs_table(finished, self._keep.runs_schema), history_table(finished, store.HISTORY))
