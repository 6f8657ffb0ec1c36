"""The built-in executors: `inline` in this process, and `local` on the cores of this machine."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any

from optilab.executors import Pool, executor, usual_workers
from optilab.workers import supervisor


class _AtOnce(Executor):
    """An executor that calls each function as it is submitted."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call the function; returns a future that is done."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


@executor
def inline() -> Iterator[Pool]:
    """Run in this process, one run after another: for debuggers, and to see what a plugin prints.

    A plugin that crashes takes this process with it.
    """
    yield Pool(_AtOnce(), lambda: 1, isolated=False, here=True)


@executor
def local(workers: int | None = None) -> Iterator[Pool]:
    """Run on this machine, in `workers` processes of one thread each; by default one for each core.

    Cores are those that this process may use, by its affinity and the limits of its container.
    """
    count = usual_workers() if workers is None else workers
    threads = ThreadPoolExecutor(count, thread_name_prefix="optilab-supervisor")
    try:
        yield Pool(threads, lambda: count, here=True)
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
        supervisor.close_workers()
