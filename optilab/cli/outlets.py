"""Standard output and standard error of a command; results are kept even if neither can be written.

Results go to the standard output. Everything else that is printed, as by a plugin or a process that it starts, goes to the
standard error, so that a program can read the output. A character that the encoding lacks is written as an escape sequence. A
command goes on after its output is closed or the pipe has ended; if output was lost for another reason, it says so at its end.
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import io
import os
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TextIO

from optilab.texts import printable

if TYPE_CHECKING:
    from typing_extensions import Buffer

EX_IOERR = 74  # exit code, as in sysexits.h, where output could not be written
_PLAIN = str.maketrans({"–": "-", "−": "-", "…": "~", "×": "x", "✓": "+", "✗": "x", "“": '"', "”": '"', "’": "'"})


def _legible(error: UnicodeError) -> tuple[str, int]:
    """Error handler for encoding: the nearest ASCII character, else an escape sequence."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    plain = error.object[error.start : error.end].translate(_PLAIN)
    return plain.encode("ascii", "backslashreplace").decode(), error.end


codecs.register_error("optilab.legible", _legible)


def legible(text: str, encoding: str) -> str:
    """The text as it appears once written in `encoding`."""
    return text.encode(encoding, "optilab.legible").decode(encoding)


class _Sink(io.BufferedIOBase):
    """Passes bytes on to a stream until a write fails, then discards them; `lost` is the error."""

    def __init__(self, write: Callable[[Buffer], object], fileno: Callable[[], int], isatty: bool) -> None:
        self._write, self._fileno, self._isatty = write, fileno, isatty
        self.lost: OSError | ValueError | None = None

    def write(self, data: Buffer, /) -> int:
        """Write all of it."""
        if self.lost is None:
            try:
                self._write(data)
            except (OSError, ValueError) as error:
                self.lost = error
        return memoryview(data).nbytes

    def writable(self) -> bool:
        """True."""
        return True

    def fileno(self) -> int:
        """File descriptor of the underlying stream."""
        return self._fileno()

    def isatty(self) -> bool:
        """Whether the underlying stream is a terminal."""
        return self._isatty


class Outlets:
    """The two streams of a running command, and its exit code."""

    def __init__(self, out: TextIO, error: TextIO, sink: _Sink | None) -> None:
        self.out, self.error, self._sink = out, error, sink

    def exit_code(self, code: object) -> object:
        """The exit code: `code`, or EX_IOERR with a message if output was lost for another reason than a closed pipe."""
        lost = self._sink.lost if self._sink is not None else None
        if lost is None or getattr(lost, "errno", None) == errno.EPIPE:
            return code
        reason = getattr(lost, "strerror", None) or str(lost)
        say(f"Error: can't write to the standard output: {reason}", self.error)
        return code or EX_IOERR


_under_way: list[Outlets] = []


def output() -> TextIO:
    """The stream for the results of the current command."""
    return _under_way[-1].out if _under_way else sys.stdout


def say(text: object, to: TextIO | None = None) -> None:
    """Write text, with control characters escaped, and flush; `to` is the standard output by default."""
    stream = output() if to is None else to
    stream.write("\n".join(map(printable, str(text).split("\n"))) + "\n")
    stream.flush()


@contextlib.contextmanager
def outlets() -> Iterator[Outlets]:
    """Take over both standard streams for a block."""
    with contextlib.ExitStack() as stack:
        before = sys.stdout, sys.stderr
        if os.name == "posix":
            _fill_closed()
        taken = _is_real(sys.stdout)
        sink = _sink_of_descriptor(stack) if taken else _sink_of(sys.stdout)
        error_sink = _sink_of(sys.stderr)
        out = sys.stdout if sink is None else _text(sink, before[0])
        error = sys.stderr if error_sink is None else _text(error_sink, before[1])
        sys.stdout, sys.stderr = out, error
        _under_way.append(Outlets(out, error, sink))
        try:
            yield _under_way[-1]
        finally:
            for stream in (out, error):
                with contextlib.suppress(OSError, ValueError):
                    stream.flush()
            _under_way.pop()
            sys.stdout, sys.stderr = before


@contextlib.contextmanager
def prints_to_error() -> Iterator[None]:
    """Within this block, `print` writes to the standard error."""
    with contextlib.redirect_stdout(sys.stderr):
        yield


def _text(sink: _Sink, like: TextIO | None) -> TextIO:
    encoding = getattr(like, "encoding", None) or "utf-8"
    return io.TextIOWrapper(sink, encoding, "optilab.legible", write_through=True)  # type: ignore[type-var]


def _sink_of(stream: TextIO | None) -> _Sink | None:
    """A sink over the bytes of a stream; None if it has none, as in a notebook. With no stream at all, bytes are discarded."""
    if stream is None:
        return _Sink(lambda _: None, lambda: -1, isatty=False)
    buffer = getattr(stream, "buffer", None)
    if buffer is None:
        return None

    def write(data: Buffer) -> None:
        buffer.write(data)
        buffer.flush()

    return _Sink(write, stream.fileno, stream.isatty())


def _is_real(stream: TextIO | None) -> bool:
    """Whether the stream is file descriptor 1 of this process, which its child processes inherit."""
    same = stream is sys.__stdout__
    return os.name == "posix" and stream is not None and same and stream.fileno() == 1


def _sink_of_descriptor(stack: contextlib.ExitStack) -> _Sink:
    """A sink over the standard output, whose descriptor leads to the standard error until the stack closes."""
    own = os.dup(1)
    os.dup2(2, 1)
    stack.callback(os.close, own)
    stack.callback(os.dup2, own, 1)

    def write(data: Buffer) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(own, rest) :]

    return _Sink(write, lambda: own, os.isatty(own))


def _fill_closed() -> None:
    """Open the null device on each closed standard descriptor, or else a results file would get the number of the output."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free
