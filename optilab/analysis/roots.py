"""Where a function is zero, and the area below it. (To import SciPy's packages for that takes longer than to draw a picture.)"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

_NODES = 40  # of each panel: smooth functions are integrated to rounding


def root(function: Callable[[float], float], low: float, high: float, accuracy: float) -> float:
    """A place within [low, high], to `accuracy` or to rounding, where a continuous function of opposite signs at the two ends is zero.

    Between the two places that enclose it the next one is found by inverse quadratic interpolation where three values are monotonic
    enough for that, else in the middle: never slower than bisection by more than a factor of about two.

    Source: Chandrupatla, "A new hybrid quadratic/bisection algorithm for finding the zero of a nonlinear function without using derivatives",
    Advances in Engineering Software 28, 1997.

    >>> round(root(lambda x: x**2 - 2, 0.0, 2.0, 1e-12), 9)
    1.414213562
    """
    a, b, fa, fb = high, low, function(high), function(low)  # a is the newest; a and b enclose it
    c, fc, share = b, fb, 0.5
    while fa and fb:
        x = a + share * (b - a)
        fx = function(x)
        if (fx > 0) == (fa > 0):
            c, fc = a, fa
        else:
            c, b, fc, fb = b, a, fb, fa
        a, fa = x, fx
        best = a if abs(fa) < abs(fb) else b
        allowed = (accuracy / 2 + 2 * np.finfo(float).eps * abs(best)) / abs(b - a)
        if allowed > 0.5:
            return float(best)
        place, height = (a - b) / (c - b), (fa - fb) / (fc - fb)
        share = 0.5
        if 1 - np.sqrt(1 - place) < height < np.sqrt(place):
            share = fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb)
        share = min(max(share, allowed), 1 - allowed)
    return float(a if fa == 0 else b)


def area(function: Callable[[NDArray[np.float64]], NDArray[np.float64]], places: Sequence[float]) -> float:
    """The integral of a function from the first of the places to the last, to rounding where it is smooth between each two of them.

    function: of arrays. places: in ascending order.

    Source: Gauss and Legendre's rule with 40 nodes from each place to the next; Davis and Rabinowitz, "Methods of Numerical
    Integration", 2nd edition 1984, section 2.7.

    >>> round(area(np.sin, [0.0, np.pi]), 9)
    2.0
    """
    nodes, weights = _rule()
    ends = np.asarray(places, np.float64)
    half = np.diff(ends)[:, None] / 2
    return float(np.sum(half * weights * function(ends[:-1, None] + half * (1 + nodes))))


@cache
def _rule() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    return nodes, weights
