"""Confusion matrices."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, LogNorm, Normalize, to_rgb
from matplotlib.image import AxesImage

from optilab.plots.palette import COLOURS, contrast
from optilab.plots.style import readable, shade
from optilab.plots.text import plain

_NAME = 10  # letters of a class
_NAMED = 40  # classes whose names stand at the axes
_COUNT, _SHARE = 0.2, 0.36  # width of a cell, in inches, that a count needs, and a count with its share


def confusion_matrix(counts: pd.DataFrame, ax: Axes, *, log: bool | None = None, width: float = 5.0) -> AxesImage:
    """Draw how often each class (row) was read as each (column): counts, and shares of their row, which are the colour.

    counts: as by `analysis.confusion.confusion`. log: whether colours are logarithmic, so that rare mistakes are seen; by default
    they are where no two classes are confused in a tenth of the cases. width: of the axes, in inches: numbers stand in the cells where
    there is room for them.
    """
    numbers = counts.to_numpy(float)
    totals = numbers.sum(axis=1, keepdims=True)
    shares = np.divide(numbers, totals, out=np.zeros_like(numbers), where=totals > 0)
    mistakes = shares[~np.eye(len(counts), dtype=bool)]
    if log is None:
        log = bool(mistakes.size) and mistakes.max() < 0.1
    positive = shares[shares > 0]
    norm = LogNorm(min(positive.min() / 2, 0.1) if positive.size else 0.1, 1) if log else Normalize(0, 1)
    ramp = LinearSegmentedColormap.from_list(
        "paper to blue", [shade(0.97), to_rgb(readable(COLOURS[0]))]
    ).with_extremes(bad=shade(1.0))
    image = ax.imshow(np.ma.masked_equal(shares, 0), cmap=ramp, norm=norm)
    names = [plain(name, _NAME) for name in counts.index]
    step = -(-len(names) // _NAMED)
    long = max(len(name) for name in names) > 3
    ax.set_xticks(range(0, len(names), step), names[::step], rotation=90 if long and len(names) > 3 else 0)
    ax.set_yticks(range(0, len(names), step), names[::step])
    ax.set(xlabel="read as", ylabel="true class")
    ax.grid(visible=False)
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
    room = width / len(names)
    if room >= _COUNT:
        for (i, k), share in np.ndenumerate(shares):
            if numbers[i, k]:
                _write(ax, k, i, f"{numbers[i, k]:.0f}", share if room >= _SHARE else None, ramp(norm(share)))
    return image


def _write(ax: Axes, x: int, y: int, count: str, share: float | None, behind: tuple[float, ...]) -> None:
    """A count with its share of the row, in ink or paper, whichever is told from what lies behind."""
    colour = max(shade(0.0), shade(1.0), key=lambda text: contrast(text, behind[:3]))
    ax.text(
        x,
        y - (0.12 if share is not None else 0),
        count,
        color=colour,
        ha="center",
        va="center",
        fontsize="x-small" if share is not None else "xx-small",
        gid="count",
    )
    if share is not None:
        text = f"{share:.0%}" if share >= 0.1 else f"{share:.1%}"
        ax.text(x, y + 0.26, text, color=colour, ha="center", va="center", fontsize="xx-small", gid="share")
