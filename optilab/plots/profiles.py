"""Performance profiles: on which share of problems each method is within a factor of the best."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator

from optilab.plots import style
from optilab.plots.curves import curves

_NARROW = 5.0  # inches of a figure, below which ticks are fewer


def profile(shares: pd.DataFrame, ax: Axes, *, colours: Mapping[str, object], most: float) -> Axes:
    """Draw the table of `analysis.performance_profile`, a step curve a method, in percent of problems.

    shares: index tau, a column a method. colours: methods in their order. most: the factor at which the logarithmic axis ends.
    """
    ax.set_xlim(1, most)
    ax.set_xscale("log", base=2)
    curves(points(shares, most), ax, colours=colours, steps=True)
    few = (1, 2, 4, 8) if style.width() < _NARROW else (1, 1.4, 2, 3, 4, 6, 8)
    ticks = [float(tick) for tick in few if tick <= most] if most <= few[-1] else _powers(most)
    ax.xaxis.set_major_locator(FixedLocator(ticks))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter("{x:g}")
    ax.set_ylim(-3, 103)
    ax.set_yticks([0, 25, 50, 75, 100])
    ax.set(xlabel="times as long as the best", ylabel="problems (%)")
    return ax


def points(shares: pd.DataFrame, most: float) -> pd.DataFrame:
    """The table as points of curves that end at the factor `most`: label, x and y in percent."""
    shown = shares[shares.index.to_numpy(np.float64) <= most]
    tau = np.append(shown.index.to_numpy(np.float64), most)
    return pd.concat(
        pd.DataFrame({"label": str(name), "x": tau, "y": 100 * np.append(shown[name], shown[name].iloc[-1])})
        for name in shown
    )


def _powers(most: float) -> list[float]:
    """Powers of two, at most eight of them."""
    last = int(np.log2(most))
    return [2.0**k for k in range(0, last + 1, -(-(last + 1) // 8))]
