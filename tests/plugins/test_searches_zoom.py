"""Zoom: which step length it accepts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from plugins.searches import Vector
from scipy.optimize import _linesearch

from optilab_searches.line_search import zoom

Phi = tuple[Any, Any]  # a function of the step length, and its slope
ALONG: dict[str, Phi] = {
    "scipy gh-12157": (  # straight down to 0 at 1, then a dip to -1 at 4/3, and up to 1 at 2, where the slope is 0
        lambda t: -3 * np.pi / 2 * (t - 1) if t < 1 else np.cos(3 * np.pi / 2 * t - np.pi),
        lambda t: -3 * np.pi / 2 if t < 1 else -3 * np.pi / 2 * np.sin(3 * np.pi / 2 * t - np.pi),
    ),
    "quartic": (lambda t: -t - t**3 + t**4, lambda t: -1 - 3 * t**2 + 4 * t**3),
    "bowl": (lambda t: np.exp(-4 * t) + t**2, lambda t: -4 * np.exp(-4 * t) + 2 * t),
    "waves": (lambda t: -np.sin(10 * t), lambda t: -10 * np.cos(10 * t)),
}


def zoomed(phi: Any, slope: Any, c1: float = 1e-4, c2: float = 0.9, trials: int = 25) -> tuple[float, list[float]]:
    """The length that `zoom` finds on a function of one weight from t = 1 on, and the lengths that it tries."""
    tried = []

    def value_and_grad(w: Vector, g: Vector) -> float:
        tried.append(float(w[0]))
        g[0] = slope(tried[-1])
        return np.float64(phi(tried[-1]))

    start, work = np.zeros(1), np.zeros(1)
    first = np.float64(phi(0.0)), np.float64(slope(0.0)), np.float64(1.0)  # whose divisions by zero are infinite
    with np.errstate(all="ignore"):
        t = zoom(work, np.zeros(1), np.ones(1), start, *first, c1, c2, 0.0, trials, value_and_grad)
    return float(t), tried


@pytest.mark.parametrize("name", ALONG)
@pytest.mark.parametrize("c2", [0.9, 0.4])
def test_zoom_finds_the_length_of_scipy(name: str, c2: float) -> None:
    """On the functions of SciPy's own tests it accepts the length that scipy.optimize accepts."""
    phi, slope = ALONG[name]
    expected = _linesearch.scalar_search_wolfe2(phi, slope, c2=c2)[0]
    assert zoomed(phi, slope, c2=c2)[0] == pytest.approx(expected, rel=1e-12)


def test_zoom_looks_back_before_it_accepts_a_length() -> None:
    """A longer length that costs more than the one before it is never accepted, however flat it is there."""
    phi, slope = ALONG["scipy gh-12157"]
    found, tried = zoomed(phi, slope)
    assert tried[:2] == [1, 2]
    assert slope(2.0) == pytest.approx(0, abs=1e-12)
    assert 1 < found < 1.5
    assert phi(found) < phi(1.0) < phi(2.0)


@settings(max_examples=300)
@given(
    wave=st.floats(0.5, 8), height=st.floats(0, 3), phase=st.floats(0, 6), tilt=st.floats(0.5, 3), bend=st.floats(0, 0.5),
    c1=st.sampled_from([1e-4, 0.1]), c2=st.sampled_from([0.9, 0.4]), trials=st.integers(1, 12),
)  # fmt: skip
def test_zoom_accepts_the_lowest_length_that_it_tried(
    wave: float, height: float, phase: float, tilt: float, bend: float, c1: float, c2: float, trials: int
) -> None:
    """Of all lengths tried with sufficient decrease, what it answers has the lowest cost, whether the search is done or gives up."""

    def phi(t: float) -> float:
        return float(height * np.cos(wave * t + phase) - tilt * t + bend * t * t)

    def slope(t: float) -> float:
        return float(-height * wave * np.sin(wave * t + phase) - tilt + 2 * bend * t)

    assume(slope(0) < -1e-3)
    found, tried = zoomed(phi, slope, c1, c2, trials)
    enough = [phi(t) for t in tried if phi(t) <= phi(0) + c1 * t * slope(0)]
    if found == 0:
        assert not enough
    else:
        assert found in tried
        assert phi(found) == min(enough)
