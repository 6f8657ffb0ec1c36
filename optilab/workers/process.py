"""One worker process, as its supervisor sees it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from optilab.errors import InputError
from optilab.guarding.calls import overdue, seconds
from optilab.guarding.children import python
from optilab.workers.messages import OUTCOMES, Batch

GRACE = 2.0  # seconds after its time limit in which a run may end by itself
START = 60.0  # seconds for a worker to start, besides those for its plugins
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


Told = Callable[[int, list[float]], None]  # called with a run's position in its batch, and a measurement


class WorkerProcess:
    """A worker process: started here, it works on one batch at a time.

    plugins: files to load. OSError if no process can be started.
    """

    def __init__(self, plugins: Sequence[str]) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="optilab-worker-"))
        self._outcomes = self._folder / OUTCOMES
        self._outcomes.touch()
        self._errors = (self._folder / "errors").open("w+b")
        self._process = subprocess.Popen(  # noqa: S603
            python("from optilab.workers.worker import main; main()"),
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
        self.send(json.dumps({"folder": str(self._folder), "plugins": list(plugins)}))
        self._hello: dict[str, Any] = {}

    def send(self, line: str) -> None:
        """Send it a line of JSON; a process that has died ignores it."""
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.write(line + "\n")

    def _answer(self) -> dict[str, Any] | None:
        """Its next line; None if its output has ended. InputError if it refuses to work."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        answer: dict[str, Any] | None = json.loads(line) if line.endswith("\n") else None
        self._silent = answer is None
        if answer is not None and "refused" in answer:
            self.kill()
            raise InputError(answer["refused"])
        return answer

    def work(self, batch: Batch, told: Told | None) -> tuple[bytes, int | None]:
        """Work on a batch; returns packed outcomes and the number of compiled functions, or None for it if the process died.

        told: called with the position of a run in the batch, and a measurement of it.

        InputError if the worker refuses the batch; OverdueError if the process hangs as it starts.
        """
        if not self._hello:
            self._hello = self._greeting()
        self._size, self._since, self._waiting = 0, time.monotonic(), False
        self.send(batch.to_json())
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
        """Its first line; empty if it died. OverdueError if it hangs: an import in compiled code can't be interrupted."""
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
        """Kill the process if it has finished no run for longer than `time_limit` and a grace, in seconds."""
        now = time.monotonic()
        try:
            size = self._outcomes.stat().st_size
        except OSError:
            return  # it is being killed, and its folder removed
        if size != self._size:
            self._size, self._since = size, now
        if not self._waiting and now - self._since > time_limit + GRACE:
            self.overdue = True
            self._process.kill()

    def last_words(self) -> tuple[str, str]:
        """How the process died, and the end of what it has written to stderr."""
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
        """Its versions and its host; empty before its greeting."""
        return self._hello.get("versions", ""), self._hello.get("host", "")

    @property
    def alive(self) -> bool:
        """Whether the process can take another batch."""
        return not self._silent and self._process.poll() is None

    def kill(self) -> None:
        """Kill the process, and remove its folder."""
        self._process.kill()
        for stream in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                if stream is not None:
                    stream.close()
        self._process.wait()
        self._errors.close()
        shutil.rmtree(self._folder, ignore_errors=True)
