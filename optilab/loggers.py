"""Loggers, which record runs outside the results folder: what a plugin needs to offer one."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from optilab.errors import InputError


@dataclass(frozen=True)
class LoggedRun:
    """A run as loggers see it, known before it begins; the fields are columns of `runs`."""

    run_id: str
    experiment: str
    problem: str
    optimizer: str
    label: str
    hyperparameters: Mapping[str, float | str]
    schedule: str
    batch_size: int
    seed: int
    role: str

    @property
    def name(self) -> str:
        """A short name that no other run has."""
        return f"{self.label}, seed {self.seed}, {self.run_id[:8]}"


class Logger:
    """Base class of loggers. Its methods are called for each event of a run, in order, in the process of `optilab run`.

    A run on this machine is logged measurement by measurement, a run on a cluster once it has ended. Runs that are in the
    results folder already are logged from there, unless `knows` returns True for them.

    A logger from a plugin that isn't bundled is first tried on an invented run, in a separate process with a temporary folder.
    """

    def knows(self, run: LoggedRun) -> bool:
        """Whether an earlier invocation has logged this run to its end, and that record still exists."""
        return False

    def run_started(self, run: LoggedRun) -> None:
        """The run begins."""

    def run_measured(self, run: LoggedRun, measured: Mapping[str, float]) -> None:
        """The run was measured: `measured` has the columns of the history, NaN where its problem has no such value."""

    def run_finished(self, run: LoggedRun, status: str, message: str) -> None:
        """The run has ended; `message` says why, where its status doesn't."""

    def experiment_finished(self, statuses: Mapping[str, int]) -> None:
        """The experiment is complete; `statuses` counts this invocation's runs by status, in the order of their names."""


@dataclass(frozen=True)
class LoggerKind:
    """A named kind of logger, as returned by `@logger`."""

    function: Callable[[str], Iterator[Logger]]

    @property
    def name(self) -> str:
        """The function's name."""
        return self.function.__name__

    @property
    def documentation(self) -> str:
        """The function's docstring."""
        return inspect.getdoc(self.function) or ""

    def open(self, where: str | None, folder: Path) -> AbstractContextManager[Logger]:
        """Open a logger for a `with` block. It writes to `where`, or to the folder of its name within the results folder."""
        return contextmanager(self.function)(str(folder / self.name) if where is None else where)

    def __repr__(self) -> str:
        return self.name


def logger(function: Callable[[str], Iterator[Logger]]) -> LoggerKind:
    """Turn a generator function into a logger: it is given where to write, yields one `Logger`, and closes it afterwards.

    InputError if the function is not a generator.
    """
    if not inspect.isgeneratorfunction(function):
        raise InputError(f"{function.__name__} is not a generator: a logger yields its Logger once")
    return LoggerKind(function)
