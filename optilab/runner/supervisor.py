"""Watches over worker processes: a run that crashes its worker, or never returns, costs that run alone.

A batch is worked on by a worker process of its own, started by whoever has the batch: the runner itself or, on another
machine, a worker of the executor there. What the process had finished before it died is kept.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from optilab.errors import InputError
from optilab.guarding import overdue, seconds
from optilab.runner.listening import listener_of
from optilab.runner.messages import OUTCOMES, Outcome, Reply, lost, unpack
from optilab.subprocesses import python

GRACE = 2.0  # seconds after its time limit in which a run may end by itself
START = 60.0  # seconds for a worker to start, beside those for its plugins
_STARTS = 3  # processes that may die before they are ready
_TAIL = 4000  # characters of what a worker wrote before it died

# Set before a worker starts: numpy and scipy each bring an OpenBLAS of their own, and Numba a pool of threads.
ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "BLIS_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
        "NUMBA_NUM_THREADS",
    ),
    "1",
)

Told = Callable[[int, list[float]], None]  # of a run's number in its batch, and a measurement


class WorkerProcess:
    """A worker process, and what is known of it."""

    def __init__(self, plugins: list[str]) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="optilab-worker-"))
        self._outcomes = self._folder / OUTCOMES
        self._outcomes.touch()
        self._errors = (self._folder / "errors").open("w+b")
        self._process = subprocess.Popen(  # noqa: S603
            python("from optilab.runner.worker import main; main()"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={**os.environ, **ONE_THREAD},
            start_new_session=True,  # Ctrl-C is for the runner
            text=True,
            encoding="utf-8",
            bufsize=1,
        )
        self.pid = self._process.pid
        self.overdue = self._silent = False
        self._size, self._since, self._waiting = 0, time.monotonic(), True
        self.send({"folder": str(self._folder), "plugins": plugins})
        self._hello: dict[str, Any] = {}

    def send(self, message: dict[str, Any]) -> None:
        """Send it a line; one that is dead doesn't get it."""
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.write(json.dumps(message) + "\n")

    def _answer(self) -> dict[str, Any] | None:
        """Its next line, or None if there will be no more. InputError if it refuses to work."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        answer: dict[str, Any] | None = json.loads(line) if line.endswith("\n") else None
        self._silent = answer is None
        if answer is not None and "refused" in answer:
            self.kill()
            raise InputError(answer["refused"])
        return answer

    def work(self, batch: dict[str, Any], told: Told | None) -> tuple[bytes, int | None]:
        """What it has finished of a batch, and how many functions it compiled; None for these if it died."""
        if not self._hello:
            self._hello = self._greeting()
        self._size, self._since, self._waiting = 0, time.monotonic(), False
        self.send(batch)
        compiled = None
        while (answer := self._answer()) is not None:
            if "compiling" in answer:
                self._since, self._waiting = time.monotonic(), answer["compiling"]
            elif "measured" in answer and told is not None:
                told(answer["measured"], answer["values"])
            elif "done" in answer:
                compiled = answer["compiled"]
                break
        self._waiting = True
        return self._outcomes.read_bytes(), compiled

    def _greeting(self) -> dict[str, Any]:
        """Its first line, or nothing if it died. OverdueError if it hangs: an import in compiled code can't be interrupted."""
        limit, late = START + seconds(), threading.Event()

        def end() -> None:
            late.set()
            self._process.kill()

        timer = threading.Timer(limit, end)
        timer.daemon = True
        timer.start()
        answer = self._answer()
        timer.cancel()
        if late.is_set():
            raise overdue("a worker process, as it started and imported the plugins,", limit)
        return answer or {}

    def check(self, time_limit: float) -> None:
        """Kill it if it has finished no run for longer than a run may take."""
        now = time.monotonic()
        try:
            size = self._outcomes.stat().st_size
        except OSError:
            return  # it is being ended
        if size != self._size:
            self._size, self._since = size, now
        if not self._waiting and now - self._since > time_limit + GRACE:
            self.overdue = True
            self._process.kill()

    def last_words(self) -> tuple[str, str]:
        """How it died, and what it wrote before."""
        code = self._process.wait()
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        with suppress(ValueError):
            import signal

            how = signal.Signals(-code).name if code < 0 else how
        self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, self._errors.tell() - _TAIL))
        return how, self._errors.read().decode("utf-8", "replace")

    @property
    def made_with(self) -> tuple[str, str]:
        """Its versions and its host."""
        return self._hello.get("versions", ""), self._hello.get("host", "")

    @property
    def alive(self) -> bool:
        """Whether it may get another batch."""
        return not self._silent and self._process.poll() is None

    def kill(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        for stream in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                if stream is not None:
                    stream.close()
        self._process.wait()
        self._errors.close()
        shutil.rmtree(self._folder, ignore_errors=True)


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


def close() -> None:
    """End the workers of this process."""
    with _changing:
        _close()


@atexit.register
def _close() -> None:
    while _here:
        _here.pop().close()
