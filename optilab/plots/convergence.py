"""Convergence plots: for each label the median over a run, its band and its seeds."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from optilab.plots import style
from optilab.plots.scales import EVERYTHING, Frame, room_for, scale_counts, scale_y, showable
from optilab.plots.style import axis
from optilab.plots.text import plain
from optilab.records.shown import Shown

_NO_SEEDS = pd.DataFrame({"label": [], "run_id": [], "x": [], "y": []})
_MARKS = 7  # markers along a line


def convergence(
    lines: pd.DataFrame,
    ax: Axes,
    *,
    x: str = "epoch",
    y: str = "train_cost",
    colours: Mapping[str, object],
    seeds: pd.DataFrame = _NO_SEEDS,
    banded: bool = True,
    parted: Collection[str] = (),
    unfinished: Collection[str] = (),
    target: float | None = None,
    log_x: bool | None = None,
    log_y: bool | None = None,
) -> Axes:
    """Draw the lines of `analysis.curves.bands`, in the order of `colours`; those without a colour of their own thin and grey.

    seeds: single runs, with columns label, run_id, x, y, drawn faintly. banded: whether the band from low to high is drawn.
    parted: labels whose seeds end in separate groups: each is drawn as a line, and neither median nor band, which describe no run.
    unfinished: labels whose schedule depends on the length of the run: they are thin up to their end, which is a hollow marker.
    target: a value of y, drawn as a dotted line, with a tick where each median reaches it.

    A cross marks where the median run stopped being finite. The axis of counts is linear, unless lines are of very different
    lengths; that of costs, norms and error rates is logarithmic where they differ by more than a factor of three; `log_x`, `log_y`
    overrule that. Accuracies are to be given as error rates (`records.shown`).
    """
    log_y = Shown.of(y).log if log_y is None else log_y
    frame = Frame.of(lines) if log_y else EVERYTHING
    named = [label for label, colour in colours.items() if colour != style.grey()]
    _others(lines[~lines["label"].isin(named)], ax)
    for place, label in enumerate(named):
        colour, above = colours[label], 3 - place / (len(named) + 1)  # the first lies on top
        line, own = lines[lines["label"] == label], seeds[seeds["label"] == label]
        if label in parted:
            _single(own, ax, label, colour, above, frame)
        else:
            _seeds(own, ax, colour)
            _line(line, ax, label, colour, above, frame, place / len(named), banded, label in unfinished)
    values = lines["median"]
    if parted:
        highest = 10 * values[showable(values)].abs().max()  # a single wild seed doesn't squeeze all others
        single = seeds.loc[seeds["label"].isin(parted), "y"].clip(-highest, highest)
        values = pd.concat([values[~lines["label"].isin(parted)], single])
    if target is not None:
        values = pd.concat([values, pd.Series([target])])
    scale_counts(ax, lines, log=log_x)
    scale_y(ax, values, frame, log=log_y)
    _without_wild_bands(ax, values)
    if ax.get_xscale() == "linear":
        whole = x not in ("seconds", "cpu_seconds") and lines["x"].max() >= 2
        ax.xaxis.set_major_locator(MaxNLocator(min(room_for(ax), 6), steps=[1, 2, 5, 10], integer=whole))
    if target is not None:
        _target(lines[lines["label"].isin(named)], ax, target, colours)
    ax.set(xlabel=axis(x), ylabel=plain(Shown.of(y).axis_as_shown))
    return ax


def _without_wild_bands(ax: Axes, values: pd.Series[float]) -> None:
    """End a logarithmic axis not far above what lines show, where a band of some seeds that diverge goes beyond."""
    top = 10 * float(values[showable(values)].max()) if len(values) else 0.0
    if ax.get_yscale() == "log" and top > 0 and ax.get_ylim()[1] > 10 * top:
        ax.set_ylim(top=top)


def _others(lines: pd.DataFrame, ax: Axes) -> None:
    """Lines without a name: thin, grey, below all others."""
    shown = _points(lines, "label", "median")
    if shown:
        ax.add_collection(LineCollection(shown, colors=style.grey(), linewidths=style.thickness(0.4), zorder=1.5))
        ax.autoscale_view()


def _seeds(seeds: pd.DataFrame, ax: Axes, colour: object) -> None:
    shown = _points(seeds, "run_id", "y")
    if shown:
        ax.add_collection(
            LineCollection(shown, colors=[colour], linewidths=style.thickness(0.35), alpha=0.35, zorder=1.8),
            autolim=False,
        )


def _points(rows: pd.DataFrame, of: str, y: str) -> list[NDArray[np.float64]]:
    """The points [point, (x, y)] of each line, by the column `of`; where an axis can't show it, a line has a gap."""
    ordered = rows.sort_values(of, kind="stable")
    points = np.column_stack([ordered["x"], ordered[y].where(showable(ordered[y]))])
    begins = np.flatnonzero(ordered[of].ne(ordered[of].shift()).to_numpy()[1:]) + 1
    return np.split(points, begins) if len(points) else []


