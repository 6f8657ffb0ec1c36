"""Arithmetic for vectorwise rules."""

from __future__ import annotations

import numpy as np
import pytest

from optilab import elementwise, is_finite, norm, vectorwise
from optilab.problems.problem import Precision


@vectorwise(lr=1.0)
def by_norms(w, g, lr):
    """Steps by the norm of the gradient, and by that of every other entry."""
    w[0] -= lr * norm(g)
    w[1] -= lr * norm(g[::2])


@pytest.mark.parametrize("scale", [1e25, 1e-25])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_norm_in_a_rule_is_summed_in_float64(dtype: Precision, scale: float) -> None:
    """A rule on float32 gradients near 1e25 or 1e-25 gets their finite length, which their squares in float32 don't have."""
    w = by_norms.start(np.zeros(3), precision=dtype).step(scale * np.array([3.0, 4.0, 4.0]))
    np.testing.assert_allclose(w, -scale * np.array([41**0.5, 5, 0]), rtol=1e-6)
    assert norm(scale * np.array([3.0, 4.0])) == pytest.approx(5 * scale, rel=1e-15)


@vectorwise(lr=1.0)
def unless_finite(w, g, lr):
    """Sets the weights to lr where the sum of the gradient is finite, else to 0."""
    total = 0.0
    for i in range(g.size):
        total += g[i]
    w[:] = lr if is_finite(total) else 0.0


@elementwise(lr=1.0)
def unless_finite_each(w, g, lr):
    """The same of each gradient and lr together."""
    w = lr if is_finite(g + lr) else 0.0
    return w


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_sum_that_is_not_finite_is_seen(bad: float) -> None:
    """is_finite tells a sum that isn't from one that is, in compiled code that may reorder sums, and in Python."""
    assert unless_finite.start([0.0, 0.0]).step([1.0, bad]).tolist() == [0, 0]
    assert unless_finite.start([0.0, 0.0]).step([1.0, 2.0]).tolist() == [1, 1]
    assert unless_finite_each.start([0.0, 0.0]).step([1.0, bad]).tolist() == [1, 0]
    assert is_finite(1e308)
    assert is_finite(-1e308)
    assert not is_finite(bad)
