"""How often a figure is laid out and drawn when it is saved."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from optilab.figures.saving import save
from optilab.plots import style
from optilab.plots.ends import label_ends
from optilab.plots.layout import settle
from optilab.plots.ticks import ticks_found_once


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


def test_ticks_are_found_once_for_each_place_and_resolution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An axis looks for its ticks at most three times while it is laid out and once in each drawing, and the picture is the same to the byte."""
    looked: dict[int, int] = {}
    usual = Axis._update_ticks  # type: ignore[attr-defined]

    def counting(axis: Axis) -> Any:
        looked[id(axis)] = looked.get(id(axis), 0) + 1
        return usual(axis)

    monkeypatch.setattr(Axis, "_update_ticks", counting)
    written = []
    for name, once in (("once", ticks_found_once), ("often", lambda _: nullcontext())):
        monkeypatch.setattr("optilab.plots.layout.ticks_found_once", once)
        looked.clear()
        with style.theme():
            figure = Figure(layout="constrained")
            for k, ax in enumerate(figure.subplots(2, 2).flat):
                ax.plot([1, 10 ** (k + 1)])
                ax.set(yscale="log" if k else "linear", title=f"panel {k}", xlabel="steps", ylabel="cost")
            save(figure, tmp_path / name, ("png",))
        written.append((tmp_path / f"{name}.png").read_bytes())
        assert (max(looked.values()) <= 4) == (name == "once")
    assert written[0] == written[1]


def test_ticks_are_found_anew_when_limits_change() -> None:
    """Within the block as well; and after it the axis is as before."""
    figure = Figure()
    ax = figure.subplots()
    with ticks_found_once(figure):
        for high in (1.0, 5000.0):
            ax.set_xlim(0.0, high)
            FigureCanvasAgg(figure).draw()
            assert float(ax.get_xticklabels()[-1].get_text()) == high
    assert not {"_update_ticks", "_get_ticklabel_bboxes"} & set(vars(ax.xaxis))
