"""Final values as strips: a dot a run, and beside the dots the median with its interval; below each other, the first on top."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator
from numpy.typing import NDArray

from optilab.plots import style
from optilab.plots.scales import HIGHEST, power
from optilab.plots.text import plain, wrapped
from optilab.texts import shortened_apart

_EPSILON = 1e-16  # relative to usual values: what lies below is rounding
_FAR = 1e12  # from this range on names of ticks are long
_NARROW = 5.0  # inches of a figure, below which ticks are fewer
_UP, _SPREAD, _DOWN = -0.22, 0.26, 0.19  # of a row: where the interval is, how far dots spread, and where they are


def strips(
    values: pd.DataFrame,
    middles: pd.DataFrame,
    ax: Axes,
    *,
    colours: Mapping[str, object],
    control: str | None = None,
    letters: int = 22,
) -> Axes:
    """Draw the final values of each method as a row of dots, with the median and its interval above them.

    Runs that are infinite have one × at the right edge with their count; values of which a logarithmic axis can show nothing,
    because they are 0 or rounding beside the others, have a triangle at the left edge. The axis is logarithmic where positive values differ by
    more than a factor of three.

    values: a row a run, with label and value, of which the lowest is best; infinite for a run that did not last. middles: a row a
    method in the order from the top, with label, median, low, high (NaN where there is no interval), n and lost. control: the label whose
    median goes through the whole picture as a thin line. letters: of a name on one line.
    """
    labels = middles["label"].tolist()
    bottom = _scale(ax, values["value"])
    left = -np.inf if bottom is None else bottom
    for row, middle in enumerate(middles.to_dict("records")):
        label = middle["label"]
        own = np.sort(values.loc[values["label"] == label, "value"].to_numpy(np.float64))
        shown = own[own < HIGHEST]
        heights = row + _DOWN + _offsets(len(shown))
        inside = shown > left
        colour = colours[label]
        dots: dict[str, Any] = {
            "color": colour,
            "linestyle": "",
            "markersize": 4.5,
            "markeredgewidth": 0,
            "alpha": 0.75,
        }
        ax.plot(shown[inside], heights[inside], marker="o", gid="runs", **dots)
        if (~inside).any():
            edge = np.zeros(int((~inside).sum()))
            place = ax.get_yaxis_transform()
            ax.plot(
                edge,
                heights[~inside],
                marker="<",
                gid="below",
                transform=place,
                clip_on=False,
                **{**dots, "markersize": 6},
            )
        if middle["n"] > 1:
            _middle(ax, row, middle, left)
        if middle["lost"]:
            place = ax.get_yaxis_transform()
            cross: dict[str, Any] = {
                "marker": "x",
                "markersize": 7,
                "markeredgewidth": 2,
                "color": colour,
                "linestyle": "",
            }
            ax.plot([1.0], [row + _DOWN], gid="lost", transform=place, clip_on=False, **cross)
            ax.annotate(
                f"{middle['lost']} of {middle['n']}",
                (1.0, row + _DOWN),
                (6, 0),
                xycoords=place,
                textcoords="offset points",
                va="center",
                fontsize=style.small(),
                annotation_clip=False,
            )
    if control is not None and control in labels:
        at = float(middles.loc[middles["label"] == control, "median"].iloc[0])
        if left < at < HIGHEST:
            ax.axvline(at, color=style.shade(0.35), linewidth=0.9, linestyle=(0, (4, 3)), zorder=1, gid="control")
    rows(ax, labels, letters)
    return ax


def rows(ax: Axes, labels: Sequence[str], letters: int) -> None:
    """Rows with names at the left, the first on top."""
    ax.set_yticks(range(len(labels)), names(labels, letters))
    ax.set_ylim(len(labels) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.grid(visible=False, axis="y")
    for row in range(1, len(labels)):
        ax.axhline(row - 0.5, color=style.shade(0.9), linewidth=0.8, zorder=0)


def names(labels: Sequence[str], letters: int) -> list[str]:
    """Labels over at most two lines of so many letters; words are not parted. Those that would look alike have one line, cut in the middle."""
    found = [_name(label, letters) for label in labels]
    alone = {
        text for text in found if len({one for one, shown in zip(labels, found, strict=True) if shown == text}) == 1
    }
    short = [plain(label, letters) for label in shortened_apart(labels, letters)]
    return [text if text in alone else other for text, other in zip(found, short, strict=True)]


def _name(label: str, letters: int) -> str:
    long = max(map(len, label.split()), default=0) > letters
    return plain(label, letters) if long else wrapped(label, letters, 2)


def _middle(ax: Axes, row: int, middle: Mapping[Hashable, Any], left: float) -> None:
    """The median as a stroke across a bar that is its interval; an end beyond the axes is an arrow."""
    ink = style.shade(0.0)
    median, low, high = (float(middle[name]) for name in ("median", "low", "high"))
    y = row + _UP
    if np.isfinite(low) or np.isfinite(high):
        right = ax.get_xlim()[1]
        start, end = max(low, ax.get_xlim()[0]), min(high, right)
        ax.plot([start, end], [y, y], color=ink, linewidth=2.2, solid_capstyle="butt", gid="interval", zorder=3)
        for beyond, at, marker in ((high > right, end, ">"), (low <= left, start, "<")):
            if beyond:
                ax.plot([at], [y], marker=marker, color=ink, markersize=5, gid="beyond", clip_on=False, zorder=3)
    if left < median < HIGHEST:
        ax.plot([median], [y], marker="|", color=ink, markersize=9, markeredgewidth=2.4, gid="median", zorder=4)
    elif median <= left:
        place = ax.get_yaxis_transform()
        ax.plot([0.0], [y], marker="<", color=ink, markersize=6, gid="median", clip_on=False, transform=place, zorder=4)


def flip(axis: Axis) -> None:
    """Name the ticks of an axis of values that have another sign by the values themselves."""
    axis.set_major_formatter(lambda value, _: f"{0 - value:g}".replace("-", "\N{MINUS SIGN}"))


def _offsets(count: int) -> NDArray[np.float64]:
    """Heights of dots about their row: neighbours, in the order of their values, lie far apart (van der Corput's sequence)."""
    bits = [sum(((k >> b) & 1) / 2 ** (b + 1) for b in range(20)) for k in range(1, count + 1)]
    return (np.array(bits) - 0.5) * (_SPREAD if count > 1 else 0.0)


def _scale(ax: Axes, values: pd.Series[float]) -> float | None:
    """Scale the axis of values, with limits for all that it shows; returns the value at and below which it shows nothing, if there is one."""
    finite = values[values.abs() < HIGHEST]
    positive = finite[finite > 0]
    if positive.empty or finite.min() < 0 or positive.max() <= 3 * positive.min():
        low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
        room = 0.06 * (high - low) or 0.06 * abs(high) or 1.0
        ax.set_xlim(low - room, high + room)
        ax.xaxis.set_major_locator(MaxNLocator(3 if style.width() < _NARROW else 4, steps=[1, 2, 5, 10]))
        return None
    bottom = max(_EPSILON * float(positive.median()), positive.max() / HIGHEST)
    shown = positive[positive > bottom]
    cut = len(shown) < len(finite)
    low, high = float(shown.min()), float(shown.max())
    room = max(10 ** (0.06 * (np.log10(high) - np.log10(low))), 1.08)
    ax.set_xscale("log")
    ax.set_xlim(low / room**2 if cut else low / room, high * room)
    ax.xaxis.set_minor_locator(NullLocator())
    if high < 100 * low:
        subs = (1, 3) if style.width() < _NARROW else (1, 2, 5) if high > 8 * low else (1, 2, 3, 5, 7)
        ax.xaxis.set_major_locator(LogLocator(subs=subs))
        ax.xaxis.set_major_formatter("{x:g}")
    else:
        ax.xaxis.set_major_locator(LogLocator(numticks=4 if style.width() < _NARROW or high > _FAR * low else 6))
        ax.xaxis.set_major_formatter(FuncFormatter(power))
    return bottom if cut else 0.0
