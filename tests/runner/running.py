"""A tiny grid, and an observer of its runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from optilab.experiment.experiment import Experiment
from optilab.runner.observer import Observer
from optilab.runner.rows import Finished

FEEDBACK = '''
import os
from pathlib import Path

from optilab import feedback, hookimpl

MARKS = Path({marks!r})


@feedback()
def raises(after=3):
    """Answer for a while, and then fail."""
    for _ in range(int(after)):
        yield 1.0
    raise RuntimeError("this schedule gives up")


@feedback()
def dies(after=3):
    """Take the process down, and leave a mark for every time."""
    for _ in range(int(after)):
        yield 1.0
    (MARKS / f"{{os.getpid()}}").touch()
    os._exit(1)


@feedback()
def patient(waits=0):
    """Hold on for a while, as long as fewer than two processes have been taken down."""
    import time

    if len(list(MARKS.iterdir())) < 2:
        time.sleep(waits)
    while True:
        yield 1.0


@hookimpl
def optilab_schedules():
    return [raises, dies, patient]
'''


class Counted(Observer):
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.stages: list[tuple[str, int, int]] = []
        self.stale = 0
        self.rows: list[Finished] = []
        self.compiled: list[str] = []

    def compiling(self, what: str) -> None:
        """Something is compiled or loaded."""
        self.compiled.append(what)

    def started(self, role: str, missing: int, done: int, stale: int, later: int) -> None:
        """A stage begins."""
        self.stages.append((role, missing, done))
        self.stale += stale

    def finished(self, runs: Sequence[Finished], running: int) -> None:
        """Runs have ended."""
        self.rows += runs

    @property
    def statuses(self) -> list[str]:
        """How they ended."""
        return [row.outcome.status for row in self.rows]


def experiment(**changes: Any) -> Experiment:
    """A tiny grid: two optimizers with two learning rates, on a bowl."""
    given = {
        "name": "tiny",
        "seeds": 2,
        "budget": {"steps": 50},
        "measure": {"steps": 10},
        "problem": {"use": "bowl", "start": "random"},
        "optimizers": [{"use": "sgd", "lr": [0.01, 0.05]}, {"use": "adam", "lr": [0.01, 0.1]}],
    }
    return Experiment.model_validate({**given, **changes})
