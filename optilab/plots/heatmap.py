"""Heat maps: the final value over two hyperparameters."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm, Normalize
from matplotlib.patches import Rectangle

from optilab.plots import style
from optilab.plots.scales import room_for, scale_parameter, showable
from optilab.plots.style import axis

_COLOURS = "cividis_r"  # of costs: the darker, the higher; the same for colour-blind people, and in grey print
_WORST = 0.85  # quantile of the values from which on all have the last colour
EPSILON = 1e-16  # times the highest value
_HATCH = "/////"


def scale_of(values: pd.Series[float], *, log: bool = True) -> ScalarMappable:
    """Colours for values: logarithmic where those above 0 differ by more than a factor of three.

    The worst 15 percent share the last colour where they would take most of the scale, and what has fallen by the precision of a float the first.
    """
    shown = values[showable(values)]
    if shown.empty:
        shown = pd.Series([1.0, 2.0])
    log = log and bool((shown > 0).all())
    if log:  # what lies below is rounding
        shown = shown.clip(lower=EPSILON * float(shown.max()))
    scaled = np.log10(shown) if log else shown
    low, high, most = float(scaled.min()), float(scaled.max()), float(np.quantile(scaled, _WORST))
    if high - low > 3 * (most - low) > 0:
        high = most
    high = high if high > low else low + (abs(low) or 1.0) * 0.1
    if log and high - low > np.log10(3):
        return ScalarMappable(LogNorm(10**low, 10**high), _COLOURS)
    return ScalarMappable(Normalize(*((10**low, 10**high) if log else (low, high))), _COLOURS)


def heatmap(cells: pd.DataFrame, ax: Axes, *, x: str, y: str, colours: ScalarMappable) -> Axes:
    """Draw the cells of one line, as of `analysis.two_parameters.over_two`: a tile a pair of values, or a dot where few fill a grid.

    A tile of which most runs diverged is hatched; the best has a ring.
    """
    across, up = np.unique(cells["x"]), np.unique(cells["y"])
    if len(cells) >= 0.5 * len(across) * len(up):
        _tiles(cells, ax, across, up, colours)
    else:
        _dots(cells, ax, colours)
    ax.set(xlabel=axis(x), ylabel=axis(y))
    return ax


def _tiles(cells: pd.DataFrame, ax: Axes, across: np.ndarray, up: np.ndarray, colours: ScalarMappable) -> None:
    """Values that were tried stand at equal distances, which is what a logarithmic grid of them has."""
    for cell in cells.to_dict("records"):
        column, row = int(np.searchsorted(across, cell["x"])), int(np.searchsorted(up, cell["y"]))
        finite = np.isfinite(cell["median"])
        ax.add_patch(
            Rectangle(
                (column - 0.5, row - 0.5),
                1,
                1,
                facecolor=colours.to_rgba(cell["median"]) if finite else style.shade(0.92),
                edgecolor=style.shade(1) if finite else style.shade(0.45),
                hatch=None if finite else _HATCH,
                linewidth=style.thickness(0.4),
            )
        )
    best = _best(cells)
    if best is not None:
        _ring(ax, float(np.searchsorted(across, best["x"])), float(np.searchsorted(up, best["y"])))
    ax.set(xlim=(-0.5, len(across) - 0.5), ylim=(-0.5, len(up) - 0.5))
    _name(ax.xaxis, across, room_for(ax, 6))
    _name(ax.yaxis, up, 12)
    ax.grid(visible=False)


def _dots(cells: pd.DataFrame, ax: Axes, colours: ScalarMappable) -> None:
    finite = np.isfinite(cells["median"])
    good, gone = cells[finite], cells[~finite]
    size = style.thickness(5.0) ** 2
    # the worst below, so that the best are seen
    good = good.sort_values("median", ascending=False, kind="stable")
    ax.scatter(
        good["x"],
        good["y"],
        s=size,
        c=colours.to_rgba(good["median"].to_numpy()),
        edgecolors=[style.shade(0.4)],
        linewidths=style.thickness(0.25),
        zorder=3,
    )
    ax.plot(
        gone["x"],
        gone["y"],
        "x",
        color=style.shade(0.3),
        markersize=style.thickness(3.5),
        markeredgewidth=style.thickness(0.7),
        label="_diverged",
        zorder=2,
    )
    best = _best(cells)
    if best is not None:
        _ring(ax, float(best["x"]), float(best["y"]))
    scale_parameter(ax, cells["x"])
    scale_parameter(ax, cells["y"], ax.yaxis)


def _best(cells: pd.DataFrame) -> pd.Series[float] | None:
    finite = cells[np.isfinite(cells["median"])]
    return finite.loc[finite["median"].idxmin()] if len(finite) else None


def _ring(ax: Axes, x: float, y: float) -> None:
    """A ring that is seen on light and on dark."""
    for colour, width in ((style.shade(1), 1.6), (style.shade(0), 0.8)):
        ax.plot(
            x,
            y,
            "o",
            markerfacecolor="none",
            markeredgecolor=colour,
            markersize=style.thickness(6.5),
            markeredgewidth=style.thickness(width),
            label="_best",
            zorder=5,
        )


def _name(one: mpl.axis.Axis, values: np.ndarray, most: int) -> None:
    """Names of the values at their tiles, as many as there is room for, from the last on."""
    every = -(-len(values) // most)
    places = np.arange(len(values))[(len(values) - 1) % every :: every]
    one.set_ticks(places.tolist(), [f"{values[k]:.3g}" for k in places])
    one.set_tick_params(length=0)
