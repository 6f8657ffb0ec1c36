"""Descents on a function of one weight: its curve, the steps on it, and the slopes that they follow."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke

from optilab.plots.path import cross, start_mark
from optilab.plots.style import shade

_FAR = 0.06  # of the picture's width: two steps that are further apart have an arrow between them, and numbers
_TANGENT = 0.09  # half the width of a tangent over the picture's width
_NUMBERED = 8  # steps of a path, at most


def path_on_curve(curve: pd.DataFrame, path: pd.DataFrame, ax: Axes, *, colour: object) -> Axes:
    """Draw a function of one weight, and the steps of every run on it.

    curve: columns w_0, cost. path: columns run_id, step, w_0, train_cost, lasted (did not diverge), and maybe slope, which is finite
    where a tangent is wanted.
    An open circle marks where a run starts, a large dot where it ends; a cross where it leaves the picture for good, or stops
    being finite. Arrows join steps that lie far apart; of up to two runs such steps have their numbers.
    """
    ax.plot(curve["w_0"], curve["cost"].where(np.isfinite(curve["cost"])), color=shade(0.45), linewidth=1.5, zorder=1)
    frame = float(curve["w_0"].min()), float(curve["w_0"].max())
    heights = curve["cost"][np.isfinite(curve["cost"])]
    few = path["run_id"].nunique() <= 2
    for _, run in path.groupby("run_id", sort=False):
        inside = run["w_0"].between(*frame) & np.isfinite(run["train_cost"])
        on_it = run[inside]
        ax.plot(on_it["w_0"], on_it["train_cost"], ".", color=colour, markersize=5, alpha=0.7, zorder=3)
        if not len(on_it):
            continue
        _tangents(ax, on_it, frame, heights)
        _arrows(ax, run[inside], frame, heights, colour, numbered=few)
        if inside.iloc[0]:
            ax.plot(run["w_0"].iloc[0], run["train_cost"].iloc[0], markeredgecolor=colour, **start_mark())
        if inside.iloc[-1] and run["lasted"].iloc[-1]:
            ax.plot(
                run["w_0"].iloc[-1],
                run["train_cost"].iloc[-1],
                "o",
                color=colour,
                markeredgecolor=shade(1),
                markeredgewidth=0.7,
                markersize=7.5,
                zorder=5,
                gid="end",
            )
            continue
        last = int(np.flatnonzero(inside)[-1])
        beyond = run["w_0"].iloc[last + 1] if last + 1 < len(run) else np.nan
        if beyond > frame[1] or beyond < frame[0]:
            end = frame[1] if beyond > frame[1] else frame[0]
            cost = curve["cost"].iloc[(curve["w_0"] - end).abs().argmin()]
        else:
            end, cost = on_it["w_0"].iloc[-1], on_it["train_cost"].iloc[-1]
        ax.plot(
            [on_it["w_0"].iloc[-1], end],
            [on_it["train_cost"].iloc[-1], cost],
            ":",
            color=colour,
            linewidth=1.2,
            zorder=2,
        )
        cross(ax, end, cost, colour=colour)
    ax.set(xlabel="weight", ylabel="cost")
    return ax


def _tangents(ax: Axes, run: pd.DataFrame, frame: tuple[float, float], heights: pd.Series) -> None:
    """Short lines along the slope, as long on the picture for a steep slope as for a flat one."""
    if "slope" not in run or heights.empty:
        return
    width, height = frame[1] - frame[0], float(np.ptp(heights)) or 1.0
    for at, cost, slope in run.loc[np.isfinite(run["slope"]), ["w_0", "train_cost", "slope"]].to_numpy(float):
        half = _TANGENT * width / np.hypot(1, slope * width / height)
        ax.plot(
            [at - half, at + half],
            [cost - half * slope, cost + half * slope],
            color=shade(0.1),
            linewidth=1.1,
            zorder=2.5,
            solid_capstyle="round",
            gid="tangent",
        )


def _arrows(
    ax: Axes, run: pd.DataFrame, frame: tuple[float, float], heights: pd.Series, colour: object, *, numbered: bool
) -> None:
    """Arrows from step to step, and the steps' numbers, where they lie far enough apart to be told from each other."""
    width, height = frame[1] - frame[0], (float(np.ptp(heights)) or 1.0) if len(heights) else 1.0
    points = run[["w_0", "train_cost"]].to_numpy(float)
    steps = run["step"].to_numpy()
    shares = np.hypot(*((points[1:] - points[:-1]) / [width, height]).T) if len(points) > 1 else np.zeros(0)
    free: list[np.ndarray] = []
    for k in range(len(points)):
        if k < len(shares) and shares[k] > _FAR and steps[k + 1] > steps[k]:
            ax.annotate(
                "",
                xy=tuple(points[k + 1]),
                xytext=tuple(points[k]),
                zorder=2.8,
                arrowprops={
                    "arrowstyle": "->,head_length=0.35,head_width=0.2",
                    "color": colour,
                    "linewidth": 1.0,
                    "shrinkA": 4,
                    "shrinkB": 3,
                    "alpha": 0.9,
                },
            )
        place = points[k] / [width, height]
        if numbered and len(free) < _NUMBERED and all(np.hypot(*(place - other)) > _FAR for other in free):
            free.append(place)
            text = ax.annotate(
                f"{steps[k]:g}",
                points[k],
                xytext=(0, 6),
                textcoords="offset points",
                ha="center",
                fontsize="x-small",
                color=shade(0.1),
                zorder=8,
            )
            text.set_path_effects([withStroke(linewidth=2, foreground=shade(1))])
