"""Products with the Hessian, and the rules that step by the curvature: Sophia and AdaHessian."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optilab
from blobs import N, network_on
from optilab.problems.problem import Problem
from optilab_descent.curvature import hessian_times, hutchinson, to_signs
from walking import (
    Vector,
)


def product(problem: Problem, w: Vector, v: Vector) -> Vector:
    """H v as the helper finds it, in the precision of the problem."""

    def value_and_grad(at: Vector, g: Vector) -> float:
        g[:] = problem.gradient(at)
        return problem.cost(at)

    work = np.full((3, w.size), np.nan, w.dtype)
    hessian_times(value_and_grad, w, v.astype(w.dtype), work)
    return np.asarray(work[0])


def exact_product(problem: Problem, w: Vector, v: Vector) -> Vector:
    """H v in float64 by differences of eighth order."""
    h = 0.02 / np.linalg.norm(v)
    weights = {1: 4 / 5, 2: -1 / 5, 3: 4 / 105, 4: -1 / 280}
    slopes = [c * (problem.gradient(w + k * h * v) - problem.gradient(w - k * h * v)) for k, c in weights.items()]
    return np.asarray(np.sum(slopes, axis=0) / h)


def off(found: Vector, expected: Vector) -> float:
    """Relative error of a vector."""
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected))


@settings(max_examples=50, deadline=None)
@given(x=st.floats(-2, 2), y=st.floats(-2, 3), angle=st.floats(0, 6.3), size=st.sampled_from([1e-6, 1.0, 1e6]))
def test_product_with_the_hessian_of_rosenbrock(x: float, y: float, angle: float, size: float) -> None:
    """On Rosenbrock's function it is the exact one, whatever the length of the vector, to 1e-8 of the largest curvature."""
    problem, w = optilab.get_problem("rosenbrock"), np.array([x, y])
    v = size * np.array([np.cos(angle), np.sin(angle)])
    h = np.array([[1200 * x**2 - 400 * y + 2, -400 * x], [-400 * x, 200.0]])
    np.testing.assert_allclose(product(problem, w, v) / size, h @ v / size, atol=1e-8 * float(np.linalg.norm(h, 2)))


def test_product_with_the_hessian_of_a_linear_network(blobs: Path) -> None:
    """Without a hidden layer and under a quadratic cost, the Hessian is 2/n X'X for each output."""
    problem = network_on(blobs, hidden=(), cost="quadratic", output_activation="identity")
    random = np.random.default_rng(0)
    with np.load(blobs) as file:
        x = np.hstack([file["x_train"], np.ones((N, 1))])
    v = random.normal(size=15)
    expected = 2 / N * x.T @ x @ v.reshape(5, 3)
    assert off(product(problem, random.normal(size=15), v), expected.ravel()) < 1e-9


@pytest.mark.parametrize("scale", [0.1, 1.0, 5.0])
def test_product_with_the_hessian_of_a_network(network: Problem, scale: float) -> None:
    """On a network in float64 its error is below 1e-8, for small and large weights."""
    random = np.random.default_rng(1)
    for seed in range(3):
        w, v = scale * network.initial(seed), random.normal(size=network.n_weights)
        assert off(product(network, w, v), exact_product(network, w, v)) < 1e-8


@pytest.mark.parametrize("scale", [0.1, 1.0, 5.0])
def test_product_with_the_hessian_in_single_precision(blobs: Path, network: Problem, scale: float) -> None:
    """In float32 its error on a network is below a thousandth."""
    single = network_on(blobs, "float32")
    random = np.random.default_rng(2)
    for seed in range(3):
        w, v = scale * network.initial(seed), random.normal(size=network.n_weights)
        found = product(single, w.astype(np.float32), v)
        assert found.dtype == np.float32
        assert off(found, exact_product(network, w, v)) < 1e-3


def test_product_with_the_hessian_is_symmetric(network: Problem) -> None:
    """u.Hv is v.Hu."""
    u, v = np.random.default_rng(3).normal(size=(2, network.n_weights))
    w = network.initial(0)
    assert u @ product(network, w, v) == pytest.approx(v @ product(network, w, u), rel=1e-7)


def test_product_leaves_w_alone_and_is_zero_for_zero() -> None:
    """The weights are only read, and without a direction nothing is evaluated."""
    problem, w = optilab.get_problem("rosenbrock"), np.array([0.3, -0.7])
    product(problem, w, np.ones(2))
    np.testing.assert_array_equal(w, [0.3, -0.7])
    work = np.full((3, 2), np.nan)
    hessian_times(None, w, np.zeros(2), work)
    np.testing.assert_array_equal(work[0], 0)


def test_hutchinson_over_all_signs_is_the_diagonal() -> None:
    """The mean of v * H v over all sign vectors is exactly the diagonal of H."""
    a = np.array([[2.0, -1.0, 0.5], [-1.0, 3.0, 4.0], [0.5, 4.0, -1.0]])

    def value_and_grad(at: Vector, g: Vector) -> float:
        g[:] = a @ at
        return float(0.5 * at @ g)

    estimates = []
    for signs in itertools.product([-1.0, 1.0], repeat=3):
        work = np.zeros((3, 3))
        hutchinson(value_and_grad, np.ones(3), np.array(signs), work)
        estimates.append(work[0])
    np.testing.assert_allclose(np.mean(estimates, axis=0), np.diag(a), rtol=1e-8)
    assert np.std(estimates, axis=0).min() > 0.5


