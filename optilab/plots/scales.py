"""Axis scales and limits: linear, logarithmic or symlog."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import (
    FixedLocator,
    FuncFormatter,
    LogLocator,
    MaxNLocator,
    NullFormatter,
    NullLocator,
    SymmetricalLogLocator,
)
from numpy.typing import ArrayLike, NDArray

from optilab.plots import style

HIGHEST = 1e100  # sizes that an axis can show; what is beyond counts as infinite
_LENGTHS = 50.0  # times the shortest line that the longest may be on a linear axis
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_EPSILON = 1e-16  # relative to where lines begin: what lies below is rounding


def showable(values: pd.Series) -> pd.Series:
    """Which values an axis can show: those that are finite and not enormous."""
    return values.abs() < HIGHEST


@dataclass(frozen=True)
class Frame:
    """The part of the values of some lines that the picture shows.

    bottom, top: its ends, or None if matplotlib may choose them.
    """

    bottom: float | None
    top: float | None

    @classmethod
    def of(cls, lines: pd.DataFrame) -> Frame:
        """The frame for lines with columns label, median, from first to last.

        A line that ends in infinity leaves the picture at ten times what all others show; costs that have fallen by the
        precision of a float leave it at the bottom. Otherwise either of them would squeeze all that is of interest.
        """
        good = lines[showable(lines["median"])]
        if good.empty or good["median"].min() < 0:
            return cls(None, None)
        of_line = lines.groupby("label", sort=False)["median"]
        starts = good.groupby("label", sort=False)["median"].first()
        last = of_line.agg(lambda values: values.iloc[-1])
        lasting = set(last.index[showable(last)])
        top = 10 * max([*starts, *good.loc[good["label"].isin(lasting), "median"]]) if lasting else np.inf
        bottom = _EPSILON * float(starts.median())
        positive = good.loc[good["median"] > 0, "median"]
        return cls(
            bottom if len(positive) and positive.min() < bottom < positive.max() else None,
            top if 0 < top < good["median"].max() else None,
        )

    @classmethod
    def of_points(cls, points: pd.DataFrame, runs: pd.Series[float] | None = None) -> Frame:
        """The frame for final costs with columns label, median: without what has fallen by the precision of a float, or has risen far.

        runs: values of single runs. What is above ten times nine in ten medians would squeeze the others.
        """
        good = points[showable(points["median"]) & (points["median"] > 0)]
        if good.empty or points["median"].min() < 0:
            return cls(None, None)
        bottom = _EPSILON * float(good.groupby("label")["median"].max().median())
        lowest = bottom if good["median"].min() < bottom else None
        if runs is None:
            return cls(lowest, None)
        top = 10 * float(good["median"].quantile(0.9))
        return cls(lowest, top if max(good["median"].max(), runs[showable(runs)].max()) > top else None)

    def is_left(self, values: pd.Series) -> bool:
        """Whether some of the values are outside; an axis that shows 0 has no bottom to leave."""
        return self.top is not None or (self.bottom is not None and bool((values != 0).all()))

    def inside(self, value: float) -> float:
        """The value, or the end of the picture where it is beyond."""
        low = -np.inf if self.bottom is None else self.bottom
        high = np.inf if self.top is None else self.top
        return float(min(max(value, low), high))


EVERYTHING = Frame(None, None)


def scale_y(ax: Axes, values: pd.Series, frame: Frame, *, log: bool) -> None:
    """Scale the axis of costs: logarithmic where they differ by more than a factor of three, with 0 at the bottom if one is 0."""
    values = values[showable(values)]
    positive = values[values > 0]
    if not log or positive.empty:
        return
    negative = values.min() < 0
    lowest = max(positive.min(), frame.bottom or 0.0)
    highest = min(values.max(), frame.top or np.inf)
    if negative:
        middle = float(values.abs()[values != 0].median())
        if values.abs().max() > 1e4 * middle:
            ax.set_yscale("symlog", linthresh=middle)
        return
    if highest <= 3 * lowest:
        return
    if values.min() == 0:
        ax.set_ylim(0, frame.top or 2 * highest)
        linear = 10.0 ** np.floor(np.log10(lowest))  # so that the lowest power of ten stands clear of the zero
        ax.set_yscale("symlog", linthresh=linear, linscale=0.4 + 0.08 * np.log10(highest / linear))
        ax.yaxis.set_major_locator(_symmetrical(linear, [1.0], most=9))
        return
    if frame.bottom is not None or frame.top is not None:
        room = (highest / lowest) ** 0.03
        ax.set_ylim(lowest if frame.bottom else lowest / room, highest if frame.top else highest * room)
    ax.set_yscale("log")
    if highest < 1000 * lowest:  # few powers of ten: name 2 and 5 times them as well
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ax.yaxis.set_minor_locator(NullLocator())
        ax.yaxis.set_major_formatter("{x:g}")
    else:
        ax.yaxis.set_major_formatter(FuncFormatter(power))
        ax.yaxis.set_minor_formatter(NullFormatter())


def scale_counts(ax: Axes, lines: pd.DataFrame, *, log: bool | None = None) -> None:
    """Scale an axis of steps or times: linear, so that linear convergence is a straight line on a logarithmic axis of costs.

    Logarithmic where lines are of very different lengths, for a short one would vanish at the left: by a factor of fifty and more,
    or where `log` says so; then it is linear from 0 to the first measurement.
    """
    positive = lines[lines["x"] > 0]
    if positive.empty or log is False:
        return
    of_line = positive.groupby("label")["x"]
    firsts, lasts = of_line.min(), of_line.max()
    if log is None and lasts.max() < _LENGTHS * lasts.min():
        if lines["x"].min() >= 0:
            ax.set_xlim(0 if lines["x"].min() == 0 else None, float(positive["x"].max()))
        return
    first, last = float(firsts.max()), float(positive["x"].max())
    subs = [1.0, 2.0, 5.0] if last < 1000 * first else [1.0]  # few powers of ten: name 2 and 5 times them as well
    if len(positive) == len(lines):
        ax.set_xscale("log")
        ax.xaxis.set_major_locator(LogLocator(subs=subs))
    elif first < 10 * firsts.min():
        ax.set_xscale("symlog", linthresh=first, linscale=0.3)
        ax.set_xlim(0, 1.05 * last)
        ax.xaxis.set_major_locator(_symmetrical(first, subs, most=15))
    else:
        return
    if last < 1e5:
        ax.xaxis.set_major_formatter("{x:g}")
        ax.xaxis.set_minor_formatter(NullFormatter())


def power(value: float, place: object = None) -> str:
    """The name of a tick that is a power of ten, as letters: quicker to draw than a formula, and text in SVG and PDF.

    Other values are written as they are. place: of the tick, as matplotlib gives it.

    >>> power(0.001), power(-100.0), power(0.0), power(30.0)
    ('10⁻³', '−10²', '0', '30')
    """
    exponent = np.log10(abs(value)) if value else np.nan
    if not np.isclose(exponent, np.round(exponent), rtol=0, atol=1e-9):
        return f"{value:g}".replace("-", "−")
    return f"{'−' if value < 0 else ''}10{str(round(exponent)).translate(_RAISED)}"


def room_for(ax: Axes, letters: int = 5, least: int = 2) -> int:
    """How many ticks whose names have that many letters there is room for, before the layout is known; at least two, or `least`."""
    points = ax.get_window_extent().width / ax.figure.dpi * 72
    return max(least, int(0.8 * points / (0.64 * letters * style.small())))


def few_log_ticks(axis: Axis, low: float, high: float, most: int) -> None:
    """At most `most` ticks on a logarithmic axis: powers of ten, or 1, 2, 5 times them over few of these; evenly spaced where none of these is there."""
    powers = np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    subs = (1.0, 2.0, 5.0) if high < 100 * low else (1.0,)
    ticks = [sub * 10.0**power for power in powers for sub in subs if low <= sub * 10.0**power <= high]
    if not ticks:
        even = MaxNLocator(max(most - 1, 1), steps=[1, 2, 5, 10]).tick_values(low, high)
        ticks = [tick for tick in map(float, even) if low <= tick <= high] or [low]
    if len(ticks) > most:
        every = -(-len(ticks) // most)
        ticks = ticks[(len(ticks) - 1) % every :: every]
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter("{x:g}" if low > 1e-4 and high < 1e5 else FuncFormatter(power))


def _symmetrical(linear: float, subs: list[float], most: int) -> SymmetricalLogLocator:
    """Ticks of an axis that is linear around 0 and logarithmic beyond."""
    locator = SymmetricalLogLocator(base=10, linthresh=linear, subs=subs)
    locator.set_params(numticks=most)
    return locator


def scale_parameter(ax: Axes, values: pd.Series, one: Axis | None = None) -> None:
    """Scale an axis of a hyperparameter: logarithmic over more than a factor of five, with 0 at its end if it is a value.

    Values between 0.5 and 1 whose distances to 1 differ by a factor of five are logarithmic in that distance. one: the axis; that
    of x if not given.
    """
    one = one or ax.xaxis
    scale, limit = (ax.set_xscale, ax.set_xlim) if one is ax.xaxis else (ax.set_yscale, ax.set_ylim)
    if values.between(0.5, 1, inclusive="left").all() and (1 - values.min()) >= 5 * (1 - values.max()):
        scale("function", functions=(_nines, _of_nines))
        ticks = np.unique(values.to_numpy(float))
        every = -(-len(ticks) // room_for(ax))
        one.set_major_locator(FixedLocator(ticks[(len(ticks) - 1) % every :: every].tolist()))
        one.set_major_formatter("{x:.6g}")
        low, high = _nines(ticks[[0, -1]])
        room = 0.05 * (high - low)
        limit(*_of_nines(np.array([low - room, high + room])))
        return
    positive = values[values > 0]
    if positive.empty or values.min() < 0 or positive.max() < 5 * positive.min():
        return
    if positive.max() > HIGHEST or positive.min() < 1 / HIGHEST:
        return  # ticks would overflow
    if values.min() == 0:
        scale("symlog", linthresh=positive.min(), linscale=0.4)
        limit(0, 1.3 * positive.max())
        return
    scale("log")
    few_log_ticks(one, *(ax.get_xlim() if one is ax.xaxis else ax.get_ylim()), room_for(ax))


def _nines(values: ArrayLike) -> NDArray[np.float64]:
    """How many nines a value has behind the point: -log10(1 - value)."""
    return np.asarray(-np.log10(np.maximum(1 - np.asarray(values, np.float64), 1e-17)))


def _of_nines(count: ArrayLike) -> NDArray[np.float64]:
    return np.asarray(1 - 10 ** -np.asarray(count, np.float64))
