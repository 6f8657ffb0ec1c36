"""Adam as its paper writes it, and gradients to compare it along."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from walking import (
    Vector,
)

few = settings(max_examples=25, deadline=None)
numbers = st.floats(0.1, 10) | st.floats(-10, -0.1)
walks = arrays.arrays(float, st.tuples(st.integers(2, 12), st.just(3)), elements=numbers)


def noise(steps: int, n: int = 5, seed: int = 0) -> Vector:
    """Random gradients."""
    return np.random.default_rng(seed).normal(size=(steps, n))


def adam(
    w: Vector, gradients: Vector, lr: float = 1e-3, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8
) -> Iterator[Vector]:
    """Algorithm 1 of Kingma and Ba."""
    return adamw(w, gradients, lr, beta1, beta2, eps, weight_decay=0)


def adamw(
    w: Vector,
    gradients: Vector,
    lr: float = 1e-3,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 0.01,
) -> Iterator[Vector]:
    """Adam on weights that shrink by lr * weight_decay before each step."""
    m = v = np.zeros_like(w)
    for t, g in enumerate(gradients, 1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        m_hat = m / (1 - beta1**t)
        v_hat = v / (1 - beta2**t)
        w = w * (1 - lr * weight_decay) - lr * m_hat / (np.sqrt(v_hat) + eps)
        yield w
