"""Figures whose panels stand in blocks, one below the other, each with panels of a shape of its own."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from optilab.plots import style
from optilab.plots.text import plain

_NARROWEST = 1.6  # width of a panel, in inches
_ABOVE, _BELOW, _HEADING = (
    0.5,
    0.45,
    0.3,
)  # of a panel for its titles, and of a block for its axis and its name, in inches


def blocks(counts: Sequence[int], aspects: Sequence[float], *, across: int) -> tuple[Figure, list[list[Axes]]]:
    """A figure as wide as the theme says, with a block of `counts[k]` panels of height over width `aspects[k]` for each k.

    across: panels in a row, at most; fewer where these would be narrower than 1.6 inches. Axes are named at the left and the lower
    edge of each block alone.
    """
    columns = max(1, min(max(counts), across, int(style.width() / _NARROWEST)))
    rows = [-(-count // columns) for count in counts]
    each = style.width() / columns * 0.86
    heights = [
        each * aspect
        + _ABOVE
        + (_BELOW if row == of_block - 1 else 0)
        + (_HEADING if row == 0 and len(counts) > 1 else 0)
        for of_block, aspect in zip(rows, aspects, strict=True)
        for row in range(of_block)
    ]
    figure = Figure(figsize=(style.width(), room_for_text() + sum(heights)), layout="compressed")
    grid = figure.add_gridspec(len(heights), columns, height_ratios=heights)
    found: list[list[Axes]] = []
    for k, count in enumerate(counts):
        top = sum(rows[:k])
        found.append([figure.add_subplot(grid[top + n // columns, n % columns]) for n in range(count)])
        for n, ax in enumerate(found[-1]):
            if n + columns < count:
                ax.tick_params(labelbottom=False)
            if n % columns:
                ax.tick_params(labelleft=False)
    return figure, found


def room_for_text(letters: int = 450) -> float:
    """Inches that the question and a caption of so many letters take of a figure's height."""
    lines = 2 + letters * 0.55 * style.small() / (72 * style.width())
    return 0.2 + lines * 1.3 * style.small() / 72


def name_edges(axes: Sequence[Axes]) -> None:
    """Take the names of axes off the panels of a block that have no numbers at that edge."""
    for ax in axes:
        if not ax.xaxis.get_tick_params()["labelbottom"]:
            ax.set_xlabel("")
        if not ax.yaxis.get_tick_params()["labelleft"]:
            ax.set_ylabel("")


def heading(ax: Axes, text: str, *, lines: int) -> None:
    """The name of a block above its first panel, whose own title has so many lines."""
    ax.annotate(
        plain(text),
        (0, 1),
        xycoords="axes fraction",
        xytext=(0, 5 + 14 * lines),
        textcoords="offset points",
        weight="bold",
        va="bottom",
        annotation_clip=False,
        gid="heading",
    )
