"""A schedule's curve."""

from __future__ import annotations

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from optilab.plots.style import colours, outside_legend


def schedule_curves(curves: pd.DataFrame, ax: Axes) -> Axes:
    """Draw multipliers over the steps of a run: columns step, multiplier, label."""
    labels = list(dict.fromkeys(curves["label"]))
    palette = colours(labels)
    sns.lineplot(
        data=curves,
        x="step",
        y="multiplier",
        hue="label",
        palette=palette,
        errorbar=None,
        ax=ax,
        drawstyle="steps-post",
    )
    ax.set(xlabel="steps", ylabel="multiplier")
    ax.set_ylim(bottom=0)
    outside_legend(ax)
    return ax
