"""Watches over worker processes: a run that crashes its worker, or never returns, costs that run alone.

A batch is worked on by a worker process of its own, started by whoever has the batch: the runner itself or, on another
machine, a worker of the executor there. What the process had finished before it died is kept.
"""

from __future__ import annotations

import atexit
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from optilab.errors import InputError
from optilab.workers.listeners import listener_of
from optilab.workers.messages import Outcome, Reply, lost, unpack
from optilab.workers.process import GRACE, Told, WorkerProcess

_STARTS = 3  # processes that may die before they are ready


class Supervisor:
    """Worker processes of one session, each for one batch at a time; the runner or an executor's worker has one."""

    def __init__(self, session: str) -> None:
        self.session = session
        self._lock = threading.Lock()
        self._idle: list[WorkerProcess] = []
        self._busy: set[WorkerProcess] = set()
        self._closed = False

    def prepare(self, count: int, plugins: list[str]) -> None:
        """Start workers ahead of their first batch."""
        with self._lock:
            self._idle += [WorkerProcess(plugins) for _ in range(count - len(self._idle))]

    def work(self, batch: dict[str, Any], told: Told | None = None) -> Reply:
        """Make a batch, with as many workers as die on the way. InputError if it can't be made here."""
        packed, done, retried, stillborn = b"", 0, -1, 0
        while True:
            with self._worker(batch["plugins"]) as worker, self._watched(worker, batch["time_limit"]):
                rest = {**batch, "runs": batch["runs"][done:]}
                finished, compiled = worker.work(rest, _numbered_from(done, told))
                whole = [outcome.pack() for outcome in unpack(finished)]
                packed += b"".join(whole)
                done += len(whole)
                if compiled is not None or done == len(batch["runs"]):
                    return Reply(packed, *worker.made_with, compiled or 0)
                if self._closed:
                    raise InterruptedError("the runner is closing")
                if not worker.made_with[0]:
                    stillborn += 1
                    if stillborn == _STARTS:
                        raise InputError("worker processes don't start: {}: {}".format(*worker.last_words()))
                elif worker.overdue or retried == done:
                    end = _overdue(batch["time_limit"]) if worker.overdue else _crashed(worker)
                    return Reply(packed + end.pack(), *worker.made_with, 0)
                else:
                    retried = done

    @contextmanager
    def _worker(self, plugins: list[str]) -> Iterator[WorkerProcess]:
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
        """Look after it from another thread, if its runs have a time limit."""
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
        """Process numbers of its workers."""
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


def work(batch: str) -> tuple[bytes, str, str, int]:
    """Make a batch under the supervisor of this process: what an executor calls.

    A new session ends the workers of the one before, which have the code that there was then.
    """
    content = json.loads(batch)
    listener, runs = listener_of(content["session"]), content["runs"]

    def told(number: int, values: list[float]) -> None:
        if listener is not None:
            listener(runs[number][2], values)

    return tuple(_supervisor(content["session"]).work(content, told))  # type: ignore[return-value]


def prepare(session: str, plugins: list[str], count: int) -> None:
    """Start worker processes in this process ahead of their first batch."""
    _supervisor(session).prepare(count, plugins)


def workers() -> list[int]:
    """Process numbers of the workers of this process."""
    return [pid for supervisor in _here for pid in supervisor.pids]


def _supervisor(session: str) -> Supervisor:
    with _changing:
        if not _here or _here[0].session != session:
            _close()
            _here.append(Supervisor(session))
        return _here[0]


def close_workers() -> None:
    """End the worker processes of this process: what an executor calls where its batches were made."""
    with _changing:
        _close()


@atexit.register
def _close() -> None:
    while _here:
        _here.pop().close()
