"""Executors: where the runs of an experiment are made. What a plugin needs to offer one."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from optilab.errors import InputError, unknown


@dataclass(frozen=True)
class Pool:
    """An executor at work.

    executor: gets batches of runs by `submit`. What it calls is importable on every worker that has optilab, and takes and
        returns texts and bytes alone.
    slots: how many batches it works on at the same time; asked again and again, as workers come and go.
    trouble: why no batch can be worked on any more, such as a lost connection; "" while all is well.
    lost: what a future raises when the machine or process that had its batch is gone; the batch is then made elsewhere.
    isolated: whether each batch is made by a process that may crash or be stopped without harm to any other. Only an executor
        in this very process isn't.
    here: whether what is submitted is called in this process, if in a thread of it: measurements are told at once.
    """

    executor: Executor
    slots: Callable[[], int]
    trouble: Callable[[], str] = str
    lost: tuple[type[BaseException], ...] = ()
    isolated: bool = True
    here: bool = False


@dataclass(frozen=True)
class ExecutorKind:
    """A named way to make runs; made by `@executor`."""

    function: Callable[..., Iterator[Pool]]

    @property
    def name(self) -> str:
        """The function's name."""
        return self.function.__name__

    @property
    def documentation(self) -> str:
        """The function's docstring."""
        return inspect.getdoc(self.function) or ""

    @property
    def choices(self) -> dict[str, str]:
        """Its options, each with its default."""
        return {n: str(p.default) for n, p in inspect.signature(self.function).parameters.items()}

    def open(self, **options: Any) -> AbstractContextManager[Pool]:
        """A pool for the time of a `with` block. InputError for an option that it doesn't have; None is not given."""
        given = {name: value for name, value in options.items() if value is not None}
        for name in given:
            if name not in self.choices:
                raise unknown(f"option of the executor {self.name}", name, self.choices)
        return contextmanager(self.function)(**given)

    def __repr__(self) -> str:
        return self.name


def usual_workers() -> int:
    """One a core, of those that this process may use: its affinity, and limits of its cgroup, are respected."""
    from loky import cpu_count

    count: int = cpu_count()
    return count


def executor(function: Callable[..., Iterator[Pool]]) -> ExecutorKind:
    """Make an executor of a generator function that yields one `Pool`, and ends it afterwards.

    Its arguments are the executor's options; all have defaults. `workers` and `address` are those of `optilab run`.
    """
    if not inspect.isgeneratorfunction(function):
        raise InputError(f"{function.__name__} is not a generator: an executor yields its Pool once")
    return ExecutorKind(function)
