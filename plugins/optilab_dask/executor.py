"""The executor `dask`: batches of runs as tasks of a Dask scheduler (https://distributed.dask.org)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any

from optilab import ExecutorKind, InputError, Pool, close_workers, executor, hookimpl, usual_workers

if TYPE_CHECKING:
    from distributed import Client

_PATIENCE = 10  # seconds for a scheduler to answer


@executor
def dask(workers: int | None = None, address: str | None = None) -> Iterator[Pool]:
    """Make the runs on the workers of a Dask cluster.

    workers: processes of a cluster that is started on this machine; one a core if not given.
    address: of a scheduler that runs already, as in "tcp://192.168.0.1:8786", instead of `workers`; its workers may come and go.

    A worker's machine must have the same optilab, plugins and packages as this one, and the same files of datasets and plugins
    at the same paths. Its processor may differ, and with it the last bits of a result. Only names, numbers and results go
    through the scheduler.

    InputError where Dask isn't installed, where no scheduler answers at the address, and where both are given.
    """
    try:
        import distributed
    except ImportError:
        raise InputError("the executor 'dask' needs `pip install 'optilab-framework[dask]'`") from None
    with ExitStack() as stack:
        client = stack.enter_context(_client(workers, address, stack))
        slots = _Slots(client)
        tasks = client.get_executor(pure=False)
        try:
            yield Pool(tasks, slots, lambda: _trouble(client), lost=(distributed.scheduler.KilledWorker,))
        finally:
            with suppress(Exception):  # what is left there isn't needed any more
                tasks.shutdown(wait=False)
                client.run(close_workers)


def _client(workers: int | None, address: str | None, stack: ExitStack) -> Client:
    from distributed import Client, LocalCluster

    if address is None:
        count = usual_workers() if workers is None else workers
        cluster = stack.enter_context(
            LocalCluster(n_workers=count, threads_per_worker=1, dashboard_address="127.0.0.1:0")
        )
        return Client(cluster, set_as_default=False)
    if workers is not None:
        raise InputError("workers and address: the workers are those of the scheduler; give one of the two")
    try:
        return Client(address, timeout=_PATIENCE, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise InputError(f"no Dask scheduler answers at {address!r}: {error}") from None


class _Slots:
    """How many threads the workers have together, asked about once a second."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._asked = -1.0
        self._count = 1

    def __call__(self) -> int:
        if time.monotonic() - self._asked > 1:
            with suppress(Exception):  # `_trouble` tells of a lost connection
                threads: dict[str, Any] = self._client.nthreads()
                self._count = sum(threads.values())
            self._asked = time.monotonic()
        return self._count


def _trouble(client: Client) -> str:
    if client.status == "running":
        return ""
    return "the connection to the Dask scheduler is lost; what is done is kept, and the same command goes on from there"


@hookimpl
def optilab_executors() -> list[ExecutorKind]:
    return [dask]
