"""How often a figure is laid out and drawn when it is saved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from optilab.figures.saving import save
from optilab.plots import style
from optilab.plots.ends import label_ends
from optilab.plots.layout import settle


def test_places_are_found_once_and_each_format_is_drawn_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Finding them takes as long as drawing, and matplotlib would do it before and in each drawing."""
    done = []
    execute, draw = ConstrainedLayoutEngine.execute, Figure.draw
    monkeypatch.setattr(
        ConstrainedLayoutEngine, "execute", lambda one, figure: (done.append("laid out"), execute(one, figure))
    )
    monkeypatch.setattr(Figure, "draw", lambda one, renderer: (done.append("drawn"), draw(one, renderer)))
    with style.theme():
        figure = Figure(layout="constrained")
        ax = figure.subplots()
        ax.plot([1, 2])
        label_ends(ax, [2.0], ["name"], ["red"])
        save(figure, tmp_path / "one", ("png", "svg"))
    assert done == ["laid out", "drawn", "drawn"]


def test_what_is_settled_stays() -> None:
    """Axes are where the layout would have them, and a title that comes later moves them no more."""
    figure = Figure(layout="constrained")
    FigureCanvasAgg(figure)
    ax = figure.subplots()
    other = Figure(layout="constrained")
    there = other.subplots()
    FigureCanvasAgg(other).draw()
    settle(figure)
    settled = ax.get_position().bounds
    np.testing.assert_allclose(settled, there.get_position().bounds, atol=1e-3)
    figure.suptitle("late")
    FigureCanvasAgg(figure).draw()
    assert ax.get_position().bounds == settled
