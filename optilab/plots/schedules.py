"""Curves of schedules."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from optilab.plots.legend import outside_legend
from optilab.plots.style import axis, colours
from optilab.plots.text import plain

_DASHES = ("-", (0, (6, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)))  # so that curves that coincide are seen


def schedule_curves(curves: pd.DataFrame, ax: Axes, *, of: str = "lr") -> Axes:
    """Draw multipliers over the steps of a run: columns step, multiplier, label. A multiplier holds for its whole step.

    of: the hyperparameter that they multiply; empty where they multiply several.
    """
    palette = colours(dict.fromkeys(curves["label"]))
    for k, (label, curve) in enumerate(curves.groupby("label", sort=False)):
        ax.plot(
            curve["step"],
            curve["multiplier"],
            color=palette[str(label)],
            linestyle=_DASHES[k % len(_DASHES)],
            drawstyle="steps-post",
            label=plain(label),
        )
    ax.set(xlabel="steps", ylabel=f"multiplier of the {axis(of)}" if of else "multiplier")
    if curves["multiplier"].min() >= 0:
        ax.set_ylim(bottom=0)
    outside_legend(ax, palette, dashes=_DASHES)
    return ax
