"""Watches over worker processes: a run that crashes its worker, or never returns, costs that run alone.

Each batch goes to a worker process, a child of the process that has the batch: the runner itself or, on another machine, a
worker of the executor there. Runs that the process had finished before it died are kept.
"""

from __future__ import annotations

import atexit
import math
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from optilab.errors import InputError
from optilab.workers.listeners import listener_of
from optilab.workers.messages import Batch, Outcome, Reply, lost, whole
from optilab.workers.process import GRACE, Told, WorkerProcess

_STARTS = 3  # processes that may die before they are ready


class Supervisor:
    """The worker processes of one session, each with one batch at a time; a process has one supervisor."""

    def __init__(self, session: str) -> None:
        self.session = session
        self._lock = threading.Lock()
        self._idle: list[WorkerProcess] = []
        self._busy: set[WorkerProcess] = set()
        self._closed = False

    def prepare(self, count: int, plugins: Sequence[str]) -> None:
        """Start workers ahead of their first batch."""
        with self._lock:
            self._idle += [WorkerProcess(plugins) for _ in range(count - len(self._idle))]

    def work(self, batch: Batch, told: Told | None = None) -> Reply:
        """Work on a batch; a worker that dies is replaced, and the run at which two have died counts as crashed.

        Where the first died on runs that may have advanced together, two more must die on one of them alone.

        told: called with the position of a run in the batch, and a measurement of it.

        InputError if workers don't start or refuse the batch; InterruptedError if the supervisor is closed meanwhile.
        """
        packed, done, retried, stillborn = b"", 0, -1, 0
        while True:
            with self._worker(batch.plugins) as worker, self._watched(worker, batch.time_limit):
                finished, compiled = worker.work(batch.after(done), _numbered_from(done, told))
                count, outcomes = whole(finished)
                packed += outcomes
                done += count
                if compiled is not None or done == len(batch.runs):
                    return Reply(packed, *worker.made_with, compiled or 0)
                if self._closed:
                    raise InterruptedError("the runner is closing")
                if not worker.made_with[0]:
                    stillborn += 1
                    if stillborn == _STARTS:
                        raise InputError("worker processes don't start: {}: {}".format(*worker.last_words()))
                elif worker.overdue or retried == done:
                    limit = batch.time_limit
                    end = _overdue(limit) if worker.overdue and limit is not None else _crashed(worker)
                    return Reply(packed + end.pack(), *worker.made_with, 0)
                else:  # whichever of those that advanced together it was, they go on one by one, all of them here
                    retried = done if batch.apart or done + 1 == len(batch.runs) else -1
                    batch = replace(batch, apart=True, quantum=math.inf)

    @contextmanager
    def _worker(self, plugins: Sequence[str]) -> Iterator[WorkerProcess]:
        """An idle worker, or a new one."""
        with self._lock:
            if self._closed:
                raise InterruptedError("the runner is closing")
            while self._idle and not self._idle[-1].alive:
                self._idle.pop().kill()
            worker = self._idle.pop() if self._idle else WorkerProcess(plugins)
            self._busy.add(worker)
        try:
            yield worker
        finally:
            with self._lock:
                self._busy.discard(worker)
                if worker.alive and not self._closed:
                    self._idle.append(worker)
                else:
                    worker.kill()

    @contextmanager
    def _watched(self, worker: WorkerProcess, time_limit: float | None) -> Iterator[None]:
        """Check the worker from another thread, if its runs have a time limit in seconds."""
        if time_limit is None:
            yield
            return
        over = threading.Event()

        def look() -> None:
            while not over.wait(0.25):
                worker.check(time_limit)

        thread = threading.Thread(target=look, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    @property
    def pids(self) -> list[int]:
        """Process identifiers of its workers."""
        with self._lock:
            return [worker.pid for worker in [*self._busy, *self._idle]]

    def close(self) -> None:
        """End all workers at once."""
        with self._lock:
            self._closed = True
            for worker in self._busy:
                worker._process.kill()
            while self._idle:
                self._idle.pop().kill()


def _numbered_from(first: int, told: Told | None) -> Told | None:
    return None if told is None else lambda number, values: told(first + number, values)


def _overdue(limit: float) -> Outcome:
    return lost("timeout", f"did not end within {GRACE:g} s of its time limit of {limit:g} s; its worker was stopped")


def _crashed(worker: WorkerProcess) -> Outcome:
    how, wrote = worker.last_words()
    return lost("crashed", f"its worker died twice: {how}", wrote)


_here: list[Supervisor] = []
_changing = threading.Lock()


def work(message: str) -> tuple[bytes, str, str, int]:
    """Work on a batch, given as JSON, under the supervisor of this process: the function that executors call.

    A new session ends the workers of the one before, which have loaded the code of that time. Returns the fields of a `Reply`;
    errors as for `Supervisor.work`.
    """
    batch = Batch.from_json(message)
    listener = listener_of(batch.session)

    def told(number: int, values: list[float]) -> None:
        if listener is not None:
            listener(batch.runs[number].run_id, values)

    return tuple(_supervisor(batch.session).work(batch, told))  # type: ignore[return-value]


def prepare(session: str, plugins: list[str], count: int) -> None:
    """Start worker processes in this process ahead of their first batch."""
    _supervisor(session).prepare(count, plugins)


def workers() -> list[int]:
    """Process identifiers of the workers of this process."""
    return [pid for supervisor in _here for pid in supervisor.pids]


def _supervisor(session: str) -> Supervisor:
    with _changing:
        if not _here or _here[0].session != session:
            _close()
            _here.append(Supervisor(session))
        return _here[0]


def close_workers() -> None:
    """End the worker processes of this process. An executor calls it in each process that worked on its batches."""
    with _changing:
        _close()


@atexit.register
def _close() -> None:
    while _here:
        _here.pop().close()
