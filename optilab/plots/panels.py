"""Figures of several panels, over as many rows as they need."""

from __future__ import annotations

from typing import Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from optilab.plots import style

_NARROWEST = 1.6  # width of a panel, in inches
MOST = 24  # panels of a figure; a larger one would be beyond what matplotlib can draw


def panels(
    count: int,
    *,
    size: tuple[float, float],
    across: int,
    beside: float = 1.2,
    layout: Literal["constrained", "compressed"] = "constrained",
) -> tuple[Figure, list[Axes]]:
    """A figure of `count` panels, `across` in a row; size: of a panel, in inches; beside: inches for the legend."""
    columns = min(count, across)
    rows = -(-count // columns)
    figure = Figure(figsize=(beside + size[0] * columns, 0.6 + size[1] * rows), layout=layout)
    flat = list(figure.subplots(rows, columns, squeeze=False).flat)
    for ax in flat[count:]:
        ax.remove()
    return figure, flat[:count]


def panels_across(
    count: int, *, across: int, aspect: float = 0.75, layout: Literal["constrained", "compressed"] = "constrained"
) -> tuple[Figure, list[Axes]]:
    """A figure of `count` panels that is as wide as the theme says, with at most `across` panels in a row.

    aspect: height of a panel over its width. Rows hold fewer panels where these would be narrower than 1.6 inches.
    """
    columns = max(1, min(count, across, int(style.width() / _NARROWEST)))
    rows = -(-count // columns)
    each = style.width() / columns
    figure = Figure(figsize=(style.width(), 0.6 + each * aspect * rows), layout=layout)
    flat = list(figure.subplots(rows, columns, squeeze=False).flat)
    for ax in flat[count:]:
        ax.remove()
    return figure, flat[:count]
