"""The cost along lines and in planes through the weights of networks."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke

from optilab.plots import style
from optilab.plots.contours import contours
from optilab.plots.ends import label_ends
from optilab.plots.path import start_mark
from optilab.plots.scales import EVERYTHING, scale_y, showable
from optilab.plots.text import fitted_apart, plain

_NAME = 0.3  # of the figure's width, that a label in a plane may take


def costs_on_lines(lines: pd.DataFrame, ax: Axes, *, colours: Mapping[str, object], named: bool = True) -> Axes:
    """Draw the cost from the first weights of a run (alpha = 0) to its last (1), and beyond them; dots mark both.

    lines: columns label, alpha, cost. named: whether labels stand at the right, at the ends of the lines.
    """
    scale_y(ax, lines["cost"], EVERYTHING, log=True)
    for at in (0.0, 1.0):
        ax.axvline(at, color=style.shade(0.7), linewidth=style.thickness(0.5), zorder=0.5)
    ends = []
    for place, (label, colour) in enumerate(colours.items()):
        own = lines[lines["label"] == label].sort_values("alpha")
        shown = own["cost"].where(showable(own["cost"]))
        ax.plot(
            own["alpha"],
            shown,
            color=colour,
            linewidth=style.thickness(),
            label=plain(label),
            linestyle=style.dash_of(colour),
            zorder=3 - place / (len(colours) + 1),
        )
        last = own.iloc[int((own["alpha"] - 1).abs().argmin())]
        if np.isfinite(last["cost"]):
            ax.plot(
                last["alpha"],
                last["cost"],
                style.marker_of(colour),
                color=colour,
                markeredgecolor=style.shade(1),
                markersize=style.thickness(3.5),
                zorder=4,
                gid="end",
            )
        there = own[showable(own["cost"])]
        if len(there):
            ends.append({"label": label, "y": there["cost"].iloc[-1]})
    begins = lines[(lines["alpha"].abs() < 1e-9) & showable(lines["cost"])]
    for cost in begins["cost"].round(12).unique():
        ax.plot(0.0, cost, markeredgecolor=style.shade(0.1), **start_mark(style.thickness(3.5)))
    low, high = float(lines["alpha"].min()), float(lines["alpha"].max())
    ax.set(xlim=(low, high), xlabel="from first (0) to last weights (1)")
    ax.set_xticks([0, 0.5, 1.0])
    if named and ends:
        texts = fitted_apart([end["label"] for end in ends], style.small(), 72 * _NAME * style.width())
        shades = [colours[end["label"]] for end in ends]
        label_ends(ax, [end["y"] for end in ends], texts, shades, [style.dash_of(colour) for colour in shades])
    return ax


def costs_in_plane(
    surface: pd.DataFrame,
    ends: pd.DataFrame,
    ax: Axes,
    *,
    start: tuple[float, float],
    ways: pd.DataFrame | None = None,
    colours: Mapping[str, object],
) -> list[float]:
    """Draw contours of the cost in a plane, the ends of runs in it with their costs, and where these began; return the contours' costs.

    surface: columns x, y, cost, on a grid. ends: columns label, x, y, cost. start: where all began, as seen in the plane.
    ways: columns label, x, y, in order, as seen in the plane.
    """
    ax.set_aspect("equal")
    ax.set(xlim=(surface["x"].min(), surface["x"].max()), ylim=(surface["y"].min(), surface["y"].max()))
    marks = np.vstack([ends[["x", "y"]].to_numpy(float), start])
    levels = contours(surface, ax, x="x", y="y", clear_of=marks)
    for label, colour in colours.items():
        if ways is not None:
            way = ways[ways["label"] == label]
            ax.plot(way["x"], way["y"], ":", color=colour, linewidth=style.thickness(0.9), zorder=3, label=plain(label))
    ax.plot(*start, markeredgecolor=style.shade(0.1), **start_mark())
    middle = float(surface["x"].min() + surface["x"].max()) / 2
    names = fitted_apart(ends["label"].tolist(), style.small(), 72 * _NAME * style.width())
    for name, (label, x, y, cost) in zip(names, ends[["label", "x", "y", "cost"]].itertuples(index=False), strict=True):
        colour = colours[label]
        ax.plot(
            x,
            y,
            style.marker_of(colour),
            color=colour,
            markeredgecolor=style.shade(1),
            markersize=style.thickness(4.5),
            zorder=6,
            gid="end",
        )
        left = x > middle
        text = ax.annotate(
            f"{name}\n{cost:.3g}",
            (x, y),
            xytext=(-7 if left else 7, 5),
            textcoords="offset points",
            ha="right" if left else "left",
            va="bottom",
            fontsize=style.small(),
            color=style.readable(colour),
            zorder=7,
        )
        text.set_path_effects([withStroke(linewidth=2.5, foreground=style.shade(1))])
    ax.set(xlabel="distance along the first two ends", ylabel="distance across")
    ax.grid(visible=False)
    return levels
