"""User-given text in pictures: drawn literally and shortened to fit."""

from __future__ import annotations

import textwrap
from functools import cache

from matplotlib import font_manager

from optilab.texts import printable, shortened

# The first is always there, for matplotlib brings it; letters that it lacks are taken from the others, where they are installed.
_FAMILIES = (
    "DejaVu Sans",
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
    "PingFang SC",
    "Microsoft YaHei",
    "WenQuanYi Zen Hei",
)
LONGEST = 60  # letters of a name
_WIDEST = 4_000  # letters of a text that are read; the rest is left out


def plain(text: object, width: int = LONGEST) -> str:
    """A text on one line of at most `width` letters, escaped so that matplotlib draws it literally.

    A dollar sign begins no formula; control characters, and letters that no font has, are shown as escape sequences.
    """
    return _no_formula(shortened(_legible(str(text)[:_WIDEST]), width))


def wrapped(text: str, width: int, lines: int) -> str:
    """A text over at most `lines` lines of `width` letters, escaped so that matplotlib draws it literally."""
    found = textwrap.wrap(_legible(text[:_WIDEST]), width, max_lines=lines, placeholder=" …")
    return _no_formula("\n".join(found))


def families() -> list[str]:
    """The font of pictures, and those that stand in for letters which it lacks, where they are installed."""
    known = {font.name for font in font_manager.fontManager.ttflist}
    return [name for name in _FAMILIES if name in known]


def _no_formula(text: str) -> str:
    return text.replace("$", r"\$")  # matplotlib draws it as a dollar sign, and looks for no formula


def _legible(text: str) -> str:
    known = _letters()
    text = text if text.strip() else repr(text)
    return "".join(
        c if ord(c) in known else c.encode("unicode_escape", "surrogatepass").decode() for c in printable(text)
    )


@cache
def _letters() -> frozenset[int]:
    """Letters that the fonts have."""
    files = [font_manager.findfont(name) for name in families()]
    return frozenset(letter for file in files for letter in font_manager.get_font(file).get_charmap())
