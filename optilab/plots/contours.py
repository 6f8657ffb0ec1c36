"""Contours of a cost over two coordinates, with their values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.contour import QuadContourSet
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from optilab.plots.style import shade

_FEWEST_LEVELS, _MOST_LEVELS = 6, 12
_MULTIPLES = ((1.0, 3.0), (1.0, 2.0, 5.0), (1.0, 1.5, 2.0, 3.0, 5.0, 7.0))  # of powers of ten
_FACTOR = 2.0  # between the highest and the lowest cost, from which on levels go by factors
_ROOM = 0.05  # of the picture's width, that the cost on a contour needs
_APART = 0.14  # of it, between the costs on two contours
_DECADES = 12  # of costs that contours tell apart, from the highest down
_FAINT = 1.5  # a contour lies where a step of the grid changes the cost by less than this many times the contour's


def contours(
    surface: pd.DataFrame, ax: Axes, *, x: str = "w_0", y: str = "w_1", clear_of: ArrayLike = ()
) -> list[float]:
    """Draw contours of a cost, with their values on them, darker towards the lowest; return their costs, ascending.

    surface: columns `x`, `y`, cost, on a grid. clear_of: points near which no value is written. Levels go
    by factors: 1 and 3 times powers of ten, or more of them where costs differ little; evenly where they are within a factor of two.
    Of costs below zero it is the height above the lowest that goes by factors. There are none where all costs are equal, or none is
    finite; nor where the grid is too coarse to tell them from their neighbours.
    """
    table = surface.pivot_table(index=y, columns=x, values="cost", dropna=False)
    values = np.ma.masked_invalid(table.to_numpy(float))
    if values.count() == 0 or values.max() == values.min():
        return []
    scale = float(np.abs(values).max())
    values = values / scale  # or differences of enormous costs would overflow
    levels = _levels(values, scale)
    if len(levels) == 0:
        return []
    lowest, highest = float(values.min()), float(values.max())
    fences = np.unique([min(lowest, levels[0]), *levels, max(highest, levels[-1])])
    shades = [shade(s) for s in (0.62, 0.97)]
    ramp = LinearSegmentedColormap.from_list("shades", shades, N=256)
    steps = ramp(np.linspace(0, 1, max(2, len(fences) - 1)))
    if len(fences) > 1:
        ax.contourf(table.columns, table.index, values, levels=fences, colors=steps, zorder=0)
    lines = ax.contour(table.columns, table.index, values, levels=levels, colors=[shade(0.5)], linewidths=0.5, zorder=1)
    _name(ax, lines, {level: _text(level * scale) for level in levels}, np.asarray(clear_of, float).reshape(-1, 2))
    return [float(f"{level * scale:.12g}") for level in levels]


def _levels(values: np.ma.MaskedArray[Any, Any], scale: float) -> NDArray[np.float64]:
    """Levels among values that were divided by `scale`."""
    lowest, highest = float(values.min()), float(values.max())
    middle = float(np.median(values.compressed()))
    if lowest >= 0 and (lowest < 0.03 * (middle or highest) or highest > _FACTOR * lowest):
        return _ladder(values, scale)
    if lowest < 0:
        return lowest + _ladder(values - lowest, scale)
    ticks = np.asarray(MaxNLocator(8, steps=[1, 2, 2.5, 5, 10]).tick_values(lowest * scale, highest * scale)) / scale
    return ticks[(ticks > lowest) & (ticks < highest)]


def _ladder(above: np.ma.MaskedArray[Any, Any], scale: float) -> NDArray[np.float64]:
    """Round multiples of powers of ten between the lowest and the highest: few of them, or more where costs differ little."""
    bottom, top = max(float(above.min()), _resolved(above)), float(above.max())
    exponent = np.log10(top) + np.log10(scale)
    decades = np.arange(np.floor(exponent) - _DECADES, min(np.floor(exponent), 308) + 1)
    found = np.zeros(0)
    for multiples in _MULTIPLES:
        found = np.sort(np.concatenate([m * (10.0**decades / scale) for m in multiples]))
        found = found[(found < top) & (found > bottom)]
        if len(found) >= _FEWEST_LEVELS:
            break
    while len(found) > _MOST_LEVELS:
        found = found[::-1][::2][::-1]
    return found


def _resolved(above: np.ma.MaskedArray[Any, Any]) -> float:
    """The height above which the grid is fine enough for contours: below it, neighbours differ by more than they are high."""
    heights = above.filled(np.nan)
    across, along = (np.nan_to_num(np.abs(np.diff(heights, axis=k))) for k in (0, 1))
    step = np.zeros(above.shape)
    for part, where in ((across, (slice(1, None), slice(None))), (across, (slice(None, -1), slice(None)))):
        step[where] = np.maximum(step[where], part)
    for part, where in ((along, (slice(None), slice(1, None))), (along, (slice(None), slice(None, -1)))):
        step[where] = np.maximum(step[where], part)
    coarse = (step > _FAINT * heights) & (step > 0)  # false where there is no height
    return float(np.quantile(heights[coarse], 0.9)) if coarse.any() else 0.0


def _name(ax: Axes, lines: QuadContourSet, texts: dict[float, str], marks: NDArray[np.float64]) -> None:
    """Write each contour's cost on it, once, where it is clear of the edges and of the others; not where there is no such place."""
    (x0, x1), (y0, y1) = ax.get_xlim(), ax.get_ylim()
    size = np.array([x1 - x0, y1 - y0])
    taken = list(marks)
    for level, path in zip(list(lines.levels)[::-1], list(lines.get_paths())[::-1], strict=True):
        points = np.asarray(path.vertices)
        if not len(points):
            continue
        room = np.minimum((points - [x0, y0]) / size, ([x1, y1] - points) / size).min(axis=1)
        for other in taken:
            apart = (points - other) / (size if ax.get_aspect() == "auto" else size.max())
            room = np.minimum(room, np.hypot(apart[:, 0], 1.6 * apart[:, 1]) - _APART)
        best = int(room.argmax())
        if room[best] < _ROOM:
            continue
        taken.append(points[best])
        text = ax.text(
            float(points[best, 0]),
            float(points[best, 1]),
            texts[level],
            fontsize="xx-small",
            color=shade(0.15),
            ha="center",
            va="center",
            zorder=1.5,
            gid="level",
        )
        text.set_path_effects([withStroke(linewidth=1.6, foreground=shade(0.92))])


def _text(level: float) -> str:
    """A cost with three digits, in figures up to a hundred thousand."""
    rounded = float(f"{level:.3g}")
    return (f"{rounded:,.0f}" if 1e3 <= abs(rounded) < 1e5 else f"{rounded:.3g}").replace("-", "−")
