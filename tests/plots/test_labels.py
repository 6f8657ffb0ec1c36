"""Names at the ends of lines: where they stand, and that none covers another."""

from __future__ import annotations

import itertools

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.text import Annotation

from optilab.plots import style
from optilab.plots.labels import NAME, close_ends, end_labels, heights, spread
from optilab.plots.look import Look
from optilab.plots.text import fitted, fitted_apart
from pictures import rendered

places = st.lists(st.floats(0, 1), max_size=12).map(sorted)


@given(places, st.floats(0.01, 0.3))
def test_spread_names_keep_their_order_and_distance(wanted: list[float], apart: float) -> None:
    """They stay inside, in their order; at the distance asked for where there is room, else evenly."""
    found = spread(wanted, apart)
    assert len(found) == len(wanted)
    assert all(found >= -1e-9)
    assert all(found <= 1 + 1e-9)
    room = 1 / max(1, len(wanted) - 1)
    assert all(np.diff(found) >= min(apart, room) - 1e-9)


@given(places)
def test_names_with_room_stay_where_they_are(wanted: list[float]) -> None:
    """Nothing moves where all are far enough apart already."""
    far = [place for k, place in enumerate(wanted) if k == 0 or place - wanted[k - 1] >= 0.05]
    if all(b - a >= 0.05 for a, b in itertools.pairwise(far)):
        np.testing.assert_allclose(spread(far, 0.05), far, atol=1e-9)


def test_spread_moves_as_little_as_can_be() -> None:
    """Two at one place move by half of the distance each; at the edge one moves by all of it."""
    np.testing.assert_allclose(spread([0.5, 0.5], 0.1), [0.45, 0.55])
    np.testing.assert_allclose(spread([0.0, 0.0], 0.1), [0.0, 0.1])
    np.testing.assert_allclose(spread([0.2, 0.2, 0.9], 0.1), [0.15, 0.25, 0.9])


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_heights_are_those_of_the_picture(scale: str) -> None:
    """The height of a value is where its pixel is; beyond the axis it is the end."""
    figure, ax = plt.subplots()
    ax.set(yscale=scale, ylim=(0.1, 10))
    found = heights(ax, [0.1, 1, 10, 100])
    rendered(figure)
    pixels = ax.transAxes.inverted().transform(ax.transData.transform([(0, 0.1), (0, 1), (0, 10), (0, 10)]))[:, 1]
    np.testing.assert_allclose(found, pixels, atol=1e-9)
    plt.close(figure)


@pytest.mark.parametrize("width", [3.3, 7.0])
def test_names_don_t_cover_each_other(width: float) -> None:
    """Eight lines that end at one place have eight names apart from each other, each in its readable colour."""
    labels = [f"line {k}" for k in range(8)]
    with style.theme(Look("paper", width)):
        figure = plt.figure(figsize=(width, 2.5), layout="constrained")
        ax = figure.subplots()
        ax.plot([0, 1], [0, 0.5])
        ax.set(xlim=(0, 1), ylim=(0, 1))
        ends = pd.DataFrame({"label": labels, "remark": "", "x": 1.0, "y": 0.5})
        palette = style.colours(labels)
        found = end_labels(ends, ax, colours=palette, height=1.5, breadth=80, others="3 others")
        rendered(figure)
        texts = [text for text in ax.texts if text.get_gid() == NAME]
        boxes = sorted((text.get_window_extent() for text in texts), key=lambda box: box.y0)
        assert all(below.y1 <= above.y0 + 1 for below, above in itertools.pairwise(boxes))
        assert {text.get_text() for text in texts} == {*labels, "3 others"}
        assert all(text.get_color() == style.readable(palette[text.get_text()]) for text in texts[:-1])
        assert set(found) == {*labels, ""}
        assert all(box.x0 > ax.get_window_extent().x1 for box in boxes)
        assert all(box.x1 <= width * figure.dpi for box in boxes)
    plt.close(figure)


def test_a_leader_goes_from_the_end_of_the_line_to_its_name() -> None:
    """Only where the name had to move, or the line ends before the right edge."""
    with style.theme():
        figure, ax = plt.subplots()
        ax.set(xlim=(0, 10), ylim=(0, 1))
        ends = pd.DataFrame({"label": ["a", "b"], "remark": "", "x": [10.0, 4.0], "y": [0.2, 0.8]})
        end_labels(ends, ax, colours=style.colours(["a", "b"]), height=3, breadth=80)
    leaders = [text for text in ax.texts if isinstance(text, Annotation) and text.arrow_patch is not None]
    assert [leader.xy for leader in leaders] == [(4.0, 0.8)]
    plt.close(figure)


def test_ends_that_look_like_one_are_noticed() -> None:
    """Where more than a third of the neighbours are nearer than a fortieth of the height."""
    figure, ax = plt.subplots()
    ax.set_ylim(0, 1)
    for ys, close in (
        ([0.5, 0.51, 0.9], True),
        ([0.2, 0.5, 0.9], False),
        ([0.1, 0.3, 0.5, 0.51, 0.7], False),
        ([0.5], False),
    ):
        assert close_ends(pd.DataFrame({"y": ys}), ax) is close
    plt.close(figure)


def test_a_leader_begins_at_the_edge_where_the_line_has_left_the_picture() -> None:
    """Else it would go through the title to where the line would be."""
    with style.theme():
        figure, ax = plt.subplots()
        ax.set(xlim=(0, 10), ylim=(0, 1))
        ends = pd.DataFrame({"label": ["a"], "remark": "", "x": [4.0], "y": [7.0]})
        end_labels(ends, ax, colours=style.colours(["a"]), height=3, breadth=80)
    leaders = [text for text in ax.texts if isinstance(text, Annotation) and text.arrow_patch is not None]
    assert [leader.xy for leader in leaders] == [(4.0, 1.0)]
    plt.close(figure)


def test_names_with_one_beginning_are_told_apart() -> None:
    """Names that would be cut to one text are cut in the middle; others are as before."""
    names = ["clip_by_global_norm | weight_decay | momentum", "clip_by_global_norm | weight_decay | lion", "short"]
    size, room = 8.0, 90.0
    found = fitted_apart(names, size, room)
    assert len(set(found)) == 3
    assert found[2] == "short"
    assert "moment" in found[0]
    assert "lion" in found[1]
    assert fitted_apart(names[1:], size, room) == [fitted(name, size, room) for name in names[1:]]
    assert fitted_apart(["one", "one"], size, room) == ["one", "one"]
