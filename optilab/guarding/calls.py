"""Calls of plugins' code, contained: it can't end this process, hang it, change its folder, or print among its results."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from types import FrameType, TracebackType
from typing import TextIO, TypeVar

from optilab.errors import InputError
from optilab.texts import encodable, shortened

SECONDS = "OPTILAB_PLUGIN_SECONDS"  # environment variable: how long a plugin may take over one call
_USUAL_SECONDS = 60.0
_AGAIN = 0.2  # seconds after which a call that went on regardless is interrupted once more
_LONGEST = 4000  # characters of an exception's message that are kept
Door = Callable[[str], None]
Yielded = TypeVar("Yielded")


class PluginExitError(Exception):
    """A plugin has asked to end the process, as by sys.exit()."""


class OverdueError(InputError):
    """A plugin has not returned within its time limit."""


class _Over(BaseException):
    """The time is over; a BaseException, so that no `except Exception` of a plugin catches it."""


def seconds() -> float:
    """The time limit of one call of a plugin, in seconds. InputError if the environment variable is no number above zero."""
    given = os.environ.get(SECONDS)
    try:
        found = _USUAL_SECONDS if given is None else float(given)
    except ValueError:
        found = 0.0
    if not 0 < found < threading.TIMEOUT_MAX:
        raise InputError(f"the environment variable {SECONDS} = {given!r}: accepted is a number above zero")
    return found


def overdue(what: str, limit: float) -> OverdueError:
    """The error for a call that did not return within `limit` seconds; what: the call, as a message begins."""
    return OverdueError(
        f"{what} did not come back within {limit:g} s: look for a loop that never ends, or give it longer with the "
        f"environment variable {SECONDS}"
    )


def described(error: BaseException) -> str:
    """An exception in words, whatever a plugin has made of its text: "ValueError: no such thing"."""
    if isinstance(error, PluginExitError) and error.__cause__ is not None:
        error = error.__cause__
    try:
        said = encodable(str(error))
    except Exception:
        said = "(its text can't be had)"
    name = encodable(type(error).__name__)
    return f"{name}: {shortened(said, _LONGEST)}" if said else name


def _folder() -> str | None:
    try:
        return os.getcwd()  # noqa: PTH109 a Path would be made at every call
    except OSError:  # it has been deleted
        return None


_lock = threading.Lock()
_inside = 0  # blocks that are open, of all threads
_output: list[TextIO] = []  # the standard output, while one is


class Contained:
    """A block of plugin code: what it raises is an `Exception`, or a KeyboardInterrupt; what it prints goes to stderr.

    What would end the process, as sys.exit() does, becomes a PluginExitError. The current folder is the same afterwards.
    """

    __slots__ = ("_before",)

    def __enter__(self) -> None:
        global _inside  # noqa: PLW0603 there is one standard output
        self._before = _folder()
        with _lock:
            _inside += 1
            if _inside == 1:
                _output.append(sys.stdout)
                sys.stdout = sys.stderr

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        global _inside  # noqa: PLW0603
        with _lock:
            _inside -= 1
            if _inside == 0:
                sys.stdout = _output.pop()
        if self._before is not None and _folder() != self._before:
            os.chdir(self._before)
        if error is not None and not isinstance(error, (Exception, KeyboardInterrupt, _Over)):
            raise PluginExitError(f"it asked to end the process: {described(error)}") from error


BUNDLED: set[str] = {"optilab"}  # packages whose code is not watched


def in_time(what: str, code: object) -> AbstractContextManager[None]:
    """`InTime`, unless the code, a function or an instance of a class, is that of a bundled package."""
    module = getattr(code, "__module__", None)
    return nullcontext() if isinstance(module, str) and module.partition(".")[0] in BUNDLED else InTime(what)


_listening: list[Door] = []  # called with the plugin call that is under way, "" if none
_under_way: list[str] = []  # calls, each within the one before


def listen(door: Door) -> None:
    """Call `door` from now on with the name of each call of a plugin that begins, and "" when it is over."""
    _listening.append(door)


class InTime:
    """A block of plugin code that may take `seconds()`. OverdueError, which names it, if it takes longer.

    The limit holds in the main thread, if the system has interval timers, and not while compiled code runs.
    """

    __slots__ = ("_armed", "_handler", "_since", "_timer", "_what")

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        _under_way.append(self._what)
        _tell()
        self._armed = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
        if not self._armed:
            return
        limit, self._timer, self._since = seconds(), signal.getitimer(signal.ITIMER_REAL), time.monotonic()
        if 0 < self._timer[0] <= limit:  # an outer timer ends it sooner
            self._armed = False
            return
        self._handler = signal.signal(signal.SIGALRM, _raise)
        signal.setitimer(signal.ITIMER_REAL, limit, _AGAIN)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._armed:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, self._handler)
            if self._timer[0]:
                left = self._timer[0] - (time.monotonic() - self._since)
                signal.setitimer(signal.ITIMER_REAL, max(left, 1e-3), self._timer[1])
        _under_way.pop()
        _tell()
        if isinstance(error, _Over):
            raise overdue(self._what, seconds()) from None


def _tell() -> None:
    for told in _listening:
        told(_under_way[-1] if _under_way else "")


def _raise(_number: int, _frame: FrameType | None) -> None:
    raise _Over


@contextmanager
def trusted(what: str) -> Iterator[None]:
    """A block of plugin code, contained: any exception in it becomes an InputError that names it.

    what: the name, as a message begins: "the sampler tpe".
    """
    try:
        with Contained():
            yield
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"{what} has failed: {described(error)}{_line(error)}") from error


def _line(error: Exception) -> str:
    """The line that raised the exception, for a message."""
    origin = error.__cause__ if isinstance(error, PluginExitError) and error.__cause__ else error
    frames = traceback.extract_tb(origin.__traceback__)
    return f", in line {frames[-1].lineno} of {frames[-1].filename}" if frames else ""


@contextmanager
def opened(manager: AbstractContextManager[Yielded], what: str) -> Iterator[Yielded]:
    """A plugin's context manager: entering and leaving it are `trusted`, the block itself isn't.

    An exception of the block propagates, even if the plugin suppresses it.
    """
    with trusted(what):
        value = manager.__enter__()
    try:
        yield value
    except BaseException as error:
        with suppress(InputError), trusted(what):
            manager.__exit__(type(error), error, error.__traceback__)
        raise
    with trusted(what):
        manager.__exit__(None, None, None)
