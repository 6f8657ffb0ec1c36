"""Optimization paths on a function of two weights, over its contours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from optilab.plots.contours import contours
from optilab.plots.style import shade
from optilab.plots.text import plain

Point = NDArray[np.float64]

_EACH, _ALL = 400, 1600  # points of a path, and of all paths of a line, from which on they are no longer marked
_PIECE = 1000  # points that are drawn at once: Matplotlib fails at lines that cross themselves too often


def start_mark(size: float = 7.0) -> dict[str, Any]:
    """How the start of a run is drawn: an open circle."""
    return {
        "marker": "o",
        "markerfacecolor": shade(1.0),
        "markersize": size,
        "markeredgewidth": 1.1,
        "zorder": 6,
        "linestyle": "",
        "gid": "start",
    }


def cross(ax: Axes, x: ArrayLike, y: ArrayLike, *, colour: object) -> None:
    """Mark where runs left the picture for good, or stopped being finite."""
    ax.plot(x, y, "x", color=colour, markersize=8, markeredgewidth=2.5, zorder=7, clip_on=False)


def paths_on_contours(
    surface: pd.DataFrame, path: pd.DataFrame, ax: Axes, *, colours: Mapping[str, object], minima: ArrayLike = ()
) -> list[float]:
    """Draw the contours of a function of two weights, and the path of every run; return the costs of the contours.

    surface: columns w_0, w_1, cost, on a grid. path: columns label, run_id, step, w_0, w_1, lasted (did not diverge).
    A circle marks the start, a dot the end of each path; a star, below them, each known minimum, or an arrow at the edge points to it
    where it lies beyond; a cross where a path leaves the picture for good, or stops being finite.
    """
    frame = np.array([_ends(surface["w_0"]), _ends(surface["w_1"])])
    if same_scale(*np.ptp(frame, axis=1)):
        ax.set_aspect("equal")  # so that angles are true
    starts = path.groupby("run_id", sort=False)[["w_0", "w_1"]].first().to_numpy(float)[:9]
    known = np.atleast_2d(np.asarray(minima, float)).reshape(-1, 2)
    levels = contours(surface, ax, clear_of=np.concatenate([starts[np.isfinite(starts).all(axis=1)], known]))
    small = path["run_id"].nunique() > 4
    for place, (label, colour) in enumerate(colours.items()):
        above = 3 - place / (len(colours) + 1)  # the first lies on top
        _paths(path[path["label"] == label], ax, frame, label, colour, above, small=small)
    for minimum in known:
        _minimum(ax, minimum, frame)
    ax.set(xlabel="first weight", ylabel="second weight", xlim=tuple(frame[0]), ylim=tuple(frame[1]))
    for across in (ax.xaxis, ax.yaxis):
        across.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    ax.grid(visible=False)
    return levels


def same_scale(width: float, height: float) -> bool:
    """Whether both weights are drawn to one scale: they are unless that makes the picture too flat or too narrow."""
    return 0.2 < height / width < 3


def _minimum(ax: Axes, minimum: Point, frame: NDArray[np.float64]) -> None:
    """A star, so large that its tips are seen around a path's last dot; or an arrow at the edge that points to it."""
    if ((minimum >= frame[:, 0]) & (minimum <= frame[:, 1])).all():
        ax.plot(
            *minimum,
            "*",
            color="gold",
            markeredgecolor=shade(0.1),
            markersize=13,
            markeredgewidth=0.8,
            zorder=3.4,
            clip_on=False,
        )
        return
    middle = frame.mean(axis=1)
    edge = _edge(middle, minimum, frame)
    tail = edge + 0.12 * (middle - edge)
    ax.annotate(
        "",
        xy=tuple(edge),
        xytext=tuple(tail),
        arrowprops={
            "arrowstyle": "-|>,head_length=0.6,head_width=0.35",
            "color": "gold",
            "linewidth": 2.5,
            "shrinkA": 0,
            "shrinkB": 0,
            "path_effects": [_outline()],
        },
        zorder=6,
        annotation_clip=False,
        gid="minimum beyond",
    )


