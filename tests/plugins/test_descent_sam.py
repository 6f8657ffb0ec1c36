"""SAM and ASAM: the gradient at the worst point nearby."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import optilab
from blobs import batches
from optilab.problems.problem import Problem
from walking import (
    Vector,
)


def bowl_gradient(w: Vector) -> Vector:
    """Of (w0^2 + 20 w1^2) / 2."""
    return w * [1, 20]


@pytest.mark.parametrize("rho", [0.05, 0.4])
def test_sam_is_its_numpy_twin(rho: float) -> None:
    """On the bowl, SAM takes the gradient at w + rho * g / |g| and steps from w."""
    problem = optilab.get_problem("bowl")
    w = problem.initial()
    stepper = optilab.get_optimizer("sam | momentum").start(w, problem=problem, rho=rho, lr=0.02, momentum=0.5)
    b = np.zeros(2)
    for _ in range(40):
        g = bowl_gradient(w)
        b = 0.5 * b + bowl_gradient(w + rho * g / np.linalg.norm(g))
        w = w - 0.02 * b
        np.testing.assert_allclose(stepper.step(), w, rtol=1e-10, atol=1e-14)


def test_sam_computes_two_gradients_a_step(network: Problem) -> None:
    """The history of SAM counts two gradient evaluations a step, of two batches of examples; others count one."""
    for name, evaluations in [("sgd", 1), ("adam", 1), ("lars", 1), ("polyak", 1), ("sam | sgd", 2)]:
        history = optilab.train(network, name, batch_size=25, steps=10, measure_steps=1).history
        np.testing.assert_array_equal(history["gradient_evaluations"], evaluations * history["step"])
        examples = [0, 25, 50, 60, 85, 110, 120, 145, 170, 180, 205]  # the last of three batches has ten
        np.testing.assert_array_equal(history["examples"], evaluations * np.array(examples))


def test_sam_keeps_to_the_batch(network: Problem) -> None:
    """Its second gradient is over the same batch as the first."""
    w = network.initial(2)
    order = np.random.default_rng(np.random.SeedSequence(2, spawn_key=(1, 0))).permutation(60)
    expected = w.copy()
    for rows in (order[:20], order[20:40], order[40:]):
        g = network.gradient(expected, rows)
        expected -= 0.1 * network.gradient(expected + 0.3 * g / np.linalg.norm(g), rows)
    run = optilab.train(network, "sam | sgd", rho=0.3, lr=0.1, batch_size=20, epochs=1, seed=2)
    np.testing.assert_allclose(run.w, expected, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize(
    ("name", "given", "extra"),
    [
        ("sam | sgd", {}, [1] * 12),
        ("sam | sgd", {"ascents": 3}, [3] * 12),
        ("asam | sgd", {}, [1] * 12),
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


@pytest.mark.parametrize("link", ["sam", "asam"])
@pytest.mark.parametrize("base", ["sgd", "momentum", "adam"])
def test_without_a_radius_it_is_the_rule_after(network: Problem, link: str, base: str) -> None:
    """With rho = 0 the weights are those of the base on batches of a network, but for rounding.

    Two chains are two compiled modules, in which the compiler may fuse another product with a sum.
    """
    plain = optilab.train(network, base, batch_size=7, epochs=3, seed=3)
    sharp = optilab.train(network, f"{link} | {base}", rho=0.0, batch_size=7, epochs=3, seed=3)
    np.testing.assert_allclose(sharp.w, plain.w, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(sharp.history["train_cost"], plain.history["train_cost"], rtol=1e-13)


@pytest.mark.parametrize("plain_biases", [False, True])
def test_asam_keeps_to_the_batch_and_may_spare_biases(network: Problem, plain_biases: bool) -> None:
    """Its second gradient is over the same batch, at a point as far off for each weight as that is large."""
    w = network.initial(2)
    is_bias = np.concatenate([np.full(layer["size"], layer["kind"] == 1) for layer in network.layers])
    for rows in batches(2, 20, 2):
        g = network.gradient(w, rows)
        scale = np.where(is_bias & plain_biases, 1.0, np.abs(w) + 0.01)
        worst = w + 0.3 * scale**2 * g / np.linalg.norm(scale * g)
        w = w - 0.1 * network.gradient(worst, rows)
    run = optilab.train(
        network, "asam | sgd", rho=0.3, lr=0.1, batch_size=20, epochs=2, seed=2, plain_biases=plain_biases
    )
    np.testing.assert_allclose(run.w, w, rtol=1e-10, atol=1e-13)


def test_asam_at_zero_is_sam() -> None:
    """Where all weights are zero their scale is eta, and the worst point is SAM's with rho * eta."""
    problem = optilab.get_problem("rosenbrock", start=[0.0, 0.0])
    one = optilab.get_optimizer("asam | sgd").start([0.0, 0.0], problem=problem, rho=0.5, eta=0.2, lr=0.01)
    other = optilab.get_optimizer("sam | sgd").start([0.0, 0.0], problem=problem, rho=0.1, lr=0.01)
    np.testing.assert_allclose(one.step(), other.step(), rtol=1e-13)


def test_sam_climbs_as_often_as_asked() -> None:
    """Two ascents along a constant slope end twice as far up: on a parabola the gradient there is larger by curvature."""
    problem = optilab.get_problem("parabola", curvature=3.0)
    for ascents in (1, 2, 5):
        stepper = optilab.get_optimizer("sam | sgd").start([2.0], problem=problem, rho=0.1, lr=1.0, ascents=ascents)
        assert stepper.step()[0] == pytest.approx(2 - 3 * (2 + 0.1 * ascents), rel=1e-13)


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("sam", {"rho": -1}, r"rho = -1 is out of range: accepted is \[0, inf\)"),
    ],
)
def test_a_refusal_says_what_is_accepted(name: str, given: dict[str, Any], message: str) -> None:
    """Hyperparameters out of the range that the rule declares are refused, with what is accepted."""
    with pytest.raises(optilab.InputError, match=message):
        optilab.get_optimizer(name).fill(given)
