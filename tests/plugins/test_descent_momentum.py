"""Momentum: its forms, and what they promise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optilab
from walking import (
    seeds,
    uneven,
    walk,
)


def test_the_first_gradient_is_not_dampened() -> None:
    """With momentum 0.5 and dampening 0.4 the gradients 1, 1 sum up to 1, and then to 0.5 + 0.6."""
    stepper = optilab.get_optimizer("momentum").start([0.0], lr=0.1, momentum=0.5, dampening=0.4)
    assert stepper.step([1.0])[0] == pytest.approx(-0.1, rel=1e-14)
    assert stepper.step([1.0])[0] == pytest.approx(-0.1 - 0.11, rel=1e-14)
    assert stepper.state["b"][0] == pytest.approx(1.1, rel=1e-14)


@pytest.mark.parametrize(
    ("name", "given", "second"),
    [
        ("momentum", {}, 0.05),
        ("momentum", {"lr_inside_momentum": True}, 0.5),
        ("nesterov", {}, 0.025),
        ("nesterov", {"lr_inside_momentum": True}, 0.25),
        ("heavy_ball", {}, 0.5),
    ],
)
def test_where_the_learning_rate_stands(name: str, given: dict[str, Any], second: float) -> None:
    """A gradient of 1 at lr 1 goes on in the next step, at lr 0.1, as half of what it was: of the sum, or of the step."""
    stepper = optilab.get_optimizer(name).start([0.0], lr=1.0, momentum=0.5, **given)
    first = stepper.step([1.0])[0]
    stepper.hyperparameters["lr"] = 0.1
    assert first - stepper.step([0.0])[0] == pytest.approx(second, rel=1e-14)


@settings(max_examples=30)
@given(seed=seeds, mu=st.floats(0, 0.99), dampening=st.floats(0, 1))
def test_the_learning_rate_may_stand_inside_while_it_is_constant(seed: int, mu: float, dampening: float) -> None:
    """At a constant learning rate both forms of momentum take the same steps, and under a schedule they don't."""
    damped: dict[str, Any] = {"momentum": mu, "dampening": dampening}
    for name, outside in [("momentum", damped), ("nesterov", {"momentum": mu})]:
        inside = {**outside, "lr_inside_momentum": True}
        np.testing.assert_allclose(walk(name, seed, **inside), walk(name, seed, **outside), rtol=1e-11, atol=1e-12)
        if mu > 0.1:
            changed = walk(name, seed, uneven(seed), **inside) - walk(name, seed, uneven(seed), **outside)
            assert np.abs(changed).max() > 1e-6


@settings(max_examples=30)
@given(seed=seeds, mu=st.floats(0, 0.99))
def test_polyaks_ball_is_momentum_with_the_learning_rate_inside(seed: int, mu: float) -> None:
    """Under any schedule, w - previous is minus the sum that has the learning rate inside."""
    ball = walk("heavy_ball", seed, uneven(seed), momentum=mu)
    inside = walk("momentum", seed, uneven(seed), momentum=mu, lr_inside_momentum=True)
    np.testing.assert_allclose(ball, inside, rtol=1e-11, atol=1e-12)


def test_polyaks_ball_feels_what_else_moves_it() -> None:
    """Weights that shrink by a tenth from 1 to 0.9 go on by half of that; momentum knows of gradients alone."""
    given: dict[str, Any] = {"lr": 0.1, "momentum": 0.5, "weight_decay": 1.0}
    ball = optilab.get_optimizer("heavy_ball | weight_decay").start([1.0], **given)
    plain = optilab.get_optimizer("momentum | weight_decay").start([1.0], **given)
    for stepper, second in ((ball, 0.9 * (0.9 - 0.05)), (plain, 0.9 * 0.9)):
        assert stepper.step([0.0])[0] == pytest.approx(0.9, rel=1e-14)
        assert stepper.step([0.0])[0] == pytest.approx(second, rel=1e-14)


def test_nesterov_is_sutskevers_form_seen_from_ahead() -> None:
    """Where v = mu v - lr g(theta + mu v) and theta = theta + v, the weights of the rule are theta + mu v."""
    curvatures = np.array([1.0, 7.0, 20.0])
    theta, v, mu, lr = np.array([2.0, -1.0, 0.5]), np.zeros(3), 0.8, 0.03
    stepper = optilab.get_optimizer("nesterov").start(theta, lr=lr, momentum=mu)
    for _ in range(30):
        np.testing.assert_allclose(stepper.w, theta + mu * v, rtol=1e-10, atol=1e-14)
        stepper.step(curvatures * stepper.w)
        v = mu * v - lr * curvatures * (theta + mu * v)
        theta = theta + v


@settings(max_examples=40)
@given(
    curvatures=st.lists(st.floats(1e-4, 1), min_size=3, max_size=3), size=st.floats(0.5, 20), steps=st.integers(1, 80)
)
def test_accelerated_gradient_keeps_the_promise_of_its_theorem(
    curvatures: list[float], size: float, steps: int
) -> None:
    """With lr = 1 / L the cost at x is at most 2 L |x_0|^2 / (k + 1)^2 after k steps; theta is at least (k + 2) / 2."""
    bends = size * np.array(curvatures)
    largest, w = bends.max(), np.array([1.0, -2.0, 3.0])
    stepper = optilab.get_optimizer("accelerated_gradient").start(w, lr=1 / largest)
    for k in range(1, steps + 1):
        stepper.step(bends * stepper.w)
        cost = 0.5 * np.sum(bends * stepper.evaluation_point**2)
        assert cost <= 2 * largest * (w @ w) / (k + 1) ** 2 * (1 + 1e-9)
        assert stepper.state["theta"] >= (k + 2) / 2


def test_gradient_descent_does_not_keep_that_promise() -> None:
    """Along a curvature of a thousandth, the plain method is above the bound after 200 steps, the accelerated one below."""
    left = {}
    for name in ("sgd", "accelerated_gradient"):
        stepper = optilab.get_optimizer(name).start([1.0], lr=1.0)
        for _ in range(200):
            stepper.step(1e-3 * stepper.w)
        left[name] = 0.5e-3 * stepper.evaluation_point[0] ** 2
    assert left["accelerated_gradient"] < 2 / 201**2 < left["sgd"]


def test_the_first_accelerated_step_is_plain() -> None:
    """Theta starts at 1, so that the first step doesn't look ahead; the second looks ahead by (theta_2 - 1) / theta_3."""
    stepper = optilab.get_optimizer("accelerated_gradient").start([0.0], lr=1.0)
    golden = (1 + np.sqrt(5)) / 2
    assert stepper.step([1.0])[0] == -1
    ahead = (golden - 1) / ((1 + np.sqrt(1 + 4 * golden**2)) / 2)
    assert stepper.step([1.0])[0] == pytest.approx(-2 - ahead, rel=1e-14)
    assert stepper.evaluation_point[0] == pytest.approx(-2, rel=1e-14)
