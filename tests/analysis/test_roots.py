"""Roots and areas, against SciPy's and against what is known."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import brentq

from optilab.analysis.roots import area, root

FUNCTIONS: list[tuple[Callable[[float], float], float, float]] = [
    (lambda x: x**2 - 2, 0.0, 2.0),
    (lambda x: math.exp(x) - 1e-3, -20.0, 5.0),
    (lambda x: math.tanh(50 * (x - 0.3)), -5.0, 7.0),
    (lambda x: 5 + x - x**3, 0.0, 3.0),
    (lambda x: -1.0 if x < 0.2 else 1.0, 0.0, 1.0),
]


@pytest.mark.parametrize("case", range(len(FUNCTIONS)))
def test_roots_are_scipys(case: int) -> None:
    """To the accuracy that is asked for, in no more than 60 looks at the function."""
    function, low, high = FUNCTIONS[case]
    looks: list[float] = []
    found = root(lambda x: looks.append(x) or function(x), low, high, 1e-12)
    assert found == pytest.approx(brentq(function, low, high, xtol=1e-13), abs=1.1e-12)
    assert len(looks) < 60


@given(st.floats(-5, 5), st.sampled_from([1, 3, 5, 9]), st.floats(0.01, 100), st.floats(1e-12, 1e-2))
def test_a_root_is_enclosed(place: float, power: int, scale: float, accuracy: float) -> None:
    """Even a flat one, and one that lies at an end."""
    found = root(lambda x: scale * (x - place) ** power, -5.0, 5.0, accuracy)
    assert abs(found - place) <= accuracy + 1e-14 or scale * abs(found - place) ** power == 0


def test_an_area_is_scipys() -> None:
    """With a kink at one of the places."""
    expected = quad(lambda x: abs(x - 1) * math.exp(-(x**2)), -3, 4, points=[1], epsabs=1e-13)[0]
    assert area(lambda x: np.abs(x - 1) * np.exp(-(x**2)), [-3.0, 1.0, 4.0]) == pytest.approx(expected, abs=1e-12)
