"""Measurements of runs that are made in this process or by workers of it, told while the run goes on."""

from __future__ import annotations

from collections.abc import Callable

Listener = Callable[[str, list[float]], None]  # told the run_id, and the values of a measurement; from any thread
_listeners: dict[str, Listener] = {}  # of each session


def listen(session: str, listener: Listener) -> None:
    """From now on, tell the measurements of a session."""
    _listeners[session] = listener


def stop(session: str) -> None:
    """Tell them no more."""
    _listeners.pop(session, None)


def listener_of(session: str) -> Listener | None:
    """Who is told, if anybody in this process is."""
    return _listeners.get(session)
