"""The path of a descent on a function of one or two weights."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from numpy.typing import ArrayLike


def path_on_curve(curve: pd.DataFrame, path: pd.DataFrame, ax: Axes, *, colour: object) -> Axes:
    """Draw a function of one weight, and the steps of every run on it.

    curve: columns w_0, cost. path: columns run_id, step, w_0, train_cost.
    An open circle marks where a run starts, a large dot where it ends.
    """
    ax.plot(curve["w_0"], curve["cost"], color="0.6", linewidth=1.5, zorder=1)
    inside = path[path["w_0"].between(curve["w_0"].min(), curve["w_0"].max())]
    for _, run in inside.groupby("run_id", sort=False):
        ax.plot(run["w_0"], run["train_cost"], ".", color=colour, markersize=5, alpha=0.55, zorder=2)
        start, end = run.iloc[0], run.iloc[-1]
        ax.plot(
            start["w_0"],
            start["train_cost"],
            "o",
            markerfacecolor="white",
            markeredgecolor=colour,
            markersize=8,
            zorder=3,
        )
        ax.plot(end["w_0"], end["train_cost"], "o", color=colour, markersize=9, zorder=4)
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
    table = surface.pivot_table(index="w_1", columns="w_0", values="cost")
    cost = table.to_numpy()
    floor = cost.min()
    raised = cost - floor + 1e-3 * (np.median(cost) - floor) + 1e-12
    levels = np.geomspace(raised.min(), raised.max(), 14)
    shades = sns.color_palette("Greys_r", as_cmap=True)
    norm: Normalize = LogNorm(raised.min(), raised.max() * 30)
    ax.contourf(table.columns, table.index, raised, levels=levels, cmap=shades, norm=norm, alpha=0.45, zorder=0)
    ax.contour(table.columns, table.index, raised, levels=levels, colors="0.6", linewidths=0.4, zorder=1)
    for label, colour in colours.items():
        named: str | None = label
        for _, run in path[path["label"] == label].groupby("run_id", sort=False):
            thick = 3.0 if len(run) < 400 else 0
            ax.plot(
                run["w_0"],
                run["w_1"],
                "-o",
                color=colour,
                markersize=thick,
                linewidth=1.3,
                alpha=0.85,
                label=named,
                zorder=3,
                markeredgewidth=0,
            )
            inside = run[run["w_0"].between(*_ends(surface["w_0"])) & run["w_1"].between(*_ends(surface["w_1"]))]
            left = len(inside) and inside.index[-1] != run.index[-1]
            end = (inside if left else run).iloc[-1]
            mark = {"marker": "x", "markeredgewidth": 2.5} if left or not end["lasted"] else {"marker": "o"}
            ax.plot(end["w_0"], end["w_1"], color=colour, markersize=8, zorder=5, **mark)
            ax.plot(
                run["w_0"].iloc[0],
                run["w_1"].iloc[0],
                "o",
                markerfacecolor="white",
                markeredgecolor="0.2",
                markersize=8,
                zorder=6,
            )
            named = None
    for minimum in np.atleast_2d(np.asarray(minima, float)) if np.size(minima) else []:
        ax.plot(*minimum, "*", color="gold", markeredgecolor="0.2", markersize=15, zorder=4)
    ax.set(xlabel="first weight", ylabel="second weight")
    ax.set_xlim(surface["w_0"].min(), surface["w_0"].max())
    ax.set_ylim(surface["w_1"].min(), surface["w_1"].max())
    ax.grid(visible=False)
    return ax


def _ends(values: pd.Series[float]) -> tuple[float, float]:
    return float(values.min()), float(values.max())
