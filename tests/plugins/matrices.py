"""Random matrices, and the steps of rules that see them whole."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

import optilab

Vector = NDArray[np.float64]
seeds = st.integers(0, 10_000)
sizes = st.integers(1, 6)


def matrix(seed: int, rows: int, columns: int) -> Vector:
    """A matrix of random numbers."""
    return np.random.default_rng(seed).normal(size=(rows, columns))


def turn(seed: int, n: int) -> Vector:
    """A random orthogonal matrix."""
    return np.linalg.qr(matrix(seed + 77_777, n, n))[0]


def moved(name: str, *gradients: Vector, **given: Any) -> Vector:
    """What some steps from zero add up to, the other way round, in the shape of the gradients."""
    stepper = optilab.get_optimizer(name).start([np.zeros_like(gradients[0])], **given)
    for gradient in gradients:
        stepper.step([gradient])
    return -np.array(stepper.w).reshape(gradients[0].shape)
