"""Adafactor and SM3: memory of rows and columns in place of that of a matrix."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from plugins.matrices import matrix, moved, seeds, sizes

import optilab


@given(seed=seeds, rows=sizes, columns=sizes, beta1=st.sampled_from([0.0, 0.9]))
def test_the_factors_of_adafactor_are_exact_for_squares_of_rank_one(
    seed: int, rows: int, columns: int, beta1: float
) -> None:
    """Where g^2 is a column times a row, factored or not makes no difference."""
    random = np.random.default_rng(seed)
    size = np.outer(random.uniform(0.5, 2, rows), random.uniform(0.5, 2, columns))
    gradients = [random.choice([-1.0, 1.0], size.shape) * size * k for k in (1, 3, 2)]
    factored = moved("adafactor", *gradients, beta1=beta1)
    np.testing.assert_allclose(factored, moved("adafactor", *gradients, beta1=beta1, factored=False), rtol=1e-9)


@given(seed=seeds, threshold=st.floats(0.1, 2), lr=st.floats(1e-4, 3))
def test_a_step_of_adafactor_is_bounded(seed: int, threshold: float, lr: float) -> None:
    """Its root mean square is at most threshold * min(lr, 1/sqrt(t)) * RMS(w), even after gradients that were small."""
    w = matrix(seed, 4, 3)
    given: dict[str, Any] = {"lr": lr, "clipping_threshold": threshold}
    stepper = optilab.get_optimizer("adafactor").start([w], **given)
    for t in range(1, 5):
        before = stepper.w.copy()
        stepper.step([matrix(seed + t, 4, 3) * 10**t])
        bound = threshold * min(lr, t**-0.5) * np.sqrt((before**2).mean())
        assert np.sqrt(((stepper.w - before) ** 2).mean()) <= bound * (1 + 1e-9)


def test_the_states_of_adafactor_are_means_of_squares() -> None:
    """By hand: after the first gradient the means over its rows and columns; then mixed with a share of 2^-0.8."""
    stepper = optilab.get_optimizer("adafactor").start([np.ones((2, 2)), np.ones(1)])
    stepper.step([np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([5.0])])
    np.testing.assert_allclose(stepper.state["rows"][:2], [2.5, 12.5])
    np.testing.assert_allclose(stepper.state["columns"][:2], [5, 10])
    assert stepper.state["v"][4] == 25
    stepper.step([np.zeros((2, 2)), np.zeros(1)])
    np.testing.assert_allclose(stepper.state["rows"][:2], np.array([2.5, 12.5]) * (1 - 2**-0.8))
    np.testing.assert_allclose(stepper.state["v"][4], 25 * (1 - 2**-0.8))


def test_adafactor_survives_dead_rows_and_columns_in_single_precision() -> None:
    """A pixel that is always black and a neuron that never fires keep their weights; nothing underflows to NaN."""
    gradient = matrix(1, 4, 3).astype(np.float32)
    gradient[2], gradient[:, 1] = 0, 0
    stepper = optilab.get_optimizer("adafactor").start([np.ones((4, 3), np.float32)])
    for _ in range(5):
        stepper.step([gradient])
    ends = stepper.w.reshape(4, 3)
    np.testing.assert_array_equal(ends == 1, gradient == 0)
    assert np.isfinite(ends).all()


@given(seed=seeds, rows=sizes, columns=sizes)
def test_sm3_remembers_at_least_the_sum_of_squares(seed: int, rows: int, columns: int) -> None:
    """For each weight min(rows, columns) is no less than the sum of its squares, and neither ever falls."""
    gradients = [matrix(seed + k, rows, columns) for k in range(4)]
    stepper = optilab.get_optimizer("sm3").start([np.zeros((rows, columns))])
    total, before = np.zeros((rows, columns)), np.zeros(rows + columns)
    for gradient in gradients:
        stepper.step([gradient])
        total += gradient**2
        row, column = stepper.state["rows"], stepper.state["columns"]
        assert (np.minimum(row[:, None], column) >= total * (1 - 1e-12)).all()
        now = np.concatenate([row, column])
        assert (now >= before).all()
        before = now


@given(seed=seeds, n=sizes)
def test_sm3_on_a_bias_is_adagrad(seed: int, n: int) -> None:
    """Steps of g / sqrt(sum of g^2), summed over the steps, without momentum; with beta2, of a running mean of the squares."""
    gradients = [matrix(seed + k, 1, n)[0] for k in range(3)]
    sums = np.cumsum(np.square(gradients), axis=0)
    expected = (gradients / np.sqrt(sums)).sum(axis=0)
    np.testing.assert_allclose(moved("sm3", *gradients, lr=1.0, beta1=0.0), expected, rtol=1e-9)
    means = np.array([[0.1, 0, 0], [0.09, 0.1, 0], [0.081, 0.09, 0.1]]) @ np.square(gradients)
    expected = (gradients / np.sqrt(means)).sum(axis=0)
    np.testing.assert_allclose(moved("sm3", *gradients, lr=1.0, beta1=0.0, beta2=0.9), expected, rtol=1e-9)
