"""How the cost falls, and how it depends on a hyperparameter: a line and a band for each label."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullFormatter

from optilab.plots.style import axis

_HIGHEST = 1e100  # what a logarithmic axis can show; a line above it is as good as infinite
LOG_X = ("step", "examples", "gradient_evaluations")


def convergence(
    lines: pd.DataFrame,
    ax: Axes,
    *,
    x: str = "epoch",
    y: str = "train_cost",
    colours: Mapping[str, object],
    log_x: bool | None = None,
    log_y: bool | None = None,
) -> Axes:
    """Draw the lines of `analysis.curves.bands`, in the order of `colours`.

    A cross marks where the median run stopped being finite. Axes are logarithmic: x for counts of steps, examples and
    evaluations (linear from 0 to the first measurement, or all the way where lines begin decades apart), y for costs and
    norms that differ by more than a factor of three; `log_x`, `log_y` overrule that.
    """
    log_x = x in LOG_X if log_x is None else log_x
    log_y = not y.endswith("accuracy") if log_y is None else log_y
    _draw(lines, ax, colours)
    _scales(lines, ax, log_x, log_y)
    ax.set(xlabel=axis(x), ylabel=axis(y))
    return ax


def sensitivity(
    points: pd.DataFrame, ax: Axes, *, parameter: str = "lr", y: str = "train_cost", colours: Mapping[str, object]
) -> Axes:
    """Draw the points of `analysis.curves.sensitivity`: final `y` against one hyperparameter, both logarithmic.

    Points of one label are joined by a line, unless they are scattered.
    """
    scattered = set(points.loc[points["scattered"], "label"])
    _draw(points, ax, colours, markers=True, unjoined=scattered)
    _scales(points, ax, True, not y.endswith("accuracy"))
    ax.set(xlabel=axis(parameter), ylabel=f"final {axis(y)}")
    return ax


def _draw(
    lines: pd.DataFrame,
    ax: Axes,
    colours: Mapping[str, object],
    markers: bool = False,
    unjoined: Collection[str] = (),
) -> None:
    for label, colour in colours.items():
        line = lines[lines["label"] == label]
        finite = line[line["median"] < _HIGHEST]
        if not len(line):
            continue
        many = len(finite) > 30
        sns.lineplot(
            data=finite,
            x="x",
            y="median",
            errorbar=None,
            ax=ax,
            color=colour,
            label=label,
            marker="o" if markers or not many else None,
            markersize=5 if markers else 3,
            markeredgewidth=0,
            linestyle="" if label in unjoined else "-",
            linewidth=1.8,
            legend=False,
            zorder=3,
        )
        top = finite["high"].where(finite["high"] < _HIGHEST, finite["median"])
        if label in unjoined:
            ax.vlines(finite["x"], finite["low"], top, color=colour, alpha=0.4, linewidth=1.2)
            continue
        ax.fill_between(finite["x"], finite["low"], top, color=colour, alpha=0.18, linewidth=0)
        if len(finite) and line["x"].max() > finite["x"].max():
            end = finite.iloc[-1]
            ax.plot(
                end["x"],
                end["median"],
                marker="x",
                color=colour,
                markersize=9,
                markeredgewidth=2,
                zorder=4,
                clip_on=False,
            )


def _scales(lines: pd.DataFrame, ax: Axes, log_x: bool, log_y: bool) -> None:
    positive = lines[lines["x"] > 0]
    if log_x and len(positive):
        firsts = positive.groupby("label")["x"].min()
        if len(positive) == len(lines):
            ax.set_xscale("log")
        elif (
            firsts.max() < 10 * firsts.min()
        ):  # else lines with late first marks would fill the picture with straight lines
            ax.set_xscale("symlog", linthresh=firsts.max(), linscale=0.3)
            ax.set_xlim(0, 1.05 * positive["x"].max())
    values = lines["median"][lines["median"] < _HIGHEST]
    if log_y and len(values) and values.min() > 0 and values.max() > 3 * values.min():
        ax.set_yscale("log")
        if values.max() < 1000 * values.min():  # few powers of ten: name 2 and 5 times them as well
            ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            ax.yaxis.set_major_formatter("{x:g}")
            ax.yaxis.set_minor_formatter(NullFormatter())
