"""User-given text in pictures: drawn literally, measured, and shortened to fit."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from functools import cache

from matplotlib import font_manager
from matplotlib.ft2font import FT2Font, LoadFlags

from optilab.texts import printable, shortened, shortened_apart

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
_HINTED = 1.04  # times its breadth that a line may take in a figure saved without the theme, where letters begin at whole pixels
_FEWEST = 8  # letters of a name that is cut in the middle
_USUAL = 0.55  # breadth of a letter, in sizes of the font


def plain(text: object, width: int = LONGEST) -> str:
    """A text on one line of at most `width` letters, escaped so that matplotlib draws it literally.

    A dollar sign begins no formula; control characters, and letters that no font has, are shown as escape sequences.
    """
    return _no_formula(shortened(_legible(str(text)[:_WIDEST]), width))


def wrapped(text: str, width: int, lines: int) -> str:
    """A text over at most `lines` lines of `width` letters, escaped so that matplotlib draws it literally."""
    found = textwrap.wrap(_legible(text[:_WIDEST]), width, max_lines=lines, placeholder=" …")
    return _no_formula("\n".join(found))


def fitted(text: object, size: float, points: float, lines: int = 1) -> str:
    """A text over at most `lines` lines that are no broader than `points`, in letters of `size`; escaped for matplotlib.

    At least two letters stand on a line, whatever its breadth.
    """
    letters = max(2, int(points / (0.4 * size)))
    while True:
        found = plain(text, letters) if lines == 1 else wrapped(str(text), max(letters, 4), lines)
        excess = _HINTED * max((breadth(line, size) for line in found.split("\n")), default=0.0) / points
        if excess <= 1 or letters <= (2 if lines == 1 else 4):
            return found
        letters = max(2, min(letters - 1, int(letters / excess)))


def fitted_apart(names: Sequence[str], size: float, points: float) -> list[str]:
    """Names, each fitted on a line as by `fitted`; those of which the beginnings are equal are cut in the middle, so that none look alike."""
    found = [fitted(name, size, points) for name in names]
    letters = max(map(len, found), default=0)
    while len(set(found)) < len(set(names)) and letters >= _FEWEST:
        found = [fitted(name, size, points) for name in shortened_apart(names, letters)]
        letters -= 1
    return found


def breadth(text: str, size: float) -> float:
    """Breadth of a line of text that is ready to be drawn, in points, in letters of `size`."""
    return sum(map(_advance, text.replace(r"\$", "$"))) * size


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
def _advance(letter: str) -> float:
    """Breadth of a letter, in sizes of the font."""
    for font, letters in _fonts():
        if ord(letter) in letters:
            glyph = font.load_char(ord(letter), flags=LoadFlags.NO_SCALE)
            return float(glyph.horiAdvance / font.units_per_EM)
    return _USUAL


@cache
def _fonts() -> list[tuple[FT2Font, frozenset[int]]]:
    """The fonts, each with the letters that it has."""
    fonts = [font_manager.get_font(font_manager.findfont(name)) for name in families()]
    return [(font, frozenset(font.get_charmap())) for font in fonts]


@cache
def _letters() -> frozenset[int]:
    """Letters that the fonts have."""
    return frozenset().union(*(letters for _, letters in _fonts()))
