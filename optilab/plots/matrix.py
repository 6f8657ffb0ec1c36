"""A matrix of shares: how often the method of a row beats that of a column."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgb

from optilab.plots import style
from optilab.plots.palette import contrast
from optilab.plots.text import plain

_NAMES = 1.4  # inches that names take
_WORSE, _BETTER = "#b35806", "#2166ac"  # ends of a map that colour-blind people can tell apart


def wins(rates: pd.DataFrame, ax: Axes, *, letters: int = 22) -> Axes:
    """Draw the table of `analysis.win_rates` in its order, in percent; rows have names and numbers, columns the numbers.

    rates: shares in [0, 1], of rows against columns; a share that is missing has a dash.
    """
    values = 100 * rates.to_numpy(np.float64)
    count = len(rates)
    colours = LinearSegmentedColormap.from_list("wins", [to_rgb(_WORSE), style.shade(1.0), to_rgb(_BETTER)])
    ax.imshow(np.ma.masked_invalid(values), cmap=colours, vmin=0, vmax=100, aspect="auto", interpolation="nearest")
    size = min(style.points(), 72 * (style.width() - _NAMES) / max(count, 1) * 0.42)
    for row, column in np.ndindex(values.shape):
        value = values[row, column]
        text = "" if row == column else "–" if np.isnan(value) else f"{value:.0f}"
        back = to_rgb(colours(value / 100)) if np.isfinite(value) else style.shade(1.0)  # type: ignore[arg-type]
        ax.text(
            column,
            row,
            text,
            ha="center",
            va="center",
            fontsize=size,
            color=_readable(back),
            gid=f"cell {row} {column}",
        )
    ax.set_yticks(range(count), [f"{plain(name, letters)}  {k}" for k, name in enumerate(rates.index, 1)])
    ax.set_xticks(range(count), [str(k) for k in range(1, count + 1)])
    ax.tick_params(length=0, top=False, bottom=False, labeltop=True, labelbottom=False)
    if count > 12:
        ax.tick_params(axis="y", labelsize=style.small())
        ax.tick_params(axis="x", labelsize=max(size, 4.0))
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    return ax


def _readable(back: tuple[float, ...]) -> tuple[float, float, float]:
    """Black or white, whichever has the greater contrast to a background: at least 4.5, which ink and paper of a theme needn't have."""
    return max(((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)), key=lambda colour: contrast(colour, back))
