"""Values and texts from outside, as messages and terminals show them."""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_WIDTH = 60  # characters of a value that a message quotes
_ITEMS = 6  # of a list that a message quotes
_FEW = 12  # up to this many known names, a message lists them all
_NEAR = 0.6  # difflib's ratio from which a known name may be the one that was meant


class _Short(reprlib.Repr):
    """Python's notation, cut before it grows long; the digits of a huge number are not even computed."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 3
        self.maxdict = self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = self.maxdeque = _ITEMS
        self.maxstring = self.maxother = _WIDTH

    def repr_int(self, x: int, level: int) -> str:
        """A whole number; the number of its digits where it has too many."""
        digits = int(x.bit_length() * 0.30103) + 1
        return repr(x) if digits <= _WIDTH else f"a whole number of about {digits} digits"


_short = _Short()


def shown(value: Any) -> str:
    """A value as a message quotes it: in Python's notation, on one line of at most 60 characters, all of them printable."""
    try:
        text = printable(_short.repr(value))
    except Exception:  # a plugin's __repr__ may raise anything
        text = f"<{type(value).__name__}>"
    return shortened(text, _WIDTH)


def exact(value: Any) -> str:
    """A value as a file would give it, to the last digit: 1, 0.1, inf, true, a word."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def shortened(text: str, width: int) -> str:
    """A text of at most `width` characters, with an ellipsis where some are left out."""
    return text if len(text) <= width else f"{text[: max(width - 1, 0)]}…"


def shortened_apart(names: Sequence[str], width: int) -> list[str]:
    """Each name in at most `width` characters, at least 8: the same for equal names, and another for all others.

    A name is cut at its end; names of which the beginnings are equal are cut in the middle, before they differ; if that doesn't tell them
    apart they are numbered.

    >>> shortened_apart(["mnist | large | batch 0.9", "mnist | large | batch 0.5", "plain"], 16)
    ['mnist …batch 0.9', 'mnist …batch 0.5', 'plain']
    """
    found = {name: shortened(name, width) for name in names}
    for clash in _clashes(found):
        pairs = zip(min(clash), max(clash), strict=False)  # what these two have in common all between them have
        begin = next((k for k, (a, b) in enumerate(pairs) if a != b), min(map(len, clash)))
        head = min(begin, (width - 1) * 2 // 5)
        room = width - head - 1
        for name in clash:
            at = max(head, min(len(name) - room, begin - room // 4))
            found[name] = name[:head] + "…" + shortened(name[at:], room) if len(name) > width else name
    for clash in _clashes(found):
        for k, name in enumerate(clash, 1):
            found[name] = f"{shortened(name, width - len(f' #{k}'))} #{k}"
    return [found[name] for name in names]


def _clashes(texts: Mapping[str, str]) -> list[list[str]]:
    """The names that have one text, of each text that several have."""
    of_text: dict[str, list[str]] = {}
    for name, text in texts.items():
        of_text.setdefault(text, []).append(name)
    return [names for names in of_text.values() if len(names) > 1]


def printable(text: str) -> str:
    """A text on one line, with an escape sequence for each character that a terminal would act on or can't encode."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


def is_near(name: str, known: Iterable[str]) -> bool:
    """Whether a name is close to a known one."""
    return bool(difflib.get_close_matches(str(name)[: 4 * _WIDTH], known, n=1, cutoff=_NEAR))


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint for an unknown name: close matches; without any, all names if they are few, or the nearest three."""
    names = sorted(shortened(printable(str(one)), _WIDTH) for one in known)
    asked = str(name)[: 4 * _WIDTH]  # the search takes quadratic time
    if close := difflib.get_close_matches(asked, names, n=3, cutoff=_NEAR):
        return f"did you mean {' or '.join(map(repr, close))}?"
    if len(names) <= _FEW:
        return f"known {'is' if len(names) == 1 else 'are'} {_listed(names)}" if names else "none are known"
    return f"nearest of the {len(names)} known are {_listed(difflib.get_close_matches(asked, names, n=3, cutoff=0))}"


def _listed(names: Sequence[str]) -> str:
    """Names one after the other, all in quotes where a comma in one would seem to part two."""
    return ", ".join(map(repr, names) if any("," in name or not name.strip() for name in names) else names)


def encodable(text: str) -> str:
    """A text as UTF-8 can hold it, with an escape sequence for each half of a surrogate pair."""
    return text.encode("utf-8", "backslashreplace").decode()


def counted(count: int, one: str, more: str = "") -> str:
    """A number with what it counts: "1 run", "3 runs", with `more` where the plural is not `one` with an s."""
    return f"{count} {one if count == 1 else more or one + 's'}"
