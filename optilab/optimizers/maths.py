"""Arithmetic for vectorwise rules: plain Python, compiled with the rule that calls it."""

from __future__ import annotations

from math import inf, sqrt
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def norm(vector: NDArray[np.floating]) -> float:
    """Euclidean length, summed in float64, and so finite for a float32 gradient of 1e25."""
    squares = 0.0
    for i in range(vector.size):  # by index: a loop over values can't be vectorised
        value = np.float64(vector[i])
        squares += value * value
    return sqrt(squares)


def is_finite(x: float) -> bool:
    """Whether x is neither infinite nor NaN.

    Use it in rules in place of math.isfinite, which tests x - x: a compiler that may reorder sums takes that to be 0 for any
    sum x.
    """
    return abs(x) < inf
