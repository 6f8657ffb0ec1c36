"""Listeners to measurements of runs in this process or its workers, while the runs go on."""

from __future__ import annotations

from collections.abc import Callable

Listener = Callable[[str, list[float]], None]  # called with the run_id and the values of a measurement, from any thread
_listeners: dict[str, Listener] = {}  # of each session


def listen(session: str, listener: Listener) -> None:
    """Call `listener` for each measurement of a session, until `stop`."""
    _listeners[session] = listener


def stop(session: str) -> None:
    """Remove the listener of a session, if it has one."""
    _listeners.pop(session, None)


def listener_of(session: str) -> Listener | None:
    """The listener of a session in this process; None if it has none."""
    return _listeners.get(session)
