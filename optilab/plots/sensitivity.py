"""Sensitivity plots: final values against one hyperparameter."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from optilab.plots import style
from optilab.plots.scales import EVERYTHING, Frame, scale_parameter, scale_y, showable
from optilab.plots.style import axis
from optilab.plots.text import plain
from optilab.records.shown import Shown

_NO_RUNS = pd.DataFrame({"label": [], "x": [], "y": []})
_ROW = 1.1  # height of a row of marks at the upper edge, in sizes of small letters


def sensitivity(
    points: pd.DataFrame,
    ax: Axes,
    *,
    parameter: str = "lr",
    y: str = "train_cost",
    colours: Mapping[str, object],
    runs: pd.DataFrame = _NO_RUNS,
    chosen: Mapping[str, float] | None = None,
    height: float = 3.0,
) -> Axes:
    """Draw the points of `analysis.sensitivity.sensitivity`: the median of the final `y` against one hyperparameter.

    Points of one label are joined by a line, unless they are scattered; what isn't finite is a gap, with a cross at the upper edge,
    and the share of its runs that diverged beside it where it isn't all of them.
    runs: single runs of these points, with columns label, x, y, drawn as small dots. chosen: the value that was chosen for each
    label, marked by a ring. height: of the axes in inches, at least.

    Axes are logarithmic where values differ by much; one of values near 1, as 0.9 and 0.999, is logarithmic in their distance to 1.
    """
    log_y = Shown.of(y).log
    frame = Frame.of_points(points, runs["y"]) if log_y else EVERYTHING
    named = [label for label, colour in colours.items() if colour != style.grey() and label in set(points["label"])]
    for label, line in points[~points["label"].isin(named)].groupby("label", sort=False):
        shown = line["median"].where(showable(line["median"]))
        ax.plot(line["x"], shown, color=style.grey(), linewidth=style.thickness(0.4), label=plain(label), zorder=1.5)
    for place, label in enumerate(named):
        line, colour = points[points["label"] == label], colours[label]
        own = runs[(runs["label"] == label) & showable(runs["y"])]
        above = 3 - place / (len(named) + 1)
        ax.plot(
            line["x"],
            line["median"].where(showable(line["median"])),
            color=colour,
            label=plain(label),
            marker=style.marker_of(colour),
            markersize=style.thickness(3.0),
            markeredgewidth=0,
            linestyle="" if line["scattered"].any() else "-",
            zorder=above,
        )
        within = own["y"] <= (np.inf if frame.top is None else frame.top)
        for some, marker, size, name in ((own[within], ".", 2.2, "_runs"), (own[~within], "^", 2.8, "_beyond")):
            if len(some):
                ax.plot(
                    some["x"],
                    some["y"].map(frame.inside),
                    marker,
                    color=colour,
                    alpha=0.4,
                    markeredgewidth=0 if marker == "^" else None,
                    markersize=style.thickness(size),
                    label=name,
                    zorder=2,
                    clip_on=False,
                )
        best = line[(line["x"] == (chosen or {}).get(label)) & showable(line["median"])]
        if len(best):  # a mark without a place would claim room in a corner of the figure
            ax.plot(
                best["x"],
                best["median"].map(frame.inside),
                "o",
                markerfacecolor="none",
                markeredgecolor=style.shade(0),
                markersize=style.thickness(5.4),
                markeredgewidth=style.thickness(0.6),
                label="_chosen",
                zorder=5,
                clip_on=False,
            )
    scale_parameter(ax, points["x"])
    shown_runs = runs.loc[runs["label"].isin(named), "y"]
    scale_y(ax, pd.concat([points["median"], shown_runs[showable(shown_runs)]]), frame, log=log_y)
    ax.set_xlim(ax.get_xlim())
    _diverged(points[points["label"].isin(named)], ax, colours, height)
    ax.set(xlabel=axis(parameter), ylabel=f"final {plain(Shown.of(y).axis_as_shown)}")
    return ax


def _diverged(points: pd.DataFrame, ax: Axes, colours: Mapping[str, object], height: float) -> None:
    """A row of crosses for each label with settings at which runs diverged, above all that is finite."""
    gone = points[points["finite"] < points["seeds"]]
    labels = [label for label in colours if label in set(gone["label"])]
    if not labels:
        return
    row = _ROW * style.small() / 72 / height
    rows = [2 if (gone.loc[gone["label"] == label, "finite"] > 0).any() else 1 for label in labels]
    _raise_top(ax, min(0.6, row * (sum(rows) + 0.6)))
    for k, label in enumerate(labels):
        at = 1 - row * (sum(rows[: k + 1]) - 0.5)
        for point in gone[gone["label"] == label].to_dict("records"):
            ax.plot(
                point["x"],
                at,
                "x",
                transform=ax.get_xaxis_transform(),
                color=colours[label],
                markersize=style.thickness(3.2),
                markeredgewidth=style.thickness(0.9),
                label="_diverged",
                zorder=4,
                clip_on=False,
            )
            if point["finite"] > 0:
                ax.annotate(
                    f"{point['seeds'] - point['finite']}/{point['seeds']}",
                    (point["x"], at),
                    xycoords=ax.get_xaxis_transform(),
                    xytext=(0, style.thickness(2.2)),
                    textcoords="offset points",
                    ha="center",
                    va="bottom",
                    fontsize=style.points(0.7),
                    color=style.readable(colours[label]),
                )


def _raise_top(ax: Axes, share: float) -> None:
    """Leave a share of the height free above all that is drawn."""
    low, high = ax.get_ylim()
    transform = ax.yaxis.get_transform()
    ends = transform.transform(np.array([low, high]))
    top = ends[0] + (ends[1] - ends[0]) / (1 - share)
    ax.set_ylim(low, float(transform.inverted().transform(np.array([top]))[0]))
