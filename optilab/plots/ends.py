"""Direct labels: names to the right of the axes at the height of what they name, moved apart where they would overlap."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.transforms import Affine2D
from numpy.typing import ArrayLike, NDArray

from optilab.plots import style

_Place = Callable[[RendererBase], Affine2D]  # coordinates whose origin it is
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
    lines, in turn. Texts find their places when the figure is drawn, from the height that the axes have then.
    """
    points = style.small()
    column = _Column(
        ax, tuple(map(float, heights)), tuple(_SPACING * points * (1 + text.count("\n")) for text in texts)
    )
    for k, (text, colour) in enumerate(zip(texts, colours, strict=True)):
        leader: dict[str, Any] = {"linewidth": 0.7, "linestyle": "-"}
        key = {"linewidth": style.thickness(1.2), "linestyle": dashes[k % len(dashes)]}
        for name, (start, stop), look in (
            ("leader", (column.end(k), column.name(k, 7)), leader),
            ("key", (column.name(k, 7), column.name(k, 22)), key),
        ):
            arrow = {"arrowstyle": "-", "color": colour, "shrinkA": 0, "shrinkB": 0, **look}
            ax.annotate(
                "", (0, 0), (0, 0), xycoords=start, textcoords=stop, arrowprops=arrow, annotation_clip=False, gid=name
            )
        ax.annotate(
            text, (0, 0), xycoords=column.name(k, 25), va="center", fontsize=points, gid="end", annotation_clip=False
        )


@dataclass(frozen=True)
class _Column:
    """Names in a column at the right of axes.

    heights: where their lines end, in data. sizes: heights of the names, in points.
    """

    ax: Axes
    heights: tuple[float, ...]
    sizes: tuple[float, ...]
    _found: dict[tuple[float, ...], tuple[NDArray[np.float64], NDArray[np.float64]]] = field(default_factory=dict)

    def end(self, k: int) -> _Place:
        """Where line k leaves the axes."""
        return lambda renderer: self._at(self._places()[0][k], 0.0)

    def name(self, k: int, points: float) -> _Place:
        """So many points to the right of the axes, at the height of name k."""
        return lambda renderer: self._at(self._places()[1][k], points)

    def _at(self, share: float, points: float) -> Affine2D:
        box = self.ax.bbox
        return Affine2D().translate(box.x1 + points / 72 * self.ax.figure.dpi, box.y0 + share * box.height)

    def _places(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Where lines end and where their names stand, in shares of the height that the axes have now."""
        height = self.ax.bbox.height / self.ax.figure.dpi * 72
        state = (height, *self.ax.get_ylim())
        if state not in self._found:
            data = np.column_stack([np.full(len(self.heights), self.ax.get_xlim()[1]), self.heights])
            with np.errstate(invalid="ignore"):
                ends = self.ax.transAxes.inverted().transform(self.ax.transData.transform(data))[:, 1]
            ends = np.clip(np.nan_to_num(ends, nan=1.0, posinf=1.0, neginf=0.0), 0.0, 1.0)
            sizes = [size / max(height, 1.0) for size in self.sizes]
            self._found.clear()
            self._found[state] = ends, moved_apart(ends[::-1], sizes[::-1])[::-1]
        return self._found[state]


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
