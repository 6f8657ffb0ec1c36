"""Curves of schedules."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from optilab.plots import style
from optilab.plots.ends import label_ends
from optilab.plots.scales import EVERYTHING, scale_y
from optilab.plots.text import fitted_apart, plain

_RESTART = 0.2  # of the height of a curve: a rise by more from one value to the next is a gap, not a stroke
_SAME = 0.004  # of it: curves that are nowhere further apart are drawn as one line of two colours
_NAME = 0.27  # of the figure's width, that a name may take
_DASH = 5.0  # length of a dash of such a line, in thicknesses


def schedule_curves(
    curves: pd.DataFrame,
    ax: Axes,
    *,
    y: str = "multiplier",
    colours: Mapping[str, object],
    hollow: Collection[str] = (),
    stepwise: bool = True,
    log: bool = False,
) -> Axes:
    """Draw values over the steps of a run: columns step, label, and `y`; a value holds for its whole step if `stepwise`.

    Curves that coincide are one line of dashes in their colours, and the names of all but the first follow it after "=", or "≈".
    A restart is a gap. hollow: labels whose end is an open circle. log: whether the axis is logarithmic where values differ by more than a factor of three.
    """
    tables = {label: curves[curves["label"] == label] for label in colours}
    tables = {label: table for label, table in tables.items() if np.isfinite(table[y]).any()}
    finite = curves.loc[np.isfinite(curves[y]), y]
    tall = float(np.ptp(finite)) or 1.0
    groups = _groups(
        {label: table[["step", y]].to_numpy(float) for label, table in tables.items()},
        atol=0.0 if log else _SAME * tall,
        rtol=_SAME if log else 0.0,
    )
    low, high = min(0.0, float(finite.min())), float(finite.max())
    room = 0.04 * (high - low or 1.0)
    if log and finite.max() > 3 * finite.min():
        scale_y(ax, finite, EVERYTHING, log=True)
    else:
        ax.set_ylim(low - (room if low < 0 else 0), high + room)
    ax.set_xlim(min(0.0, float(curves["step"].min())), float(curves["step"].max()) or 1.0)
    ends = []
    for group in groups:
        for k, label in enumerate(group):
            at, values = _with_gaps(tables[label]["step"].to_numpy(float), tables[label][y].to_numpy(float))
            dashes = "-" if len(group) == 1 else (k * _DASH, (_DASH, (len(group) - 1) * _DASH))
            ax.plot(
                at,
                values,
                color=colours[label],
                linestyle=dashes,
                dash_capstyle="butt",
                label=plain(label),
                drawstyle="steps-post" if stepwise else "default",
                linewidth=style.thickness(1.1),
                clip_on=False,
            )
        first = tables[group[0]].loc[np.isfinite(tables[group[0]][y])]
        equal = all(np.array_equal(tables[label][y], tables[group[0]][y], equal_nan=True) for label in group)
        end = {"y": first[y].iloc[-1]}
        sign = "=" if equal else "≈"  # before the second name and the others, which stand below the first
        ends += [{"label": f"{sign} {label}" if k else label, "of": label, **end} for k, label in enumerate(group)]
        for label in group:
            if label in hollow:
                own = tables[label].loc[np.isfinite(tables[label][y])]
                ax.plot(
                    own["step"].iloc[-1],
                    own[y].iloc[-1],
                    "o",
                    markerfacecolor=style.shade(1),
                    markeredgecolor=colours[label],
                    markersize=style.thickness(3.4),
                    markeredgewidth=style.thickness(0.7),
                    clip_on=False,
                    zorder=4,
                    gid="hollow",
                )
    label_ends(
        ax,
        [end["y"] for end in ends],
        fitted_apart([end["label"] for end in ends], style.small(), _NAME * 72 * style.width()),
        [colours[end["of"]] for end in ends],
    )
    return ax


def _groups(curves: Mapping[str, NDArray[np.float64]], *, atol: float, rtol: float) -> list[list[str]]:
    """The labels of curves, those together that are nowhere further apart."""
    groups: list[list[str]] = []
    for label, curve in curves.items():
        for group in groups:
            other = curves[group[0]]
            if other.shape == curve.shape and np.allclose(other, curve, rtol=rtol, atol=atol, equal_nan=True):
                group.append(label)
                break
        else:
            groups.append([label])
    return groups


def _with_gaps(at: NDArray[np.float64], values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The curve with a gap where it rises by much of its height from one value to the next, and by far more than it usually does."""
    jumps = np.diff(values)
    known = jumps[np.isfinite(jumps)]
    if not known.size:
        return at, values
    rise, usual = _RESTART * float(np.ptp(values[np.isfinite(values)])), float(np.median(np.abs(known)))
    places = np.flatnonzero((jumps > rise) & (jumps > 10 * usual)) + 1
    return np.insert(at, places, at[places]), np.insert(values, places, np.nan)
