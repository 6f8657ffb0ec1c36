"""Misuse, told in one message: the place, what was found, what is accepted, the nearest known name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class InputError(ValueError):
    """What the user gave can't be used. The message stands alone: no traceback is needed to understand it."""


class PluginWarning(UserWarning):
    """A plugin was found that can't be used; the others go on."""


class ResultsWarning(UserWarning):
    """A part of some results is damaged; the rest is read."""


def unknown(what: str, name: str, known: Iterable[str], place: str = "") -> InputError:
    """Error for a name that is not one of `known`: the near ones if there are any, else all."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.6)
    if close:
        hint = f"did you mean {' or '.join(map(repr, close))}?"
    else:
        hint = f"known are {', '.join(names)}" if names else "none are known"
    return InputError(f"{at(place)}unknown {what} {name!r}: {hint}")


def at(place: str) -> str:
    """`place` as the beginning of a message."""
    return f"{place}: " if place else ""
