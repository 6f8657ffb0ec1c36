"""Names at the ends of lines, spread so that none covers another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.transforms import offset_copy
from numpy.typing import ArrayLike, NDArray

from optilab.plots import style
from optilab.plots.ends import moved_apart
from optilab.plots.text import breadth as breadth_of
from optilab.plots.text import fitted, fitted_apart, plain

NAME = "name of a line"  # gid of these texts
_APART = 1.25  # distance of names, in sizes of their letters
_AWAY = 15.0  # points from the axes to a name
_CLOSE = 0.025  # of the height; ends that are nearer look like one
_BESIDE = 0.02  # of the height; names no farther from where they want to stand need no leader


def spread(wanted: ArrayLike, apart: float, low: float = 0.0, high: float = 1.0) -> NDArray[np.float64]:
    """Places that keep the order of `wanted` (sorted), are `apart` from each other and inside [low, high], as near to it as can be.

    As `ends.moved_apart`; where there is no room for all they are evenly spaced from low to high.
    """
    places = np.asarray(wanted, np.float64)
    steps = apart * np.arange(len(places))
    if not len(places):
        return places
    if steps[-1] > high - low:
        return np.linspace(low, high, len(places))
    pooled = moved_apart(places, [apart] * len(places)) - steps
    return np.asarray(np.clip(pooled, low, high - steps[-1]) + steps)


def heights(ax: Axes, values: Sequence[float]) -> NDArray[np.float64]:
    """Where values stand on the axis of y, in heights of the axes: 0 is its lower end, 1 its upper one."""
    low, high = ax.get_ylim()
    inside = np.clip(np.asarray(values, np.float64), low, high)
    ends = ax.get_yaxis_transform().transform([(0.0, low), (0.0, high)])[:, 1]
    found = (
        ax.get_yaxis_transform().transform([(0.0, value) for value in inside])[:, 1] if len(inside) else np.array([])
    )
    return np.asarray((found - ends[0]) / (ends[1] - ends[0]))


def close_ends(ends: pd.DataFrame, ax: Axes) -> bool:
    """Whether a third of the ends or more are so close to the next that the picture doesn't tell which is the lower.

    ends: as of `end_labels`; those at the edge of the picture are not looked at.
    """
    at = np.sort(heights(ax, ends["y"].tolist()))
    at = at[(at > 0) & (at < 1)]
    return len(at) > 1 and int((np.diff(at) < _CLOSE).sum()) > (len(ends) - 1) / 3


def end_labels(
    ends: pd.DataFrame, ax: Axes, *, colours: Mapping[str, object], height: float, breadth: float, others: str = ""
) -> dict[str, float]:
    """Write the name of each line to the right of the axes, at the height of its end, in its colour.

    ends: columns label, remark (written after it), x, y, a row a line: where it ends, in data. Names stand in the order of their ends; a thin leader goes from
    the end to a name that had to move aside.
    height: of the axes in inches; breadth: of a name in points, at most. others: a last name, in grey, for lines that have none.

    Returns where the first name of each label stands, in heights of the axes; that of `others` has the key "".
    """
    size = style.small()
    order = ends.assign(at=heights(ax, ends["y"].tolist())).sort_values("at", kind="stable")
    names = [str(label) for label in order["label"]]
    remarks = [*order["remark"], ""]
    wanted = order["at"].tolist()
    margin = 0.5 * size / 72 / height
    if others:
        names, wanted = [*names, ""], [*wanted, 1.0]
    places = spread(wanted, _APART * size / 72 / height, margin, 1 - margin)
    right = ax.get_xlim()[1]
    beside = offset_copy(ax.transAxes, ax.get_figure(root=True), x=_AWAY - 2, units="points")
    for name, place, (x, y, at) in zip(names, places, order[["x", "y", "at"]].itertuples(index=False), strict=False):
        moved = abs(place - at) > _BESIDE or x < right
        if moved:
            ax.annotate(
                "",
                (x, float(np.clip(y, *ax.get_ylim()))),
                xytext=(1.0, place),
                textcoords=beside,
                arrowprops={
                    "arrowstyle": "-",
                    "color": colours[name],
                    "linewidth": 0.5,
                    "shrinkA": 0,
                    "shrinkB": 3,
                    "linestyle": ":" if x < right else "-",
                },
                annotation_clip=False,
            )
    room = breadth - max((breadth_of(remark, size) for remark in remarks), default=0.0)
    shown = fitted_apart(list(dict.fromkeys(names)), size, room) if names else []
    short = dict(zip(dict.fromkeys(names), shown, strict=True))
    for name, remark, place in zip(names, remarks, places, strict=False):
        full = fitted(name or others, size, breadth - breadth_of(remark, size))
        text = ax.annotate(
            (full if full == plain(name or others) else short[name] or full) + remark,
            (1.0, place),
            xycoords="axes fraction",
            xytext=(_AWAY, 0),
            textcoords="offset points",
            va="center_baseline",
            ha="left",
            fontsize=size,
            color=style.readable(colours[name]) if name else style.shade(0.3),
            annotation_clip=False,
        )
        text.set_gid(NAME)
    return dict(zip(reversed(names), map(float, reversed(places)), strict=True))
