"""Arithmetic for vectorwise rules: plain Python, compiled with the rule that calls it."""

from __future__ import annotations

from math import inf, sqrt
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def norm(vector: NDArray[np.floating]) -> float:
    """Euclidean length, summed in float64: a float32 gradient of 1e25 has a finite one."""
    squares = 0.0
    for i in range(vector.size):  # over positions, not over values: that can't be vectorised
        value = np.float64(vector[i])
        squares += value * value
    return sqrt(squares)


def is_finite(x: float) -> bool:
    """Whether x is neither infinite nor NaN.

    For rules to use in place of math.isfinite, which looks at x - x: of a sum, a compiler that may reorder sums takes that
    to be 0, whatever the terms are.
    """
    return abs(x) < inf
