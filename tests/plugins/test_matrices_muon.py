"""Muon: what it does to a matrix as a whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from plugins.matrices import matrix, moved, seeds, sizes, turn

import optilab

PLAIN_MUON: dict[str, Any] = {"lr": 1.0, "adjust_lr": "none"}


@given(seed=seeds, rows=sizes, columns=sizes)
def test_muon_brings_singular_values_near_one(seed: int, rows: int, columns: int) -> None:
    """Five iterations take singular values in the ratio of up to 1:100 to between 0.5 and 1.5, and keep the vectors."""
    n = min(rows, columns)
    random = np.random.default_rng(seed)
    u, v = turn(seed, rows)[:, :n], turn(seed + 1, columns)[:, :n]
    direction = moved("muon", (u * 10 ** random.uniform(-1, 1, n)) @ v.T, **PLAIN_MUON)
    values = u.T @ direction @ v
    assert (np.abs(np.diag(values) - 1) < 0.5).all()
    np.testing.assert_allclose(direction, (u * np.diag(values)) @ v.T, atol=1e-9)


@given(seed=seeds, rows=sizes, columns=sizes)
def test_muon_with_converging_coefficients_is_the_polar_factor(seed: int, rows: int, columns: int) -> None:
    """With the coefficients of the quintic that has a fixed point at 1, many iterations give U V^T of the SVD."""
    n = min(rows, columns)
    u, v = turn(seed, rows)[:, :n], turn(seed + 1, columns)[:, :n]
    gradient = (u * np.random.default_rng(seed).uniform(0.1, 1, n)) @ v.T
    direction = moved("muon", gradient, **PLAIN_MUON, ns_steps=20, ns_a=15 / 8, ns_b=-10 / 8, ns_c=3 / 8)
    np.testing.assert_allclose(direction, u @ v.T, atol=1e-9)


@given(seed=seeds, rows=sizes, columns=sizes)
def test_muon_turns_with_its_gradients(seed: int, rows: int, columns: int) -> None:
    """Orthogonal maps of inputs and of outputs turn the steps as they turn the gradients; transposing transposes them."""
    gradients = [matrix(seed + k, rows, columns) for k in range(3)]
    left, right = turn(seed, rows), turn(seed + 1, columns)
    expected = moved("muon", *gradients, **PLAIN_MUON)
    turned = moved("muon", *[left @ g @ right for g in gradients], **PLAIN_MUON)
    np.testing.assert_allclose(turned, left @ expected @ right, atol=1e-7)
    transposed = moved("muon", *[g.T.copy() for g in gradients], **PLAIN_MUON)
    np.testing.assert_allclose(transposed, expected.T, atol=1e-7)


@pytest.mark.parametrize(
    ("adjust_lr", "wide", "tall"), [("original", 2.0, 1.0), ("match_rms_adamw", 0.4, 0.4), ("none", 1.0, 1.0)]
)
def test_muon_scales_by_the_shape(adjust_lr: str, wide: float, tall: float) -> None:
    """One input and four outputs against four inputs and one output: sqrt(4), 0.2 * sqrt(4), or nothing."""
    gradient = np.array([[1.0, -2.0, 3.0, 4.0]])
    for g, expected in ((gradient, wide), (gradient.T.copy(), tall)):
        unit = moved("muon", g, **PLAIN_MUON)
        np.testing.assert_allclose(moved("muon", g, lr=1.0, adjust_lr=adjust_lr), expected * unit)


@given(seed=seeds, n=sizes)
def test_a_bias_under_muon_moves_along_its_gradient(seed: int, n: int) -> None:
    """As a matrix of one row: in the direction of the gradient, as far at any length of it."""
    gradient = matrix(seed, 1, n)[0]
    direction = moved("muon", gradient, **PLAIN_MUON)
    length = np.linalg.norm(direction)
    np.testing.assert_allclose(direction / length, gradient / np.linalg.norm(gradient), atol=1e-12)
    assert 0.5 < length < 1.5
    np.testing.assert_allclose(moved("muon", 1e3 * gradient, **PLAIN_MUON), direction, rtol=1e-9)


def test_muon_and_adam_go_together_at_their_defaults() -> None:
    """`muon on matrices | adam on rest` needs no values; biases move as under Adam, matrices as under Muon."""
    w, g = [matrix(1, 3, 2), matrix(2, 1, 2)[0]], [matrix(3, 3, 2), matrix(4, 1, 2)[0]]
    ends = {}
    for name in ("muon on matrices | adam on rest", "muon", "adam"):
        stepper = optilab.get_optimizer(name).start(w)
        for _ in range(3):
            stepper.step(g)
        ends[name] = np.array(stepper.w)
    expected = np.concatenate([ends["muon"][:6], ends["adam"][6:]])
    np.testing.assert_array_equal(ends["muon on matrices | adam on rest"], expected)


def test_muon_in_single_precision() -> None:
    """In float32 a network's steps are those of float64 to a thousandth of their length."""
    shapes = ((20, 8), (8,), (8, 5), (5,))
    random = np.random.default_rng(5)
    w = [random.normal(size=shape) for shape in shapes]
    gradients = [[random.normal(size=shape) for shape in shapes] for _ in range(5)]
    ends = []
    for dtype in ("float32", "float64"):
        stepper = optilab.get_optimizer("muon").start(w, precision=dtype, lr=1.0, weight_decay=0.0)
        for gradient in gradients:
            stepper.step(gradient)
        assert stepper.w.dtype == dtype
        ends.append(np.array(stepper.w, np.float64))
    np.testing.assert_allclose(ends[0], ends[1], atol=1e-3)
