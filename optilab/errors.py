"""Errors of input: one message with the place, what was found, what is accepted, and the nearest known name."""

from __future__ import annotations

from collections.abc import Iterable

from optilab.texts import nearest, shown


class InputError(ValueError):
    """Input that can't be used. The message says what is wrong without a traceback."""


class PluginWarning(UserWarning):
    """A plugin can't be used; the others go on."""


class ResultsWarning(UserWarning):
    """A part of some results is damaged; the rest is read."""


def unknown(what: str, name: str, known: Iterable[str], place: str = "") -> InputError:
    """Error for a name that is not one of `known`, with the nearest of them."""
    return InputError(f"{at(place)}unknown {what} {shown(name)}: {nearest(name, known)}")


def at(place: str) -> str:
    """`place` as the beginning of a message."""
    return f"{place}: " if place else ""
