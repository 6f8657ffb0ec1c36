"""Paired differences from a control, each with its interval and an outcome in words and shape."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator

from optilab.plots import style
from optilab.plots.scales import HIGHEST
from optilab.plots.strips import names, rows

_SHAPES = {"better": "<", "worse": ">", "undecided": "o"}  # better is left, for lower is better
_APART = 0.16  # of the axis: the least distance of powers of ten
_SMALL = 1e-4  # sizes below have names with an exponent
_WIDE = 30  # times the median size: differences beyond make the axis logarithmic on both sides of 0


def differences(
    comparisons: pd.DataFrame,
    labels: Sequence[str],
    ax: Axes,
    *,
    control: str,
    colours: Mapping[str, object],
    letters: int = 22,
    beside: bool = True,
) -> Axes:
    """Draw the median difference of each method from the control with its interval, a row a method, the first on top.

    A filled triangle to the left is better, one to the right worse, an open dot undecided; the outcome stands beside the row. What has no place on
    the axis, as an infinite one, is an arrow at the edge and its value.

    comparisons: a row a method, with label, difference, low, high (below 0 where the method is better; NaN ends where there is no
    interval), outcome ("better", "worse" or "undecided") and note (what follows the outcome). labels: those of all rows. control:
    the label that has no difference. letters: of a name on one line. beside: whether outcomes stand at the right; else below the names.
    """
    found = {row["label"]: row for row in comparisons.to_dict("records")}
    _scale(ax, comparisons)
    ax.axvline(0, color=style.shade(0.35), linewidth=0.9, linestyle=(0, (4, 3)), zorder=1, gid="control")
    texts = []
    for row, label in enumerate(labels):
        if label in found:
            _difference(ax, row, found[label], colours[label])
            texts.append(f"{found[label]['outcome']}{found[label]['note']}")
        else:
            texts.append("control" if label == control else "not compared")
    rows(ax, labels, letters)
    if beside:
        for row, (label, text) in enumerate(zip(labels, texts, strict=True)):
            _say(ax, row, text, strong=label in found and found[label]["outcome"] != "undecided")
    else:
        ax.set_yticklabels([f"{name}\n{text}" for name, text in zip(names(labels, letters), texts, strict=True)])
    return ax


def _say(ax: Axes, row: int, text: str, *, strong: bool) -> None:
    """An outcome to the right of its row."""
    ax.annotate(
        text,
        (1.0, row),
        (10, 0),
        xycoords=ax.get_yaxis_transform(),
        textcoords="offset points",
        va="center",
        fontsize=style.small(),
        fontweight="bold" if strong else "normal",
        color=style.shade(0.0 if strong else 0.3),
        annotation_clip=False,
    )


def _difference(ax: Axes, row: int, found: Mapping[Hashable, Any], colour: object) -> None:
    """A dot or triangle at the difference, and a bar from `low` to `high`."""
    left, right = ax.get_xlim()
    at, low, high = (float(found[name]) for name in ("difference", "low", "high"))
    if np.isfinite(low) or np.isfinite(high):
        start, end = np.clip([low, high], left, right)
        ax.plot([start, end], [row, row], color=colour, linewidth=2.2, solid_capstyle="butt", gid="interval", zorder=2)
        for beyond, edge, marker in ((low < left, start, "<"), (high > right, end, ">")):
            if beyond:
                ax.plot([edge], [row], marker=marker, color=colour, markersize=5, gid="beyond", clip_on=False)
    if np.isnan(at):
        return
    if not left <= at <= right:
        _beyond(ax, row, colour, at, right if at > 0 else left)
        return
    filled = found["outcome"] != "undecided"
    ax.plot(
        [at],
        [row],
        marker=_SHAPES[str(found["outcome"])],
        color=colour,
        markerfacecolor=colour if filled else style.shade(1.0),
        markeredgewidth=1.6,
        markersize=8 if filled else 6,
        linestyle="",
        gid="difference",
        zorder=3,
        clip_on=False,
    )


def _beyond(ax: Axes, row: int, colour: object, at: float, edge: float) -> None:
    """An arrow at the edge and the value, for a difference that has no place on the axis."""
    right = at > 0
    arrow = ">" if right else "<"
    ax.plot([edge], [row], marker=arrow, color=colour, markersize=7, gid="gone", clip_on=False, zorder=3)
    said = ax.annotate(
        "infinite" if np.isinf(at) else f"{at:.3g}".replace("-", "\N{MINUS SIGN}"),
        (edge, row),
        (0, 7),
        textcoords="offset points",
        ha="right" if right else "left",
        va="bottom",
        fontsize=style.small(),
        color=style.shade(0.2),
    )
    said.set_in_layout(False)  # it lies inside


def _scale(ax: Axes, comparisons: pd.DataFrame) -> None:
    """Limits about 0 for all finite differences and ends; logarithmic on both sides of 0 where some are far larger than most."""
    ends = comparisons[["difference", "low", "high"]].to_numpy(np.float64)
    finite = ends[np.abs(ends) < HIGHEST]
    middles = np.abs(finite[finite != 0])
    largest = float(middles.max()) if len(middles) else 1.0
    low, high = min(0.0, float(finite.min(initial=0.0))), max(0.0, float(finite.max(initial=0.0)))
    room = 0.1 * ((high - low) or 1.0)
    usual = float(np.median(middles)) if len(middles) else largest
    if largest <= _WIDE * usual:
        ax.set_xlim(min(low - room, -0.15 * (high - low)), max(high + room, 0.15 * (high - low)))
        few = MaxNLocator(3 if style.width() < 5 or largest < _SMALL else 4)
        ax.xaxis.set_major_locator(
            few if len(middles) else FixedLocator([0.0])
        )  # without a size there is no other number
        if largest < _SMALL:  # else a factor stands in the corner, where the axis has its name
            ax.xaxis.set_major_formatter(lambda value, _: f"{value:.3g}".replace("-", "\N{MINUS SIGN}"))
        return
    linear = 10.0 ** np.floor(np.log10(usual))
    ax.set_xscale("symlog", linthresh=linear, linscale=0.6)
    ax.set_xlim(3 * low if low else -linear, 3 * high if high else linear)
    ax.xaxis.set_major_locator(FixedLocator(_decades(ax, linear, low, high)))
    ax.xaxis.set_minor_locator(NullLocator())
    if linear >= 1e-3 and largest < 1e4:
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}".replace("-", "\N{MINUS SIGN}"))


def _decades(ax: Axes, linear: float, low: float, high: float) -> list[float]:
    """0 and powers of ten on both sides, the largest first, as far as there is room for their names."""
    first = int(np.log10(linear))
    wanted = [0.0]
    for end in (high, low):
        last = int(np.floor(np.log10(abs(end)))) if end else first - 1
        wanted += [float(np.sign(end)) * 10.0**power for power in range(last, first - 1, -1)]
    places = ax.transAxes.inverted().transform(ax.transData.transform([(tick, 0.0) for tick in wanted]))[:, 0]
    kept: list[int] = []
    for k, place in enumerate(places):
        if all(abs(place - places[other]) >= _APART for other in kept):
            kept.append(k)
    return sorted(wanted[k] for k in kept)
