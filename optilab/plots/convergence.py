"""Convergence and sensitivity plots: a line and a band for each label."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from optilab.plots.scales import EVERYTHING, Frame, scale_counts, scale_parameter, scale_y, showable
from optilab.plots.style import axis
from optilab.plots.text import plain
from optilab.records.columns import LINEAR, LOG_X


def convergence(
    lines: pd.DataFrame,
    ax: Axes,
    *,
    x: str = "epoch",
    y: str = "train_cost",
    colours: Mapping[str, object],
    log_x: bool | None = None,
    log_y: bool | None = None,
) -> Axes:
    """Draw the lines of `analysis.curves.bands`, in the order of `colours`.

    A cross marks where the median run stopped being finite. Axes are logarithmic: x for counts of steps, examples and
    evaluations (linear from 0 to the first measurement, or all the way where lines begin decades apart), y for costs and
    norms that differ by more than a factor of three; `log_x`, `log_y` overrule that.
    """
    log_x = x in LOG_X if log_x is None else log_x
    log_y = y not in LINEAR if log_y is None else log_y
    frame = Frame.of(lines) if log_y else EVERYTHING
    _draw(lines, ax, colours, frame)
    if log_x:
        scale_counts(ax, lines)
    elif x == "epoch" and lines["x"].max() >= 2:
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    scale_y(ax, lines["median"], frame, log=log_y)
    ax.set(xlabel=axis(x), ylabel=axis(y))
    return ax


def sensitivity(
    points: pd.DataFrame, ax: Axes, *, parameter: str = "lr", y: str = "train_cost", colours: Mapping[str, object]
) -> Axes:
    """Draw the points of `analysis.sensitivity.sensitivity`: final `y` against one hyperparameter.

    Points of one label are joined by a line, unless they are scattered. Axes are logarithmic if values differ by much.
    """
    scattered = set(points.loc[points["scattered"], "label"])
    log_y = y not in LINEAR
    frame = Frame.of_points(points) if log_y else EVERYTHING
    _draw(points, ax, colours, frame, markers=True, unjoined=scattered)
    scale_parameter(ax, points["x"])
    scale_y(ax, points["median"], frame, log=log_y)
    ax.set(xlabel=axis(parameter), ylabel=f"final {axis(y)}")
    return ax


def _draw(
    lines: pd.DataFrame,
    ax: Axes,
    colours: Mapping[str, object],
    frame: Frame,
    markers: bool = False,
    unjoined: Collection[str] = (),
) -> None:
    for place, (label, colour) in enumerate(colours.items()):
        line = lines[lines["label"] == label]
        finite = showable(line["median"])
        if not finite.any():
            continue
        joined, few = label not in unjoined, len(line) <= 30
        middle = line["median"].where(finite)  # what isn't finite is a gap
        ax.plot(
            line["x"],
            middle,
            color=colour,
            label=plain(label),
            marker="o" if markers or few else None,
            markersize=5 if markers else 3,
            markeredgewidth=0,
            linestyle="-" if joined else "",
            linewidth=1.8,
            zorder=3 - place / (len(colours) + 1),  # the first lies on top
        )
        low, high = (line[name].where(showable(line[name]), middle) for name in ("low", "high"))
        if not joined:
            ax.vlines(line["x"], low, high, color=colour, alpha=0.4, linewidth=1.2)
            continue
        ax.fill_between(line["x"], low, high, color=colour, alpha=0.18, linewidth=0)
        for _, end in line[finite & ~finite.shift(-1, fill_value=True)].iterrows():
            ax.plot(
                end["x"],
                frame.inside(end["median"]),
                marker="x",
                color=colour,
                markersize=9,
                markeredgewidth=2,
                zorder=4,
                clip_on=False,
            )
