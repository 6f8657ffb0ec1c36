"""Sketches: small SVG pictures written by hand."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from optilab.plots.sketch import sketch


def points(svg: str) -> list[list[tuple[float, float]]]:
    """The points of each polyline."""
    return [
        [(float(a), float(b)) for a, b in (pair.split(",") for pair in line.split())]
        for line in re.findall(r'points="([^"]*)"', svg)
    ]


def test_points_stand_where_the_data_are() -> None:
    """In proportion along x and y; y grows upwards."""
    (line,) = points(sketch({"a": ([0, 1, 4], [10, 20, 30])}, {"a": "red"}, x="steps", y="cost"))
    (x0, y0), (x1, y1), (x2, y2) = line
    assert (x1 - x0) / (x2 - x0) == pytest.approx(0.25, abs=0.01)
    assert (y1 - y0) / (y2 - y0) == pytest.approx(0.5, abs=0.01)
    assert y2 < y0


def test_a_logarithm_only_where_it_is_asked_for_and_can_be() -> None:
    """Decades are as long as each other; a value of 0, or a ratio below 3, stands on a linear axis."""
    (line,) = points(sketch({"a": ([0, 1, 2], [1, 10, 100])}, {"a": "red"}, x="x", y="y", log=True))
    assert line[0][1] - line[1][1] == pytest.approx(line[1][1] - line[2][1], abs=0.1)
    for values in ([0.0, 50.0, 100.0], [1.0, 1.25, 1.5]):
        (line,) = points(sketch({"a": ([0, 1, 2], values)}, {"a": "red"}, x="x", y="y", log=True))
        assert line[0][1] - line[1][1] == pytest.approx(line[1][1] - line[2][1], abs=0.1)


@pytest.mark.parametrize("values", [[np.nan, np.inf, -np.inf], [1.0], [np.inf, 2.0], []])
def test_what_is_no_line_is_not_drawn(values: list[float]) -> None:
    """Fewer than two finite points make no picture."""
    assert sketch({"a": (range(len(values)), values)}, {"a": "red"}, x="x", y="y") == ""


@pytest.mark.parametrize("values", [[5.0, 5.0], [-1e308, 1e308], [1e-320, 1.0], [0.0, -0.0]])
def test_odd_values_make_a_picture_all_the_same(values: list[float]) -> None:
    """Constant, huge and tiny ones: all points lie inside of it."""
    svg = sketch({"a": ([0, 1], values)}, {"a": "red"}, x="x", y="y", log=True)
    root = ElementTree.fromstring(svg)  # noqa: S314  # our own
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    assert all(0 <= a <= width and 0 <= b <= height for line in points(svg) for a, b in line)


def test_names_are_escaped() -> None:
    """Markup and control characters are text."""
    name = '<script>"&\x1b'
    svg = sketch({name: ([0, 1], [1, 2])}, {name: "red"}, x="<x>", y='"y"')
    assert "<script" not in svg
    assert "\x1b" not in svg
    ElementTree.fromstring(svg)  # noqa: S314  # our own


def test_long_lines_are_thinned_and_many_are_not_drawn() -> None:
    """A hundred points a line, twelve lines; the first and the last point are kept."""
    many = {str(k): (np.arange(10_000), np.arange(10_000) + k) for k in range(100)}
    svg = sketch(many, dict.fromkeys(many, "red"), x="x", y="y")
    lines = points(svg)
    assert len(lines) == 12
    assert {len(line) for line in lines} == {100}
    assert len(svg) < 25_000
    assert (lines[0][0][0], lines[0][-1][0]) == (58.0, 410.0)
