"""Random gradients and costs for rules that find the length of their steps themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from walking import walk_along

Vector = NDArray[np.float64]
STEPS = 25


def walk(name: str, gradients: Vector, costs: Vector, w: Vector | None = None, **hyperparameters: Any) -> Vector:
    """Weights after each step, from `w` or from the same random ones."""
    start = np.random.default_rng(1).normal(size=gradients.shape[1]) if w is None else w
    return walk_along(name, gradients, start, costs, **hyperparameters)


def drawn(seed: int = 0, n: int = 6) -> tuple[Vector, Vector]:
    """Gradients that drift, and costs."""
    random = np.random.default_rng(seed)
    return random.normal(size=n) + random.normal(size=(STEPS, n)), random.uniform(0.5, 3, STEPS)