def test_signs_are_one_or_minus_one() -> None:
    """Of any number."""
    v = np.array([0.3, -2.0, 0.0, 5.0])
    to_signs(v)
    np.testing.assert_array_equal(v, [1, -1, -1, 1])


# Steps by the curvature


def test_sophia_is_newton_where_the_hessian_is_diagonal() -> None:
    """With signs the estimate of a diagonal Hessian is exact: without memory, decay and clipping, one step is Newton's."""
    problem = optilab.get_problem("bowl")
    newton: dict[str, Any] = {"lr": 1.0, "gamma": 1.0, "beta1": 0.0, "beta2": 0.0, "weight_decay": 0.0}
    stepper = optilab.get_optimizer("sophia").start([-1.8, 0.9], problem=problem, probe="signs", clip=np.inf, **newton)
    np.testing.assert_allclose(stepper.step(), [0, 0], atol=1e-8)
    np.testing.assert_allclose(stepper.state["h"], [1, 20], rtol=1e-8)


def test_adahessian_is_newton_where_the_hessian_is_diagonal() -> None:
    """Without memory and eps, a step is the gradient over the size of the curvature."""
    problem = optilab.get_problem("bowl")
    given: dict[str, Any] = {"lr": 1.0, "beta1": 0.0, "beta2": 0.0, "eps": 0.0}
    stepper = optilab.get_optimizer("adahessian").start([-1.8, 0.9], problem=problem, **given)
    np.testing.assert_allclose(stepper.step(), [0, 0], atol=1e-8)
    np.testing.assert_allclose(stepper.state["v"], [1, 400], rtol=1e-8)


def test_sophia_steps_by_the_sign_where_curvature_is_negative_or_unknown() -> None:
    """On a hilltop, or before its first estimate, each weight moves by lr against its slope; never by more."""
    problem = optilab.get_problem("two_valleys", start=[0.1])  # there the second derivative is negative
    for late in (False, True):
        stepper = optilab.get_optimizer("sophia").start(
            [0.1], problem=problem, lr=0.01, weight_decay=0.0, hessian_late=late, clip=0.5
        )
        slope = problem.gradient([0.1])[0]
        assert stepper.step()[0] == pytest.approx(0.1 - 0.005 * np.sign(slope), rel=1e-12)
        assert stepper.state["h"][0] < 0


def test_sophia_draws_other_noise_for_another_seed(network: Problem) -> None:
    """Its estimate depends on the seed, and is the mean of the diagonal over many."""
    w = network.initial(0)
    diagonal = np.array([exact_product(network, w, e)[k] for k, e in enumerate(np.eye(w.size))])
    drawn = []
    for seed in range(400):
        stepper = optilab.get_optimizer("sophia").start(w, problem=network, beta2=0.0, probe="signs", seed=seed)
        stepper.step()
        drawn.append(stepper.state["h"].copy())
    spread = np.std(drawn, axis=0) / np.sqrt(len(drawn))
    assert spread.max() > 0
    assert (np.abs(np.mean(drawn, axis=0) - diagonal) < 5 * spread + 1e-6).all()


def test_sophia_in_single_precision(blobs: Path, network: Problem) -> None:
    """In float32 its estimates on a network are those of float64 to a thousandth."""
    w, found = network.initial(0), {}
    for problem in (network, network_on(blobs, "float32")):
        start = w.astype(problem.precision)
        stepper = optilab.get_optimizer("sophia").start(start, problem=problem, beta2=0.0, gamma=1.0)
        stepper.step()
        assert stepper.state["h"].dtype == problem.precision
        found[problem.precision] = stepper.state["h"].copy()
    assert off(found["float32"], found["float64"]) < 1e-3


@pytest.mark.parametrize(
    ("name", "given", "extra"),
    [
        ("adahessian", {}, [2] * 12),
        ("sophia", {}, [2] + [0] * 9 + [2, 0]),
        ("sophia", {"interval": 5, "hessian_late": True}, [2, 0, 0, 0, 0] * 2 + [2, 0]),
        ("sophia", {"interval": 1}, [2] * 12),
    ],
)
def test_evaluations_are_counted(network: Problem, name: str, given: dict[str, Any], extra: list[int]) -> None:
    """The history counts every gradient, and its examples: each is over the same batch as the step's own.

    extra: gradients beside the one of the step itself, at each of twelve steps.
    """
    history = optilab.train(network, name, batch_size=20, steps=12, measure_steps=1, **given).history
    expected = np.concatenate([[0], np.cumsum(1 + np.array(extra))])
    np.testing.assert_array_equal(history["gradient_evaluations"], expected)
    np.testing.assert_array_equal(history["examples"], 20 * expected)
