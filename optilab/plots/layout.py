"""The places of what a figure holds: found once, for each finding takes as long as drawing the figure."""

from __future__ import annotations

from matplotlib.figure import Figure


def settle(figure: Figure) -> None:
    """Give everything in a figure its place, for good: what is added later moves nothing, and saving finds no places again."""
    if engine := figure.get_layout_engine():
        engine.execute(figure)
        figure.set_layout_engine(None)
