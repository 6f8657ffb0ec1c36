"""The places of what a figure holds: found once, for each finding takes as long as drawing the figure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from optilab.plots.ticks import ticks_found_once

_PAD = 0.05  # inches of paper above and below


def settle(figure: Figure) -> None:
    """Give everything in a figure its place, for good: what is added later moves nothing, and saving finds no places again."""
    if engine := figure.get_layout_engine():
        engine.execute(figure)
        figure.set_layout_engine(None)


@contextmanager
def settled(figure: Figure) -> Iterator[Bbox]:
    """Settle a figure to be saved within this block. Yields the part of it that is filled, in inches: over its whole width, and over more where
    something sticks out.

    To be given to `Figure.savefig` as bbox_inches, which would draw the figure once more to find a box of its own.
    """
    FigureCanvasAgg(figure)  # which brings a renderer
    with ticks_found_once(figure):
        settle(figure)  # otherwise each of the following finds all places again
        found = figure.get_tightbbox()
        wide = float(figure.get_size_inches()[0])
        yield Bbox.from_extents(min(0.0, found.x0), found.y0 - _PAD, max(wide, found.x1), found.y1 + _PAD)
