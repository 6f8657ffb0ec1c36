"""Passes events of runs on to the loggers, in order for each run, on the thread of the runner."""

from __future__ import annotations

import queue
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from optilab.errors import InputError
from optilab.files import kind_of
from optilab.guarding.calls import Contained, described, in_time, opened
from optilab.loggers import LoggedRun, Logger
from optilab.plugins.loading import registry, rehearse_logger
from optilab.records.columns import COLUMNS
from optilab.runner.jobs import Job
from optilab.runner.rows import Finished
from optilab.workers.messages import Outcome


class Logbook:
    """The open loggers. One that raises is dropped, and `complain` is called with the reason."""

    def __init__(self, loggers: dict[str, Logger], complain: Callable[[str], None]) -> None:
        self._loggers = loggers
        self._complain = complain
        self._heard: queue.SimpleQueue[tuple[str, list[float]]] = queue.SimpleQueue()
        self._jobs: dict[str, Job] = {}
        self._told: dict[str, int] = {}  # measurements of each run that is under way
        self._statuses: Counter[str] = Counter()

    @property
    def is_empty(self) -> bool:
        """Whether there is no logger (left)."""
        return not self._loggers

    def expect(self, jobs: Iterable[Job]) -> None:
        """Announce runs that are about to begin."""
        self._jobs |= {job.run_id: job for job in jobs}

    def recall(self, finished: Iterable[Finished]) -> None:
        """Log finished runs of earlier invocations with the loggers that don't know them."""
        for one in finished:
            self._tell(partial(_tell_whole, run=logged(one.job), outcome=one.outcome))

    def hear(self, run: str, values: list[float]) -> None:
        """Queue a measurement of a run under way; callable from any thread."""
        self._heard.put((run, values))

    def take(self, finished: Sequence[Finished]) -> None:
        """Log the queued measurements, then runs that have ended."""
        while not self._heard.empty():
            run, values = self._heard.get()
            if self._told.get(run, 0) <= int(values[0]):  # a run that was tried once more begins anew
                self._measured(run, values)
        for one in finished:
            run, before = one.job.run_id, self._told.get(one.job.run_id, 0)
            self._begun(run)
            for values in one.outcome.log[np.searchsorted(one.outcome.log[:, 0], before) :]:
                self._measured(run, values.tolist())
            self._ended(one)
            self._statuses[one.outcome.status] += 1
            self._told.pop(run, None)

    def _ended(self, one: Finished) -> None:
        self._tell(lambda to: to.run_finished(logged(one.job), one.outcome.status, one.outcome.message))

    def _begun(self, run: str) -> None:
        if run not in self._told:
            self._told[run] = 0
            self._tell(lambda to: to.run_started(logged(self._jobs[run])))

    def _measured(self, run: str, values: list[float]) -> None:
        self._begun(run)
        self._told[run] = int(values[0]) + 1
        self._tell(lambda to: to.run_measured(logged(self._jobs[run]), dict(zip(COLUMNS, values, strict=True))))

    def end(self) -> None:
        """Log that the experiment is complete."""
        self._tell(lambda to: to.experiment_finished(dict(sorted(self._statuses.items()))))

    def _tell(self, what: Callable[[Logger], None]) -> None:
        for name, to in list(self._loggers.items()):
            try:
                with Contained(), in_time(f"the logger {name}", to):
                    what(to)
            except Exception as error:
                del self._loggers[name]
                self._complain(f"the logger {name} has failed, and is no longer called: {described(error)}")


def _tell_whole(to: Logger, run: LoggedRun, outcome: Outcome) -> None:
    """Log a finished run from its beginning, unless the logger knows it."""
    if to.knows(run):
        return
    to.run_started(run)
    for values in outcome.log.tolist():
        to.run_measured(run, dict(zip(COLUMNS, values, strict=True)))
    to.run_finished(run, outcome.status, outcome.message)


def logged(job: Job) -> LoggedRun:
    """A job as loggers see it."""
    columns, cell = job.task.columns, job.task.cell
    named = {name: columns[name] for name in ("experiment", "problem", "optimizer", "label", "schedule", "batch_size")}
    return LoggedRun(job.run_id, hyperparameters=dict(cell.hyperparameters), seed=job.seed, role=job.role, **named)


def check_loggers(wanted: Sequence[str]) -> None:
    """InputError for an unknown logger, or one from a plugin that hangs when it is tried."""
    for text in wanted:
        name = text.partition("=")[0]
        registry().logger(name, "log")
        rehearse_logger(name)


@contextmanager
def open_logbook(wanted: Sequence[str], folder: Path, complain: Callable[[str], None]) -> Iterator[Logbook]:
    """Open loggers, each given as NAME or NAME=WHERE, for a `with` block.

    InputError for one that is unknown or can't be opened; one that fails to close is reported to `complain`.
    """
    with ExitStack() as stack:
        loggers = {}
        for text in wanted:
            name, given, where = text.partition("=")
            kind = registry().logger(name, "log")
            if not given:
                _refuse_links(folder / name)
            manager = opened(kind.open(where if given else None, folder), f"the logger {name}")
            loggers[text] = manager.__enter__()
            stack.push(partial(_end, manager, complain))
        yield Logbook(loggers, complain)


def _end(manager: AbstractContextManager[Logger], complain: Callable[[str], None], *error: Any) -> bool | None:
    """Close a logger; if that fails, the tables and pictures of the experiment are still written."""
    try:
        return manager.__exit__(*error)
    except InputError as failed:
        complain(str(failed))
        return None


def _refuse_links(folder: Path) -> None:
    """InputError if a logger would be led out of the results folder."""
    for path in (folder, *folder.rglob("*")):
        if kind_of(path) == "link":
            raise InputError(
                f"{str(path)!r} is a link; within a results folder links are not followed. Say where: --log NAME=WHERE"
            )
