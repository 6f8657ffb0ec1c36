"""SVRG: gradients of batches, corrected by the gradient of all examples at a snapshot."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import optilab
from blobs import N, batches
from optilab.problems.problem import Problem
from walking import (
    Vector,
)


def reduced(network: Problem, seed: int, interval: int, size: int, epochs: int) -> tuple[Vector, Vector, Vector]:
    """SVRG in NumPy: the last weights, the last snapshot, and the full gradient there."""
    w = network.initial(seed)
    for t, rows in enumerate(batches(seed, size, epochs)):
        if t % interval == 0:
            snapshot, full = w, network.gradient(w)
        w = w - 0.3 * (network.gradient(w, rows) - network.gradient(snapshot, rows) + full)
    return w, snapshot, full


def test_svrg_is_its_numpy_twin(network: Problem) -> None:
    """On batches of a network it takes the steps of the paper."""
    w, snapshot, full = reduced(network, 1, 8, 5, 3)
    run = optilab.train(network, "svrg | sgd", lr=0.3, interval=8, batch_size=5, epochs=3, seed=1)
    np.testing.assert_allclose(run.w, w, rtol=1e-9, atol=1e-12)
    stepper = optilab.get_optimizer("svrg | sgd").start(snapshot, problem=network)
    stepper.step()
    np.testing.assert_allclose(stepper.state["svrg.full"], full, rtol=1e-12)


def test_evaluations_of_svrg_are_counted(network: Problem) -> None:
    """One of all examples where it takes a snapshot, one more of the batch everywhere else."""
    history = optilab.train(network, "svrg | sgd", interval=4, batch_size=20, steps=9, measure_steps=1).history
    np.testing.assert_array_equal(history["gradient_evaluations"], 2 * np.arange(10))
    every_step = [20 + N, 40, 40, 40, 20 + N, 40, 40, 40, 20 + N]
    np.testing.assert_array_equal(history["examples"], [0, *np.cumsum(every_step)])


def test_the_variance_of_svrg_falls(network: Problem) -> None:
    """Near the snapshot its gradients differ less from batch to batch, and their mean is that of all examples."""
    w, snapshot, full = reduced(network, 1, 8, 5, 3)
    parts = np.arange(N).reshape(-1, 5)
    plain = np.array([network.gradient(w, rows) for rows in parts])
    better = np.array([network.gradient(w, rows) - network.gradient(snapshot, rows) + full for rows in parts])
    np.testing.assert_allclose(better.mean(axis=0), network.gradient(w), rtol=1e-9, atol=1e-12)
    assert better.var(axis=0).sum() < 0.1 * plain.var(axis=0).sum()


def test_svrg_settles_where_sgd_is_shaken(network: Problem) -> None:
    """At a constant rate, batches shake SGD about the minimum; with SVRG before it, the gradient vanishes."""
    given: dict[str, Any] = {"lr": 0.2, "batch_size": 5, "epochs": 600, "seed": 1}
    # a penalty, so that there is a minimum
    shaken = optilab.train(network, "l2 | sgd", penalty=0.05, **given)
    settled = optilab.train(network, "svrg | l2 | sgd", penalty=0.05, interval=24, **given)

    def slope(w: Vector) -> float:
        return float(np.linalg.norm(network.gradient(w) + 0.05 * w))

    assert slope(settled.w) < 1e-3 * slope(shaken.w)


def test_svrg_with_a_snapshot_each_step_is_gradient_descent(network: Problem) -> None:
    """With interval 1 every step is along the gradient of all examples, whatever the batch."""
    run = optilab.train(network, "svrg | sgd", interval=1, lr=0.1, batch_size=5, steps=10)
    whole = optilab.train(network, "gradient_descent", lr=0.1, steps=10)
    np.testing.assert_allclose(run.w, whole.w, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", ["svrg | sgd"])
def test_a_gradient_of_zero_moves_nothing(name: str) -> None:
    """At a minimum no rule moves, and none divides zero by zero."""
    problem = optilab.get_problem("rosenbrock", start=[1.0, 1.0])
    stepper = optilab.get_optimizer(name).start([1.0, 1.0], problem=problem)
    for _ in range(3):
        np.testing.assert_array_equal(stepper.step(), [1.0, 1.0])
