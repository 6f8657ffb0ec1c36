"""Loggers: who keeps a record of runs besides the results folder. What a plugin needs to offer one."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from optilab.errors import InputError


@dataclass(frozen=True)
class LoggedRun:
    """What is known of a run before it begins; the fields are columns of `runs`."""

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
    """Told what happens to each run, in order, in the process of `optilab run`; this one keeps silent.

    A run is told as it goes where it is made on this machine, and from a cluster once it is over. Runs of the experiment that
    were made before are told from the results folder, unless `knows` says that they have been.

    One from a plugin that isn't bundled is told of a made-up run first, by a process of its own and for a temporary folder, whatever
    place is given.
    """

    def knows(self, run: LoggedRun) -> bool:
        """Whether this run was told to its end by an earlier start, and what was told then is still there."""
        return False

    def run_started(self, run: LoggedRun) -> None:
        """A run begins."""

    def run_measured(self, run: LoggedRun, measured: Mapping[str, float]) -> None:
        """It has been measured: the columns of the history; what isn't measured on its problem is NaN."""

    def run_finished(self, run: LoggedRun, status: str, message: str) -> None:
        """It has ended, well or badly."""

    def experiment_finished(self, statuses: Mapping[str, int]) -> None:
        """Nothing is missing any more; so many runs of this start have ended how."""


@dataclass(frozen=True)
class LoggerKind:
    """A named logger; made by `@logger`."""

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
        """A logger for the time of a `with` block, that writes where it is told, or below the results folder."""
        return contextmanager(self.function)(str(folder / self.name) if where is None else where)

    def __repr__(self) -> str:
        return self.name


def logger(function: Callable[[str], Iterator[Logger]]) -> LoggerKind:
    """Make a logger of a generator function that is told where to write, yields one `Logger`, and ends it afterwards."""
    if not inspect.isgeneratorfunction(function):
        raise InputError(f"{function.__name__} is not a generator: a logger yields its Logger once")
    return LoggerKind(function)