def _outline() -> Any:
    from matplotlib.patheffects import withStroke

    return withStroke(linewidth=4, foreground=shade(0.1))


def _paths(
    path: pd.DataFrame,
    ax: Axes,
    frame: NDArray[np.float64],
    label: str,
    colour: object,
    zorder: float,
    *,
    small: bool,
) -> None:
    """The paths of a method; starts, ends and crosses are one set of marks each."""
    lines: list[Point] = []
    starts: list[Point] = []
    ends: list[Point] = []
    crossed: list[Point] = []
    for _, run in path.groupby("run_id", sort=False):
        points = run[["w_0", "w_1"]].to_numpy(float)
        points = points[np.isfinite(points).all(axis=1)]
        inside = ((points >= frame[:, 0]) & (points <= frame[:, 1])).all(axis=1)
        if not inside.any():
            continue
        last = int(np.flatnonzero(inside)[-1])
        left = last + 1 < len(points)
        end = _edge(points[last], points[last + 1], frame) if left else points[last]
        lines.append(np.vstack([points[: last + 1], end]) if left else points)
        (crossed if left or not run["lasted"].iloc[-1] else ends).append(end)
        if inside[0]:
            starts.append(points[0])
    if lines:
        _lines(ax, lines, frame, colour, label, zorder)
    if crossed:
        cross(ax, *np.transpose(crossed), colour=colour)
    if ends:
        ax.plot(
            *np.transpose(ends),
            "o",
            color=colour,
            markeredgecolor=shade(1),
            markeredgewidth=0.7,
            markersize=5.5 if small else 7,
            zorder=6.5,
            gid="end",
        )
    if starts:
        ax.plot(*np.transpose(starts), markeredgecolor=shade(0.1), **start_mark(5.5 if small else 7))


def _lines(ax: Axes, lines: list[Point], frame: NDArray[np.float64], colour: object, label: str, zorder: float) -> None:
    """Draw lines through points, cut at nine times the picture's size beyond its edges, as many in one piece as can be."""
    beyond = 9 * np.ptp(frame, axis=1)
    lengths = [len(points) for points in lines]
    size = 2.5 if max(lengths) < _EACH and sum(lengths) < _ALL else 0
    gap = np.full((1, 2), np.nan)
    for k, piece in enumerate(_pieces(lines)):
        parts = [
            part for points in piece for part in (np.clip(points, frame[:, 0] - beyond, frame[:, 1] + beyond), gap)
        ]
        ax.plot(
            *np.concatenate(parts[:-1]).T,
            "-o",
            color=colour,
            markersize=size,
            linewidth=1.1,
            alpha=0.9,
            label="_more" if k else plain(label),
            zorder=zorder,
            markeredgewidth=0,
        )


def _pieces(lines: list[Point]) -> list[list[Point]]:
    """The lines in groups of at most _PIECE points, or of one line that has more."""
    found: list[list[Point]] = []
    room = 0
    for points in lines:
        room -= len(points)
        if room < 0:
            found.append([])
            room = _PIECE - len(points)
        found[-1].append(points)
    return found


def _edge(inside: Point, outside: Point, frame: NDArray[np.float64]) -> Point:
    """The point where the straight line from a point in the picture to one outside crosses the edge."""
    bounds = np.where(outside > frame[:, 1], frame[:, 1], frame[:, 0])
    out = (outside > frame[:, 1]) | (outside < frame[:, 0])
    # halves, or the difference of two enormous numbers would overflow
    parts = [(bounds[k] / 2 - inside[k] / 2) / (outside[k] / 2 - inside[k] / 2) for k in np.flatnonzero(out)]
    crossing = inside + 2 * min(parts) * (outside / 2 - inside / 2)
    return np.asarray(np.clip(crossing, frame[:, 0], frame[:, 1]))


def _ends(values: pd.Series[float]) -> tuple[float, float]:
    return float(values.min()), float(values.max())
