"""Optimization paths on a function of one weight (curve) or two weights (contours)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from numpy.typing import ArrayLike, NDArray

from optilab.plots.text import plain

Point = NDArray[np.float64]
_START: dict[str, Any] = {"marker": "o", "markerfacecolor": "white", "markersize": 8, "zorder": 6}


def path_on_curve(curve: pd.DataFrame, path: pd.DataFrame, ax: Axes, *, colour: object) -> Axes:
    """Draw a function of one weight, and the steps of every run on it.

    curve: columns w_0, cost. path: columns run_id, step, w_0, train_cost, lasted (did not diverge).
    An open circle marks where a run starts, a large dot where it ends; a cross where it leaves the picture for good, or stops
    being finite.
    """
    ax.plot(curve["w_0"], curve["cost"].where(np.isfinite(curve["cost"])), color="0.6", linewidth=1.5, zorder=1)
    frame = _ends(curve["w_0"])
    for _, run in path.groupby("run_id", sort=False):
        inside = _inside(run["w_0"], frame) & np.isfinite(run["train_cost"])
        on_it = run[inside]
        ax.plot(on_it["w_0"], on_it["train_cost"], ".", color=colour, markersize=5, alpha=0.55, zorder=2)
        if not len(on_it):
            continue
        if inside.iloc[0]:
            ax.plot(run["w_0"].iloc[0], run["train_cost"].iloc[0], markeredgecolor=colour, **_START)
        if inside.iloc[-1] and run["lasted"].iloc[-1]:
            ax.plot(run["w_0"].iloc[-1], run["train_cost"].iloc[-1], "o", color=colour, markersize=9, zorder=4)
            continue
        last = int(np.flatnonzero(inside)[-1])
        beyond = run["w_0"].iloc[last + 1] if last + 1 < len(run) else np.nan
        if beyond > frame[1] or beyond < frame[0]:
            end = frame[1] if beyond > frame[1] else frame[0]
            cost = curve["cost"].iloc[(curve["w_0"] - end).abs().argmin()]
        else:
            end, cost = on_it["w_0"].iloc[-1], on_it["train_cost"].iloc[-1]
        _cross(ax, end, cost, colour)
    ax.set(xlabel="weight", ylabel="cost")
    return ax


def paths_on_contours(
    surface: pd.DataFrame, path: pd.DataFrame, ax: Axes, *, colours: Mapping[str, object], minima: ArrayLike = ()
) -> Axes:
    """Draw the contours of a function of two weights, and the path of every run.

    surface: columns w_0, w_1, cost, on a grid. path: columns label, run_id, step, w_0, w_1, lasted (did not diverge).
    A circle marks the start, a dot the end of each path, a star each known minimum; a cross where a path leaves the
    picture for good, or stops being finite.
    """
    _contours(surface, ax)
    frame = np.array([_ends(surface["w_0"]), _ends(surface["w_1"])])
    for place, (label, colour) in enumerate(colours.items()):
        above = 3 - place / (len(colours) + 1)  # the first lies on top
        for _, run in path[path["label"] == label].groupby("run_id", sort=False):
            points = run[["w_0", "w_1"]].to_numpy(float)
            points = points[np.isfinite(points).all(axis=1)]
            inside = ((points >= frame[:, 0]) & (points <= frame[:, 1])).all(axis=1)
            if not inside.any():
                continue
            last = int(np.flatnonzero(inside)[-1])
            left = last + 1 < len(points)
            end = _edge(points[last], points[last + 1], frame) if left else points[last]
            _line(ax, np.vstack([points[: last + 1], end]) if left else points, frame, colour, label, above)
            if left or not run["lasted"].iloc[-1]:
                _cross(ax, float(end[0]), float(end[1]), colour)
            else:
                ax.plot(*end, "o", color=colour, markersize=8, zorder=2 + above)
            if inside[0]:
                ax.plot(*points[0], markeredgecolor="0.2", **_START)
    for minimum in np.atleast_2d(np.asarray(minima, float)) if np.size(minima) else []:
        if ((minimum >= frame[:, 0]) & (minimum <= frame[:, 1])).all():
            ax.plot(*minimum, "*", color="gold", markeredgecolor="0.2", markersize=12, zorder=7)
    ax.set(xlabel="first weight", ylabel="second weight", xlim=tuple(frame[0]), ylim=tuple(frame[1]))
    if same_scale(*np.ptp(frame, axis=1)):
        ax.set_aspect("equal")  # so that angles are true
    ax.grid(visible=False)
    return ax


def same_scale(width: float, height: float) -> bool:
    """Whether both weights are drawn to one scale: they are unless that makes the picture too flat or too narrow."""
    return 0.4 < height / width < 2.5


def _line(ax: Axes, points: Point, frame: NDArray[np.float64], colour: object, label: str, zorder: float) -> None:
    """Draw the line through the points, cut at nine times the picture's size beyond its edges."""
    size = np.ptp(frame, axis=1)
    points = np.clip(points, frame[:, 0] - 9 * size, frame[:, 1] + 9 * size)
    ax.plot(
        *points.T,
        "-o",
        color=colour,
        markersize=3.0 if len(points) < 400 else 0,
        linewidth=1.3,
        alpha=0.85,
        label=plain(label),
        zorder=zorder,
        markeredgewidth=0,
    )


def _contours(surface: pd.DataFrame, ax: Axes) -> None:
    """Contours at costs that are evenly spaced in powers of ten above the lowest; none if all costs are equal."""
    table = surface.pivot_table(index="w_1", columns="w_0", values="cost", dropna=False)
    cost = np.ma.masked_invalid(table.to_numpy(float))
    if cost.count() == 0 or cost.max() == cost.min():
        return
    cost = cost / np.abs(cost).max()  # or differences of enormous costs would overflow
    above = cost - cost.min()
    middle = np.median(above.compressed()) or above.max()
    raised = np.ma.minimum(above, 1e6 * middle) + 1e-3 * middle
    levels = np.geomspace(raised.min(), raised.max(), 14)
    norm = LogNorm(levels[0], levels[-1] * 30)
    ax.contourf(table.columns, table.index, raised, levels=levels, cmap="Greys_r", norm=norm, alpha=0.45, zorder=0)
    ax.contour(table.columns, table.index, raised, levels=levels, colors="0.6", linewidths=0.4, zorder=1)


def _edge(inside: Point, outside: Point, frame: NDArray[np.float64]) -> Point:
    """The point where the straight line from a point in the picture to one outside crosses the edge."""
    bounds = np.where(outside > frame[:, 1], frame[:, 1], frame[:, 0])
    out = (outside > frame[:, 1]) | (outside < frame[:, 0])
    # halves, or the difference of two enormous numbers would overflow
    parts = [(bounds[k] / 2 - inside[k] / 2) / (outside[k] / 2 - inside[k] / 2) for k in np.flatnonzero(out)]
    crossing = inside + 2 * min(parts) * (outside / 2 - inside / 2)
    return np.asarray(np.clip(crossing, frame[:, 0], frame[:, 1]))


def _cross(ax: Axes, x: float, y: float, colour: object) -> None:
    ax.plot(x, y, "x", color=colour, markersize=8, markeredgewidth=2.5, zorder=5, clip_on=False)


def _inside(values: pd.Series, frame: tuple[float, float]) -> pd.Series:
    return values.between(*frame)


def _ends(values: pd.Series[float]) -> tuple[float, float]:
    return float(values.min()), float(values.max())
