"""Figures of several panels, over as many rows as they need."""

from __future__ import annotations

from typing import Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from optilab.plots import style

_NARROWEST = 1.6  # width of a panel, in inches
_WITH_NAMES, _WITH_ENDS = 0.33, 0.42  # width of a panel in inches for each point of the usual text
MOST_WITH_ENDS = 6  # panels that have room for axes beside them
MOST = 24  # panels of a figure; a larger one would be beyond what matplotlib can draw


def panels_across(
    count: int,
    *,
    across: int,
    aspect: float = 0.75,
    layout: Literal["constrained", "compressed"] = "constrained",
    narrowest: float = _NARROWEST,
) -> tuple[Figure, list[Axes]]:
    """A figure of `count` panels that is as wide as the theme says, with at most `across` panels in a row.

    aspect: height of a panel over its width. Rows hold fewer panels where these would be narrower than `narrowest`
    inches.
    """
    columns = max(1, min(count, across, int(style.width() / narrowest)))
    rows = -(-count // columns)
    each = style.width() / columns
    figure = Figure(figsize=(style.width(), 0.6 + each * aspect * rows), layout=layout)
    flat = list(figure.subplots(rows, columns, squeeze=False).flat)
    for ax in flat[count:]:
        ax.remove()
    return figure, flat[:count]


def panels_with_ends(
    count: int, *, across: int, ends: bool, rows_of: int
) -> tuple[Figure, list[tuple[Axes, Axes | None]], float, float]:
    """A figure of `count` panels for lines with their names at the right, the height of each in inches, at
    least, and the breadth in points that a name may have.

    across: panels in a row at most. rows_of: after how many panels a row begins anew. ends: whether each has narrow axes at its right
    for the ends of lines; there are none where there are more than six panels.
    """
    ends = ends and count <= MOST_WITH_ENDS
    narrowest = style.points() * (_WITH_ENDS if ends else _WITH_NAMES)
    columns = max(1, min(across, int(style.width() / narrowest)))
    in_a_row = min(columns, rows_of)
    rows = -(-rows_of // in_a_row) * -(-count // rows_of)
    each = style.width() / in_a_row
    height = min(max(0.56 * each, 15 * style.points() / 72), 0.42 * style.points())
    extra = 5.5 * style.points() / 72  # for the name of the axis and its ticks, and a title
    figure = Figure(figsize=(style.width(), rows * (height + extra) + 0.8), layout="constrained")
    parts = 2 if ends else 1
    grid = figure.add_gridspec(rows, in_a_row * parts, width_ratios=[2.1, 1.0][:parts] * in_a_row)
    made: list[tuple[Axes, Axes | None]] = []
    for k in range(count):
        part, place = divmod(k, rows_of)
        row = part * -(-rows_of // in_a_row) + place // in_a_row
        column = place % in_a_row
        ax = figure.add_subplot(grid[row, column * parts])
        made.append((ax, figure.add_subplot(grid[row, column * parts + 1]) if ends else None))
    return figure, made, 0.8 * height, min(13 * style.small(), 72 * 0.33 * each)
