"""Executors, which compute the runs of an experiment: what a plugin needs to offer one."""

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
    """An open executor.

    executor: its `submit` receives batches of runs. The submitted function can be imported on every worker that has optilab, and
        takes and returns only str and bytes.
    slots: returns how many batches it works on at the same time; called repeatedly, since workers come and go.
    trouble: returns why no batch can be worked on any more, such as a lost connection; "" while all is well.
    lost: exceptions of a future whose machine or process is gone; its batch is then submitted again.
    isolated: whether each batch runs in a process that may crash or be stopped without harm to any other. False only for an
        executor in this very process.
    here: whether submitted functions run in this process, if in another thread; measurements are then passed on at once.
    """

    executor: Executor
    slots: Callable[[], int]
    trouble: Callable[[], str] = str
    lost: tuple[type[BaseException], ...] = ()
    isolated: bool = True
    here: bool = False


@dataclass(frozen=True)
class ExecutorKind:
    """A named kind of executor, as returned by `@executor`."""

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
        """Open a pool for a `with` block. Options that are None are left out; InputError for one that the executor doesn't have."""
        given = {name: value for name, value in options.items() if value is not None}
        for name in given:
            if name not in self.choices:
                raise unknown(f"option of the executor {self.name}", name, self.choices)
        return contextmanager(self.function)(**given)

    def __repr__(self) -> str:
        return self.name


def usual_workers() -> int:
    """The number of cores that this process may use, by its affinity and the limits of its cgroup."""
    from loky import cpu_count

    count: int = cpu_count()
    return count


def executor(function: Callable[..., Iterator[Pool]]) -> ExecutorKind:
    """Turn a generator function into an executor: it yields one `Pool`, and closes it afterwards.

    Its arguments are the executor's options; all have defaults. `workers` and `address` are those of `optilab run`.

    InputError if the function is not a generator.
    """
    if not inspect.isgeneratorfunction(function):
        raise InputError(f"{function.__name__} is not a generator: an executor yields its Pool once")
    return ExecutorKind(function)
