"""Averages of the weights, lookahead and schedule-free averaging: where the cost is measured, and what else they change."""

from __future__ import annotations

import numpy as np
import pytest

import optilab
from linked import way


@pytest.mark.parametrize("link", ["ema", "polyak_averaging", "swa"])
def test_averages_change_no_step(link: str) -> None:
    """The weights go the way that they go without it, bit for bit; only the place of evaluation is another."""
    np.testing.assert_array_equal(way(f"adam | {link}", lr=0.1), way("adam", lr=0.1))


@pytest.mark.parametrize("decay", [0.0, 0.5, 0.9, 0.999])
def test_moving_average_in_closed_form(decay: float) -> None:
    """It is the sum of the weights so far with shares that fall by `decay` a step; debiased, they sum to one."""
    w = way("sgd", lr=0.3)
    raw, debiased = (
        way("sgd | ema", observe="evaluation_point", lr=0.3, decay=decay, debias=debias) for debias in (False, True)
    )
    for n in range(1, len(w) + 1):
        shares = decay ** np.arange(n)[::-1]
        np.testing.assert_allclose(debiased[n - 1], shares @ w[:n] / shares.sum(), rtol=1e-11)
        first = np.array([1.0] + [1 - decay] * (n - 1))
        np.testing.assert_allclose(raw[n - 1], (first * shares) @ w[:n], rtol=1e-11)


@pytest.mark.parametrize(("start", "interval"), [(0, 1), (0, 4), (3, 1), (5, 2), (20, 1)])
def test_equal_averages_are_means(start: int, interval: int) -> None:
    """The mean of the weights after steps start + interval, start + 2 * interval, ...; before, the weights themselves."""
    w = way("sgd", lr=0.3)
    found = way("sgd | swa", observe="evaluation_point", lr=0.3, start=start, interval=interval)
    for n in range(1, len(w) + 1):
        kept = w[start + interval - 1 : n : interval]
        np.testing.assert_allclose(found[n - 1], kept.mean(axis=0) if len(kept) else w[n - 1], rtol=1e-12)
    if interval == 1:
        polyak = way("sgd | polyak_averaging", observe="evaluation_point", lr=0.3, start=start)
        np.testing.assert_allclose(found, polyak, rtol=1e-13)


def test_average_finds_the_minimum_that_noise_hides() -> None:
    """Under noisy gradients of a parabola the average is much nearer to the minimum than the last weights."""
    stepper = optilab.get_optimizer("add_gradient_noise | sgd | polyak_averaging").start(
        np.full(100, 3.0), lr=0.3, eta=1.0, gamma=0.0, start=100
    )
    for _ in range(1_000):
        stepper.step(stepper.w.copy())
    assert np.abs(stepper.w).mean() > 5 * np.abs(stepper.evaluation_point).mean()


def test_lookahead_goes_back_and_waits() -> None:
    """Slow weights move every sync_period steps, half of the way, and take the fast ones with them."""
    stepper = optilab.get_optimizer("sgd | lookahead").start([0.0], lr=1.0, sync_period=3)
    found = [(float(stepper.step([-2.0])[0]), float(stepper.evaluation_point[0])) for _ in range(6)]
    assert found == [(2, 0), (4, 0), (3, 3), (5, 3), (7, 3), (6, 6)]


def test_lookahead_in_its_limits() -> None:
    """In a period of 1 with a slow step of 1 it is the rule itself; with a slow step of 0 all comes to nothing."""
    np.testing.assert_allclose(
        way("adam | lookahead", lr=0.1, sync_period=1, slow_step_size=1.0), way("adam", lr=0.1), rtol=1e-13
    )
    stuck = way("adam | lookahead", lr=0.1, sync_period=4, slow_step_size=0.0)
    np.testing.assert_array_equal(stuck[3], stuck[7])
    assert (stuck[2] != stuck[3]).all()


def test_schedule_free_in_its_limits() -> None:
    """With beta = 0 it is the rule with an equal average; with beta = 1 gradients are those at the average."""
    np.testing.assert_allclose(way("sgd | schedule_free", beta=0.0), way("sgd"), rtol=1e-12)
    np.testing.assert_allclose(
        way("sgd | schedule_free", observe="evaluation_point", beta=0.0),
        way("sgd | polyak_averaging", observe="evaluation_point"),
        rtol=1e-12,
    )
    weights, points = (way("sgd | schedule_free", observe=place, beta=1.0) for place in ("w", "evaluation_point"))
    np.testing.assert_allclose(weights, points, rtol=1e-14)


def test_schedule_free_around_sgd_is_the_rule_of_that_name() -> None:
    """`sgd | schedule_free` goes the way of `schedule_free_sgd`."""
    for observe in ("w", "evaluation_point"):
        link = way("sgd | schedule_free", observe=observe, lr=0.2, beta=0.8, r=0.5)
        np.testing.assert_allclose(link, way("schedule_free_sgd", observe=observe, lr=0.2, beta=0.8, r=0.5), rtol=1e-12)


def test_schedule_free_before_the_first_step_of_a_warmup() -> None:
    """With a learning rate of zero nothing moves, and no share is zero over zero."""
    stepper = optilab.get_optimizer("sgd | schedule_free").start([1.0, -2.0])
    stepper.hyperparameters["lr"] = 0.0
    np.testing.assert_array_equal(stepper.step([1.0, 1.0]), [1, -2])
    stepper.hyperparameters["lr"] = 0.1
    np.testing.assert_allclose(stepper.step([1.0, 1.0]), [0.9, -2.1], rtol=1e-14)
