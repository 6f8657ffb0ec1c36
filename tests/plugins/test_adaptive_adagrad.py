"""Adagrad, Adadelta, and rules that remember the first weights: MADGRAD and COCOB."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plugins.one_weight import along

import optilab
from walking import (
    seeds,
)


def test_adagrad_on_a_constant_slope() -> None:
    """Its t-th step is lr / sqrt(t), whatever the slope; with lr_decay, over 1 + (t - 1) * lr_decay."""
    t = np.arange(1, 11)
    for slope in (1e-3, 50.0):
        for decay in (0.0, 0.5):
            walked = along("adagrad", [slope] * 10, lr=0.1, eps=0.0, lr_decay=decay)
            np.testing.assert_allclose(walked, -np.cumsum(0.1 / np.sqrt(t) / (1 + (t - 1) * decay)), rtol=1e-12)


@settings(max_examples=30)
@given(seed=seeds, initial=st.floats(0, 2))
def test_adagrad_remembers_all_squares(seed: int, initial: float) -> None:
    """Its memory is where it started plus the sum of all squares, and never falls."""
    random = np.random.default_rng(seed)
    stepper = optilab.get_optimizer("adagrad").start(np.zeros(4), initial_accumulator=initial)
    gradients = random.normal(size=(10, 4))
    last = stepper.state["s"].copy()
    for t, gradient in enumerate(gradients, 1):
        stepper.step(gradient)
        np.testing.assert_allclose(stepper.state["s"], initial + np.sum(gradients[:t] ** 2, axis=0), rtol=1e-12)
        assert (stepper.state["s"] >= last).all()
        last = stepper.state["s"].copy()


def test_where_the_eps_of_adagrad_stands() -> None:
    """A gradient of 3 with eps 7: over 3 + 7, or over the root of 9 + 7."""
    assert along("adagrad", [3.0], lr=1.0, eps=7.0)[0] == pytest.approx(-0.3, rel=1e-14)
    assert along("adagrad", [3.0], lr=1.0, eps=7.0, eps_inside=True)[0] == pytest.approx(-0.75, rel=1e-14)


def test_the_first_step_of_adadelta() -> None:
    """It is sqrt(eps) over the root of (1 - rho) * g^2 + eps, times g; the next knows that step's square."""
    first = np.sqrt(0.04 / (0.5 * 9 + 0.04)) * 3
    second = np.sqrt((0.5 * first**2 + 0.04) / (0.75 * 9 + 0.04)) * 3
    walked = along("adadelta", [3.0, 3.0], lr=2.0, rho=0.5, eps=0.04)
    np.testing.assert_allclose(walked, [-2 * first, -2 * (first + second)], rtol=1e-13)


def test_madgrad_without_momentum_in_closed_form() -> None:
    """On a constant slope g it is lr^(2/3) * g^(1/3) * (sum of sqrt(t))^(2/3) from where it began."""
    sums = np.cumsum(np.sqrt(np.arange(1, 9)))
    walked = along("madgrad", [8.0] * 8, w=1.0, lr=0.1, momentum=0.0, eps=0.0)
    np.testing.assert_allclose(walked, 1 - 0.1 ** (2 / 3) * 2 * sums ** (2 / 3), rtol=1e-12)


def test_madgrad_moves_a_tenth_of_the_way() -> None:
    """With momentum 0.9 a step goes a tenth of the way to where it would go without, from where it is."""
    random = np.random.default_rng(1)
    plain, slow = (optilab.get_optimizer("madgrad").start(np.ones(4), momentum=mu) for mu in (0.0, 0.9))
    for gradient in random.normal(size=(10, 4)):
        before = slow.w.copy()
        z = plain.step(gradient)
        np.testing.assert_allclose(slow.step(gradient), 0.9 * before + 0.1 * z, rtol=1e-12)


@settings(max_examples=30)
@given(seed=seeds, alpha=st.floats(1, 200))
def test_what_cocob_remembers(seed: int, alpha: float) -> None:
    """The largest and the summed gradients never fall, the reward is never negative, theta is minus the sum of gradients."""
    random = np.random.default_rng(seed)
    stepper = optilab.get_optimizer("cocob").start(np.ones(4), alpha=alpha)
    gradients = random.normal(size=(12, 4))
    for t, gradient in enumerate(gradients, 1):
        stepper.step(gradient)
        seen, state = gradients[:t], stepper.state
        np.testing.assert_array_equal(state["largest"], np.abs(seen).max(axis=0))
        np.testing.assert_allclose(state["absolute"], np.abs(seen).sum(axis=0), rtol=1e-12)
        np.testing.assert_allclose(state["theta"], -seen.sum(axis=0), rtol=1e-9, atol=1e-12)
        assert (state["reward"] >= 0).all()


def test_the_first_step_of_cocob() -> None:
    """Whatever the slope, it goes down by 1 / max(2, alpha)."""
    for slope in (1e-3, -7.0):
        assert along("cocob", [slope])[0] == pytest.approx(-np.sign(slope) / 100, rel=1e-12)
        assert along("cocob", [slope], alpha=1.0)[0] == pytest.approx(-np.sign(slope) / 2, rel=1e-12)


def test_cocob_bets_more_the_longer_it_wins() -> None:
    """On a constant slope its steps grow: it is not told how far to go."""
    steps = -np.diff([0.0, *along("cocob", [0.1] * 300)])
    assert (np.diff(steps) > 0).all()
    assert steps[-1] > 2 * steps[0]
