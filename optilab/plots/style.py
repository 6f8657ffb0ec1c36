"""Style shared by all pictures: axis names with units, colours, theme, captions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from optilab.plots.text import families, plain, wrapped
from optilab.records.columns import AXES

# seaborn's palette "colorblind" without its grey, and three more; written out, for importing seaborn takes as long as a small experiment
COLOURS: tuple[Any, ...] = (
    "#0173b2",
    "#de8f05",
    "#029e73",
    "#d55e00",
    "#cc78bc",
    "#ca9161",
    "#fbafe4",
    "#ece133",
    "#56b4e9",
    (0.35, 0.0, 0.55),
    (0.45, 0.45, 0.0),
    (0.0, 0.25, 0.35),
)
MOST_COLOURS = len(COLOURS)
GREY = "0.65"
_CAPTION_LINES = 8
_QUESTION_LINES = 3


def axis(name: str) -> str:
    """Name of an axis, with its unit."""
    return AXES.get(name) or plain(name)


def colours(labels: Iterable[str]) -> dict[str, object]:
    """A colour for each label: at most twelve, which colour-blind people can tell apart; the rest are grey."""
    names = list(labels)
    return {label: COLOURS[k] if k < MOST_COLOURS else GREY for k, label in enumerate(names)}


def colours_of(every: Iterable[str], order: Iterable[str]) -> dict[str, object]:
    """A colour for each label in `order`, the same in all pictures of the same results.

    every: all labels of the results. If there are more than colours, the first of `order` get the colours.
    """
    names, wanted = sorted(set(every)), list(order)
    palette = colours(names if len(names) <= MOST_COLOURS else wanted)
    return {label: palette[label] for label in wanted}


@contextmanager
def theme() -> Iterator[None]:
    """The look of optilab's pictures, inside a with statement only."""
    with mpl.rc_context({**_TICKS, **_NOTEBOOK, **_RC, "font.family": families()}):
        yield


# as seaborn.axes_style("ticks") has them
_TICKS: dict[Any, Any] = {
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "axes.edgecolor": ".15",
    "axes.labelcolor": ".15",
    "text.color": ".15",
    "grid.linestyle": "-",
    "lines.solid_capstyle": "round",
    "patch.edgecolor": "w",
    "patch.force_edgecolor": True,
    **dict.fromkeys(["xtick.direction", "ytick.direction"], "out"),
    **dict.fromkeys(["xtick.color", "ytick.color"], ".15"),
    **dict.fromkeys(["xtick.bottom", "ytick.left", "axes.spines.left", "axes.spines.bottom"], True),
    **dict.fromkeys(["xtick.top", "ytick.right"], False),
}
# as seaborn.plotting_context("notebook", font_scale=0.9) has them
_NOTEBOOK: dict[Any, Any] = {
    "axes.linewidth": 1.25,
    "grid.linewidth": 1.0,
    "lines.linewidth": 1.5,
    "lines.markersize": 6.0,
    "patch.linewidth": 1.0,
    **dict.fromkeys(["xtick.major.width", "ytick.major.width"], 1.25),
    **dict.fromkeys(["xtick.minor.width", "ytick.minor.width"], 1.0),
    **dict.fromkeys(["xtick.major.size", "ytick.major.size"], 6.0),
    **dict.fromkeys(["xtick.minor.size", "ytick.minor.size"], 4.0),
    **dict.fromkeys(["font.size", "axes.labelsize", "legend.title_fontsize"], 10.8),
    **dict.fromkeys(["xtick.labelsize", "ytick.labelsize", "legend.fontsize"], 9.9),
}
_RC: dict[Any, Any] = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": "medium",
    "axes.titlelocation": "left",
    "legend.frameon": False,
    "figure.figsize": (7.0, 4.4),
    "figure.dpi": 100,
    "savefig.dpi": 160,
    "axes.grid": True,
    "grid.color": "0.92",
    "axes.axisbelow": True,
    "text.usetex": False,
}


def width() -> float:
    """Width of a figure, in inches, as the theme has it."""
    return float(mpl.rcParams["figure.figsize"][0])


def shade(share: float) -> tuple[float, float, float]:
    """A colour between that of text (0) and that of the background (1), as the theme has them."""
    ink, paper = (np.array(to_rgb(mpl.rcParams[name])) for name in ("text.color", "figure.facecolor"))
    red, green, blue = ink + share * (paper - ink)
    return float(red), float(green), float(blue)


def caption(figure: Figure, text: str) -> None:
    """Text below the axes, wrapped to the width of the figure, and cut where it grows too long."""
    lines = wrapped(text, _letters_across(figure, 15), _CAPTION_LINES)
    figure.supxlabel(lines, fontsize="small", color="0.35", x=0.01, ha="left")


def question(figure: Figure, text: str) -> None:
    """The question that the picture answers, above the axes; none where it is empty."""
    if text.strip():
        lines = wrapped(text, _letters_across(figure, 12), _QUESTION_LINES)
        figure.suptitle(lines, x=0.01, ha="left", fontsize="medium")


def title(ax: Axes, text: str) -> None:
    """A name above the axes, as much of it as fits."""
    inches = ax.get_window_extent().width / ax.figure.dpi
    ax.set_title(plain(text, max(12, int(10 * inches))), loc="left")


def _letters_across(figure: Figure, an_inch: int) -> int:
    return int(figure.get_size_inches()[0] * an_inch)
