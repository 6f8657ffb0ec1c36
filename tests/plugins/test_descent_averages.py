"""Descent whose weights are averaged: ASGD and schedule-free."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optilab
from walking import (
    seeds,
    walk,
)


@pytest.mark.parametrize("t0", [0, 7])
def test_asgd_answers_with_the_mean_since_t0(t0: int) -> None:
    """The point of evaluation is w until step t0 + 2, and then the mean of the weights from that step on."""
    weights, points = walk("asgd", t0=float(t0)), walk("asgd", t0=float(t0), observe="evaluation_point")
    np.testing.assert_array_equal(points[: t0 + 2], weights[: t0 + 2])
    for t in range(t0 + 3, 21):
        np.testing.assert_allclose(points[t - 1], weights[t0 + 1 : t].mean(axis=0), rtol=1e-12)


def test_the_steps_of_asgd_shrink() -> None:
    """A constant gradient of 1 moves weight 0 by lr / (1 + lambd * lr * (t - 1))^alpha, and by what lambd takes off."""
    stepper = optilab.get_optimizer("asgd").start([0.0], lr=2.0, lambd=0.25, alpha=0.5)
    assert stepper.step([1.0])[0] == pytest.approx(-2, rel=1e-14)
    second = 2 / np.sqrt(1.5)
    assert stepper.step([1.0])[0] == pytest.approx(-2 - second * (1 - 0.25 * 2), rel=1e-14)


def test_schedule_free_descent_averages_its_iterates() -> None:
    """With beta = 0 the weights are those of plain descent, and the point of evaluation is their mean."""
    given: dict[str, Any] = {"beta": 0.0, "lr": 0.1}
    weights, points = (walk("schedule_free_sgd", observe=o, **given) for o in ("w", "evaluation_point"))
    means = np.cumsum(weights, axis=0) / np.arange(1, 21)[:, None]
    np.testing.assert_allclose(points, means, rtol=1e-11)


@settings(max_examples=30)
@given(seed=seeds, beta=st.floats(0, 1))
@pytest.mark.parametrize(("name", "called"), [("schedule_free_sgd", "beta"), ("schedule_free_adamw", "beta1")])
def test_schedule_free_weights_lie_between_descent_and_average(name: str, called: str, seed: int, beta: float) -> None:
    """After every step w = (1 - beta) z + beta x, and it is measured at x."""
    random = np.random.default_rng(seed)
    stepper = optilab.get_optimizer(name).start(random.normal(size=4), **dict[str, Any]({called: beta}))
    for gradient in random.normal(size=(8, 4)):
        stepper.step(gradient)
        x, z = stepper.state["x"], stepper.state["z"]
        np.testing.assert_allclose(stepper.w, (1 - beta) * z + beta * x, rtol=1e-10, atol=1e-12)
        np.testing.assert_array_equal(stepper.evaluation_point, x)


@pytest.mark.parametrize("name", ["schedule_free_sgd", "schedule_free_adamw"])
def test_schedule_free_waits_where_a_schedule_begins_at_zero(name: str) -> None:
    """A learning rate of zero moves nothing, and no average is divided by a sum of weights of zero."""
    stepper = optilab.get_optimizer(name).start([1.0, 2.0], lr=0.5)
    stepper.hyperparameters["lr"] = 0.0
    np.testing.assert_array_equal(stepper.step([3.0, 4.0]), [1.0, 2.0])
    stepper.hyperparameters["lr"] = 0.5
    assert (stepper.step([3.0, 4.0]) < [1.0, 2.0]).all()


def test_warmup_by_hand() -> None:
    """Over four steps z moves by 1/4, 2/4, 3/4, 4/4 and then 4/4 of lr; from zero, by 0/4, 1/4, 2/4, 3/4, 4/4."""
    for from_zero, expected in ((False, [1, 2, 3, 4, 4]), (True, [0, 1, 2, 3, 4])):
        stepper = optilab.get_optimizer("schedule_free_sgd").start(
            [0.0], lr=1.0, warmup_steps=4, warmup_from_zero=from_zero
        )
        zs = [0.0]
        for _ in range(5):
            stepper.step([1.0])
            zs.append(float(stepper.state["z"][0]))
        np.testing.assert_allclose(-np.diff(zs), np.array(expected) / 4, rtol=1e-14)


def test_weights_of_the_schedule_free_average_by_hand() -> None:
    """Rates 1/2 and 1 weigh 1/4 and 1 with a power of 2; a lower rate later weighs as much as the highest so far."""
    stepper = optilab.get_optimizer("schedule_free_sgd").start([0.0], lr=1.0, warmup_steps=2)
    stepper.step([1.0])
    stepper.step([1.0])
    assert stepper.evaluation_point[0] == pytest.approx((0.25 * -0.5 + 1 * -1.5) / 1.25, rel=1e-14)
    stepper.hyperparameters["lr"] = 0.5
    stepper.step([1.0])
    assert stepper.evaluation_point[0] == pytest.approx((0.25 * -0.5 + 1 * -1.5 + 1 * -2.0) / 2.25, rel=1e-14)


def test_a_run_measures_the_average() -> None:
    """The cost in the history of a run is that at the point of evaluation, not at w."""
    problem = optilab.get_problem("bowl")
    run = optilab.train(problem, "schedule_free_sgd", lr=0.3, steps=10, seed=0)
    stepper = optilab.get_optimizer("schedule_free_sgd").start(problem.initial(), problem=problem, lr=0.3)
    for _ in range(10):
        stepper.step()
    at_x, at_w = (0.5 * (p[0] ** 2 + 20 * p[1] ** 2) for p in (stepper.evaluation_point, stepper.w))
    assert run.history["train_cost"].iloc[-1] == pytest.approx(at_x, rel=1e-10)
    assert abs(at_x - at_w) > 1e-3 * at_x
