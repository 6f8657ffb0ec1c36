"""What all pictures share while a theme holds: colours of labels, greys, names of axes, titles and captions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure

from optilab.plots import palette
from optilab.plots.look import Look
from optilab.plots.text import fitted, plain
from optilab.records.columns import AXES

MOST_COLOURS = len(palette.COLOURS)
_CAPTION_LINES = 12
_QUESTION_LINES = 3
_EDGE = 0.05  # inches of paper that text leaves free at the sides


@contextmanager
def theme(look: Look | None = None) -> Iterator[None]:
    """The look of optilab's pictures, inside a with statement only."""
    with mpl.rc_context((look or Look()).settings()):
        yield


def axis(name: str) -> str:
    """Name of an axis, with its unit."""
    return AXES.get(name) or plain(name)


def width() -> float:
    """Width of a figure, in inches, as the theme has it."""
    return float(mpl.rcParams["figure.figsize"][0])


def points(share: float = 1.0) -> float:
    """Size of text in points: the usual one, or a share of it; nothing is smaller than 6.5 points."""
    return max(6.5, share * float(mpl.rcParams["font.size"]))


def small() -> float:
    """Size of small text, as of ticks and captions, in points."""
    return points(5 / 6)


def thickness(share: float = 1.0) -> float:
    """Thickness of a line in points: the usual one, or a share of it."""
    return share * float(mpl.rcParams["lines.linewidth"])


def shade(share: float) -> tuple[float, float, float]:
    """A colour between that of text (0) and that of the background (1), as the theme has them."""
    ink, paper = (np.array(to_rgb(mpl.rcParams[name])) for name in ("text.color", "figure.facecolor"))
    red, green, blue = ink + share * (paper - ink)
    return float(red), float(green), float(blue)


def grey() -> str:
    """The colour of labels that have none of their own."""
    return to_hex(shade(0.58))


def readable(colour: object, least: float = 4.5) -> str:
    """The colour, nearer to that of text where it needs that to be read: with a contrast of `least` to the background."""
    return palette.readable(colour, shade(0), shade(1), least)


def colours(labels: Iterable[str]) -> dict[str, object]:
    """A colour for each label, by their names, whatever their order; the first twelve have one that colour-blind people tell apart.

    The rest are grey. On dark paper colours are as light as they need to be.
    """
    names = list(dict.fromkeys(labels))
    found = palette.places(names[:MOST_COLOURS], MOST_COLOURS)
    there = _palette()
    return {label: there[found[label]] if label in found else grey() for label in names}


def colours_of(every: Iterable[str], order: Iterable[str], most: int = MOST_COLOURS) -> dict[str, object]:
    """A colour for each label in `order`, the same in all pictures of the same results, and of others as far as possible.

    every: all labels of the results. If there are more than `most`, that many of `order` get colours: the first.
    """
    names, wanted = sorted(set(every)), list(order)
    found = colours(names if len(names) <= most else wanted[:most])
    return {label: found.get(label, grey()) for label in wanted}


def marker_of(colour: object) -> str:
    """The marker that goes with a label's colour, so that labels are told apart in grey print; a dot for other colours."""
    place = palette.slot(_palette(), colour)
    return "o" if place is None else palette.MARKERS[place]


def dash_of(colour: object) -> Any:
    """The style of line that goes with a label's colour, where lines have no markers; a plain line for other colours."""
    place = palette.slot(_palette(), colour)
    return "-" if place is None else palette.DASHES[place]


def _palette() -> tuple[str, ...]:
    """The colours on the theme's paper."""
    return palette.on(shade(0), shade(1))


def caption(figure: Figure, text: str) -> None:
    """Text below the axes, wrapped to the width of the figure, and cut where it grows too long."""
    lines = fitted(text, small(), _across(figure), _CAPTION_LINES)
    figure.supxlabel(lines, fontsize=small(), color=shade(0.2), x=_EDGE / _inches(figure), ha="left")


def question(figure: Figure, text: str) -> None:
    """The question that the picture answers, above the axes; none where it is empty."""
    if text.strip():
        lines = fitted(text, points(), _across(figure), _QUESTION_LINES)
        figure.suptitle(lines, x=_EDGE / _inches(figure), ha="left", fontsize=points())


def title(ax: Axes, *lines: str) -> None:
    """A name above the axes, or several in small letters, a line each; as much of them as fits."""
    inches = ax.get_window_extent().width / ax.figure.dpi
    size = points() if len(lines) == 1 else small()
    ax.set_title("\n".join(fitted(text, size, 72 * inches) for text in lines), loc="left", fontsize=size)


def _inches(figure: Figure) -> float:
    return float(figure.get_size_inches()[0])


def _across(figure: Figure) -> float:
    """Points across a figure that text may take."""
    return 72 * (_inches(figure) - 2 * _EDGE)
