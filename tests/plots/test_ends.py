"""Direct labels: where names stand at the right of the axes."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from optilab.plots import style
from optilab.plots.ends import label_ends, moved_apart

PLACES = st.lists(st.floats(0, 1), min_size=1, max_size=20)


@given(PLACES, st.floats(0.01, 0.2))
def test_labels_never_overlap_and_keep_their_order(places: list[float], size: float) -> None:
    """Two labels are as far apart as they are high, and none changes places with another."""
    found = moved_apart(places, [size] * len(places))
    order = np.argsort(places, kind="stable")
    assert (np.diff(found[order]) >= size - 1e-9).all()


@given(PLACES)
def test_labels_with_room_stay(places: list[float]) -> None:
    """Where nothing overlaps, nothing moves; together labels move as much up as down."""
    np.testing.assert_allclose(moved_apart(places, [0.0] * len(places)), places)
    assert moved_apart(places, [0.1] * len(places)).mean() == pytest.approx(np.mean(places))


def test_labels_stand_at_the_height_of_their_lines() -> None:
    """A label alone is at its value, on a logarithmic axis too; of equal values the first is on top; what is infinite is at the edge."""
    figure = Figure(figsize=(4, 4), layout="constrained")
    ax = figure.subplots()
    ax.set_yscale("log")
    ax.set_ylim(1, 10_000)
    label_ends(ax, [100.0, 1.0, 1.0, np.inf], ["middle", "first", "second", "lost"], ["red"] * 4)
    FigureCanvasAgg(figure).draw()
    boxes = {text.get_text(): text.get_window_extent() for text in ax.texts if text.get_text()}
    centre = {name: ax.transAxes.inverted().transform((0, (box.y0 + box.y1) / 2))[1] for name, box in boxes.items()}
    assert centre["middle"] == pytest.approx(0.5, abs=0.02)
    assert centre["lost"] == pytest.approx(1.0, abs=0.02)
    assert centre["first"] > centre["second"]
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes.values(), 2))


def test_labels_find_their_places_when_the_figure_is_drawn() -> None:
    """In axes that have become half as high they are still a line apart."""
    figure = Figure(figsize=(4, 4))
    ax = figure.subplots()
    ax.set_ylim(0, 1)
    label_ends(ax, [0.5, 0.5, 0.5], ["a", "b", "c"], ["red"] * 3)
    for height in (4, 2):
        figure.set_size_inches(4, height)
        FigureCanvasAgg(figure).draw()
        places = [text.get_window_extent() for text in ax.texts if text.get_text()]
        middles = [(box.y0 + box.y1) / 2 for box in places]
        line = 1.2 * style.small() / 72 * figure.dpi
        np.testing.assert_allclose(-np.diff(middles), line, rtol=0.02)
        box = ax.get_window_extent()
        assert middles[1] == pytest.approx((box.y0 + box.y1) / 2, abs=2)
        assert all(one.x0 > box.x1 for one in places)