def _single(seeds: pd.DataFrame, ax: Axes, label: str, colour: object, above: float, frame: Frame) -> None:
    """Each seed as a line of its own, with a dot where it ends."""
    for k, (_, run) in enumerate(seeds.groupby("run_id", sort=False)):
        name = plain(label) if k == 0 else "_seed"
        shown = run["y"].where(showable(run["y"]))
        ax.plot(run["x"], shown, color=colour, linewidth=style.thickness(0.7), label=name, zorder=above)
        last = run[showable(run["y"])].tail(1)
        if len(last):  # a mark without a place would claim room in a corner of the figure
            ax.plot(
                last["x"],
                last["y"].map(frame.inside),
                _mark(colour),
                color=colour,
                label="_end",
                zorder=above,
                clip_on=False,
            )


def _line(
    line: pd.DataFrame,
    ax: Axes,
    label: str,
    colour: object,
    above: float,
    frame: Frame,
    start: float,
    banded: bool,
    unfinished: bool,
) -> None:
    finite = showable(line["median"])
    if not finite.any():
        return
    middle = line["median"].where(finite)  # what isn't finite is a gap
    every = max(1, -(-len(line) // _MARKS))
    ax.plot(
        line["x"],
        middle,
        color=colour,
        label=plain(label),
        marker=_mark(colour),
        markersize=_size(0.8),
        markevery=(int(start * every), every),
        markeredgewidth=0,
        linewidth=style.thickness(0.55 if unfinished else 1.0),
        alpha=0.7 if unfinished else None,
        zorder=above,
    )
    if banded:
        low, high = (line[name].where(showable(line[name]), middle) for name in ("low", "high"))
        ax.fill_between(line["x"], low, high, color=colour, alpha=0.16, linewidth=0)
    for _, end in line[finite & ~finite.shift(-1, fill_value=True)].iterrows():
        ax.plot(
            end["x"],
            frame.inside(end["median"]),
            marker="x",
            color=colour,
            markersize=_size(1.5),
            markeredgewidth=style.thickness(1.1),
            zorder=4,
            clip_on=False,
        )
    if finite.iloc[-1]:
        end = line.iloc[-1]
        ax.plot(
            end["x"],
            frame.inside(end["median"]),
            _mark(colour),
            markeredgecolor=colour,
            markerfacecolor=style.shade(1) if unfinished else colour,
            markersize=_size(1.05),
            markeredgewidth=style.thickness(0.6),
            label="_end",
            zorder=4 + above,
            clip_on=False,
        )


def _target(lines: pd.DataFrame, ax: Axes, target: float, colours: Mapping[str, object]) -> None:
    """A dotted line, and on it a tick in its colour where each median first reaches it."""
    ax.axhline(
        target, color=style.shade(0.25), linestyle=":", linewidth=style.thickness(0.6), zorder=1.9, label="_target"
    )
    ax.annotate(
        "target",
        (1.0, target),
        xycoords=("axes fraction", "data"),
        xytext=(-2, 2),
        textcoords="offset points",
        ha="right",
        va="bottom",
        fontsize=style.small(),
        color=style.shade(0.25),
    )
    for label, line in lines.groupby("label", sort=False):
        reached = line[line["median"] <= target].head(1)
        ax.plot(
            reached["x"],
            [target] * len(reached),
            "|",
            color=colours[str(label)],
            markersize=_size(2.0),
            markeredgewidth=style.thickness(1.0),
            label="_reached",
            zorder=5,
        )


def _mark(colour: object) -> str:
    return style.marker_of(colour)


def _size(share: float) -> float:
    """Size of a marker in points: the usual one, or a share of it."""
    return style.thickness(3.0 * share)
