"""A process in which plugins are tried first: one that crashes or never returns does so there and not here."""

from __future__ import annotations

import atexit
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from typing import IO, Any

from optilab.errors import InputError
from optilab.guarding.calls import SECONDS, overdue, seconds
from optilab.texts import printable, shortened

_NEVER = "1e6"  # seconds; this process looks at the clock, the other one doesn't
_SAID = 400  # characters of the last line that it wrote


class EndedError(InputError):
    """A plugin has ended the process in which it was tried."""


class Rehearsal:
    """A process that tries plugins: it does one request after another, and tells which call of a plugin is under way."""

    def __init__(self) -> None:
        self._errors = tempfile.TemporaryFile("w+b")  # noqa: SIM115 it is closed with the process
        start = f"import sys; sys.path[:] = {sys.path!r}; from optilab.runner.rehearsing import main; main()"
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-c", start],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={**os.environ, SECONDS: _NEVER},
            start_new_session=True,  # Ctrl-C is for this process
            text=True,
            encoding="utf-8",
            bufsize=1,
        )
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        assert self._process.stdout is not None
        threading.Thread(target=_forward, args=(self._process.stdout, self._lines), daemon=True).start()

    def ask(self, **request: Any) -> None:
        """Have something tried. EndedError or OverdueError, which names the call, if it doesn't return.

        Exceptions there are ignored: the same call will raise them in this process.
        """
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.write(json.dumps(request) + "\n")
        door, limit = "", seconds()
        while True:
            try:
                line = self._lines.get(timeout=limit if door else None)
            except queue.Empty:
                self.close()
                raise overdue(door, limit) from None
            if not line:
                raise EndedError(f"{door or 'a plugin'} ended the process that it was tried in: {self._end()}")
            told = json.loads(line)
            if "done" in told:
                return
            door = told["door"]

    @property
    def alive(self) -> bool:
        """Whether the process can take a request."""
        return self._process.poll() is None

    def _end(self) -> str:
        """How the process ended, and what it wrote last."""
        code = self._process.wait()
        how = f"exit code {code}"
        if code < 0:
            with suppress(ValueError):
                how = signal.Signals(-code).name
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        self.close()
        return f"{how}; it wrote: {shortened(printable(lines[-1].strip()), _SAID)}" if lines else how

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                if stream is not None:
                    stream.close()
        self._errors.close()


def _forward(stream: IO[str], lines: queue.SimpleQueue[str]) -> None:
    with suppress(ValueError):  # it is closed meanwhile
        for line in stream:
            lines.put(line)
    lines.put("")


_here: list[Rehearsal] = []


def begin() -> Rehearsal:
    """The rehearsal process, started if it isn't running."""
    if not _here or not _here[0].alive:
        close()
        _here.append(Rehearsal())
    return _here[0]


@atexit.register
def close() -> None:
    """End the rehearsal process, if it is running."""
    while _here:
        _here.pop().close()
