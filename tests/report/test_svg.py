"""Pictures inside of the page."""

from __future__ import annotations

import itertools
import re
from xml.dom import minidom

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from optilab.plots import style
from optilab.report.polylines import simplified
from optilab.report.svg import inline


def drawn(name: str = "p1") -> str:
    """A small picture: a line in a colour, a grey one, and text with digits."""
    with style.theme():
        figure = Figure(figsize=(3, 2))
        ax = figure.subplots()
        ax.plot([0, 1, 2], [0.123456789, 0.5, 0.25], color="#0173b2")
        ax.plot([0, 1, 2], [1, 2, 3], color=style.shade(0.5))
        ax.set_title("lr = 0.000123456", style="italic")
        return inline(figure, name, "what it shows", {"#0173b2": "var(--c7)"})


def test_a_picture_needs_no_styles() -> None:
    """It is well-formed, has neither style attributes nor style elements, and names what it shows."""
    svg = drawn()
    root = minidom.parseString(svg).documentElement  # noqa: S318  # our own
    assert root is not None
    assert root.getAttribute("aria-label") == "what it shows"
    assert " style=" not in svg
    assert "<style" not in svg


def test_colours_follow_the_page() -> None:
    """Colours of labels are the page's, greys are shares of its text, and no white or black is left."""
    svg = drawn()
    assert 'stroke="var(--c7)"' in svg
    assert re.search(r'stroke="currentColor"[^>]* stroke-opacity="0\.50"', svg)
    assert not re.search(r"#(fff|000)", svg)


def test_text_stays_text_to_the_letter() -> None:
    """Digits of texts are not rounded, though those of places are."""
    svg = drawn()
    assert "lr = 0.000123456" in svg
    assert "123456789" not in svg


def test_pictures_of_one_page_share_no_identity() -> None:
    """Identities begin with the picture's name, and every reference finds one."""
    one, other = drawn("p1"), drawn("p2")
    names = [set(re.findall(r'\bid="([^"]*)"', svg)) for svg in (one, other)]
    assert not names[0] & names[1]
    assert all(name.startswith("p1-") for name in names[0])
    assert set(re.findall(r'(?:href="#|url\(#)([^")]*)', one)) <= names[0]


@pytest.mark.parametrize("count", [2, 50])
def test_a_path_is_where_it_was(count: int) -> None:
    """Shortened data of a path has the same points to a tenth of a point of print."""
    values = np.cumsum(np.random.default_rng(count).normal(size=count))
    with style.theme():
        figure = Figure(figsize=(3, 2))
        ax = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        (line,) = ax.plot(values, color="#123456")
        ax.set_axis_off()
        svg = inline(figure, "p", "a line", {})
        places = ax.transData.transform(line.get_xydata()) * 72 / figure.dpi
    found = next(m for m in re.finditer(r'<path d="([^"]*)"[^>]*stroke="#123456"', svg))[1]
    points = np.array(re.findall(r"-?[\d.]+", found), float).reshape(-1, 2)
    wanted = (places - places[0]) * [1, -1]  # SVG counts downwards
    kept = simplified(wanted, 0.15)
    assert len(kept) >= 0.9 * count
    assert np.allclose(points - points[0], wanted[kept], atol=0.11)


def test_marks_that_look_alike_are_described_once() -> None:
    """Forty dots in a colour have it from the group that they stand in, each at its own place."""
    with style.theme():
        figure = Figure(figsize=(3, 2))
        figure.subplots().plot(range(40), "o", color="#123456")
        svg = inline(figure, "p", "dots", {})
    group = re.search(r'<g[^>]*fill="#123456"[^>]*>\n((?:<use [^>]*>\n)+)</g>', svg)
    assert group is not None
    assert len(set(re.findall(r'x="([\d.]+)"', group[1]))) == 40
    assert "fill" not in group[1]
    minidom.parseString(svg)  # noqa: S318  # our own


@given(st.lists(st.tuples(st.floats(-50, 50), st.floats(-50, 50)), min_size=2, max_size=60))
def test_no_point_is_far_from_what_is_kept(points: list[tuple[float, float]]) -> None:
    """Every point lies within the tolerance of the polyline of those that are kept, and both ends are."""
    every = np.array(points)
    kept = simplified(every, 0.5)
    assert (kept[0], kept[-1]) == (0, len(every) - 1)
    for first, last in itertools.pairwise(kept.tolist()):
        along = every[last] - every[first]
        size = float(along @ along)
        for point in every[first : last + 1]:
            share = np.clip((point - every[first]) @ along / size, 0, 1) if size else 0.0
            assert np.linalg.norm(point - every[first] - share * along) <= 0.5 + 1e-9
