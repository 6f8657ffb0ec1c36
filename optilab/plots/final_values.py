"""Where lines end: a dot and an interval a line, beside its name."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from optilab.plots import style
from optilab.plots.scales import few_log_ticks, room_for, showable

_INNER = 0.75  # share of the lines, the best, for which the axis is made
_LETTERS = 8  # that a name of a tick may take, with the space to the next
_MOST = 2.0  # times their range that others may take


def final_values(
    ends: pd.DataFrame,
    ax: Axes,
    *,
    seeds: pd.DataFrame,
    places: Mapping[str, float],
    colours: Mapping[str, object],
    banded: bool = True,
    parted: Collection[str] = (),
    unfinished: Collection[str] = (),
    lowest: float | None = None,
    log: bool = True,
) -> Axes:
    """Draw the last value of each line: its median as a dot, its band as a bar, its seeds as small dots.

    ends: columns label, median, low, high, a row a line. seeds: columns label, y, a row a run. places: the height of each label in the
    axes, from 0 to 1. parted, unfinished: as of `plots.convergence.convergence`. lowest: what lies below is rounding.

    The axis is made for the better three quarters of the lines. What lies beyond, and what is infinite, is an arrow at its edge.
    """
    ends = ends[ends["label"].isin(list(places))]
    inside = seeds[seeds["label"].isin(list(places)) & showable(seeds["y"])]
    log = log and bool((inside["y"] > 0).all()) and bool((ends["median"] > 0).all())
    low, high = _limits(ends, inside, log, lowest)
    if log and high > 3 * low:
        ax.set_xscale("log")
        few_log_ticks(ax.xaxis, low, high, room_for(ax, _LETTERS, least=1))
    else:
        ax.xaxis.set_major_locator(MaxNLocator(min(3, room_for(ax, _LETTERS)), min_n_ticks=2))
    ax.set(xlim=(low, high), ylim=(0, 1))
    ax.set_xlabel("at the end", loc="right")
    ax.yaxis.set_visible(False)
    ax.spines["left"].set_visible(False)
    for row in ends.to_dict("records"):
        label = str(row["label"])
        place, colour = places[label], colours[label]
        own = inside.loc[inside["label"] == label, "y"].clip(low, high)
        ax.plot(
            own,
            [place] * len(own),
            ".",
            color=colour,
            alpha=0.45,
            markersize=style.thickness(2.2),
            label="_seeds",
            zorder=2,
        )
        if label in parted:
            continue
        if not low <= row["median"] <= high:
            _beyond(ax, float(row["median"]), place, colour, (low, high))
            continue
        if banded:
            ends_of_band = np.clip([row["low"], row["high"]], low, high)
            ax.plot(ends_of_band, [place, place], color=colour, linewidth=style.thickness(1.2), label="_band", zorder=3)
        ax.plot(
            row["median"],
            place,
            style.marker_of(colour),
            markeredgecolor=colour,
            markerfacecolor=style.shade(1) if label in unfinished else colour,
            markersize=style.thickness(3.4),
            markeredgewidth=style.thickness(0.6),
            label="_end",
            zorder=4,
            clip_on=False,
        )
    return ax


def _beyond(ax: Axes, value: float, place: float, colour: object, limits: tuple[float, float]) -> None:
    """An arrow at the edge, and the value that lies beyond."""
    below = value < limits[0]
    edge, marker, away = (limits[0], "<", 0.7) if below else (limits[1], ">", -0.7)
    size = style.thickness(3.4)
    ax.plot(edge, place, marker, color=colour, markersize=size, label="_beyond", zorder=4, clip_on=False)
    ax.annotate(
        f"{value:.2g}".replace("-", "\N{MINUS SIGN}") if np.isfinite(value) else "\N{INFINITY}",
        (edge, place),
        xytext=(away * style.small(), 0),
        textcoords="offset points",
        ha="left" if below else "right",
        va="center_baseline",
        fontsize=style.small(),
        color=style.readable(colour),
    )


def _limits(ends: pd.DataFrame, seeds: pd.DataFrame, log: bool, lowest: float | None) -> tuple[float, float]:
    """The part of the axis that is shown: all lines where the worse quarter doesn't squeeze the others."""
    medians = ends.loc[showable(ends["median"]), "median"].sort_values()
    best = max(2, int(np.ceil(_INNER * len(ends))))
    inner = set(ends.loc[ends["median"].isin(medians.head(best)), "label"])
    shown = seeds["y"] if lowest is None else seeds["y"].clip(lower=lowest)
    scaled = np.log10(shown) if log else shown
    own = scaled[seeds["label"].isin(inner)]
    if own.empty:
        return (1.0, 2.0)
    low, high = float(own.min()), float(own.max())
    if scaled.max() - low <= _MOST * (high - low):
        high = float(scaled.max())
    low = min(low, float(scaled.min()))
    room = 0.08 * (high - low) or 0.01 * abs(low) or 0.01
    low, high = low - room, high + room
    return (float(10**low), float(10**high)) if log else (low, high)
