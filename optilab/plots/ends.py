"""Direct labels: names to the right of the axes at the height of what they name, moved apart where they would overlap."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import Affine2D, ScaledTranslation, blended_transform_factory
from numpy.typing import ArrayLike, NDArray

from optilab.plots import style

_SPACING = 1.2  # of lines, in heights of letters


def label_ends(
    ax: Axes,
    heights: Sequence[float],
    texts: Sequence[str],
    colours: Sequence[object],
    dashes: Sequence[object] = ("-",),
) -> None:
    """Write texts to the right of the axes, each at its height in data or as near as there is room, with a piece of its line before it.

    heights: values of y, in any order; those beyond the axes stand at their edge, and of equal ones the first stands on top. dashes: styles of the
    lines, in turn. Call it when the figure has all that takes room, for it needs the final height of the axes.
    """
    figure = ax.get_figure(root=True)
    assert isinstance(figure, Figure)
    if engine := figure.get_layout_engine():
        engine.execute(figure)
    points = style.small()
    line = points / 72 * figure.dpi / max(ax.get_window_extent().height, 1.0) * _SPACING
    data = np.column_stack([np.full(len(heights), ax.get_xlim()[1]), np.asarray(heights, float)])
    places = ax.transAxes.inverted().transform(ax.transData.transform(data))[:, 1]
    places = np.clip(np.nan_to_num(places, nan=1.0, posinf=1.0, neginf=0.0), 0.0, 1.0)
    apart = moved_apart(places[::-1], [line * (1 + text.count("\n")) for text in texts[::-1]])[::-1]
    for k, (place, to, text, colour) in enumerate(zip(places, apart, texts, colours, strict=True)):
        given = {
            "xycoords": "axes fraction",
            "textcoords": ("offset points", "axes fraction"),
            "annotation_clip": False,
        }
        thin = {"arrowstyle": "-", "color": colour, "linewidth": 0.7, "shrinkA": 0, "shrinkB": 0}
        ax.annotate("", (1.0, place), (7, to), arrowprops=thin, **given)  # type: ignore[arg-type]
        ax.annotate(text, (1.0, to), (25, to), va="center", fontsize=points, gid="end", **given)  # type: ignore[arg-type]
        _key(ax, to, colour, dashes[k % len(dashes)])


def _key(ax: Axes, height: float, colour: object, dash: object) -> None:
    """A piece of a line, 7 to 22 points to the right of the axes."""
    figure = ax.get_figure(root=True)
    assert isinstance(figure, Figure)
    across = Affine2D().scale(1 / 72) + figure.dpi_scale_trans + ScaledTranslation(1, 0, ax.transAxes)  # type: ignore[arg-type]
    line = Line2D(
        [7, 22],
        [height, height],
        color=colour,  # type: ignore[arg-type]
        linestyle=dash,  # type: ignore[arg-type]
        linewidth=style.thickness(1.2),
        transform=blended_transform_factory(across, ax.transAxes),
        clip_on=False,
        gid="key",
    )
    line.set_in_layout(False)
    ax.add_artist(line)


def moved_apart(places: ArrayLike, sizes: Sequence[float]) -> NDArray[np.float64]:
    """Places, moved as little as needed so that intervals of these sizes about them don't overlap; their order stays.

    Groups of intervals that touch are centred on the mean of where they would be (pool adjacent violators).

    >>> moved_apart([0.5, 0.5, 0.9], [0.2, 0.2, 0.2]).round(2).tolist()
    [0.4, 0.6, 0.9]
    """
    wanted = np.asarray(places, float)
    order = np.argsort(wanted, kind="stable")
    size = np.asarray(sizes, float)[order]
    before = np.concatenate([[0.0], np.cumsum((size[1:] + size[:-1]) / 2)]) if len(size) else size
    pools: list[tuple[float, int]] = []  # mean and count of `wanted` less what lies before it
    for value in wanted[order] - before:
        mean, count = float(value), 1
        while pools and pools[-1][0] >= mean:
            other, n = pools.pop()
            mean, count = (other * n + mean * count) / (n + count), n + count
        pools.append((mean, count))
    found = np.empty_like(wanted)
    found[order] = np.repeat([mean for mean, _ in pools], [n for _, n in pools]) + before
    return found
