"""RMSprop, Lion and Rprop: the gradient over its size, or its sign."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plugins.one_weight import along

import optilab
from walking import (
    seeds,
    walk,
)


def test_rmsprop_starts_where_it_is_told() -> None:
    """From 4, halved and joined by half the square of a gradient of 2, the mean square stays 4: a step of lr * 2 / 2."""
    assert along("rmsprop", [2.0], lr=0.1, alpha=0.5, eps=0.0, initial_accumulator=4.0)[0] == pytest.approx(-0.1)


@pytest.mark.parametrize("slope", [1e-4, 3.0])
def test_rmsprop_without_bias_steps_by_lr_on_a_constant_slope(slope: float) -> None:
    """With correct_bias a constant gradient is divided by its own size from the first step on."""
    walked = along("rmsprop", [slope] * 5, lr=0.1, eps=0.0, correct_bias=True)
    np.testing.assert_allclose(walked, -0.1 * np.arange(1, 6), rtol=1e-12)


def test_centered_rmsprop_divides_by_the_deviation() -> None:
    """Gradients 3 and 1, at alpha = 1/2: mean 1.25, mean square 2.75; without bias 5/3 and 11/3, a variance of 8/9."""
    given = {"lr": 1.0, "alpha": 0.5, "eps": 1.0, "centered": True}
    first = 3 / (np.sqrt(4.5 - 1.5**2) + 1)
    walked = along("rmsprop", [3.0, 1.0], **given)
    np.testing.assert_allclose(walked, [-first, -first - 1 / (np.sqrt(2.75 - 1.25**2) + 1)], rtol=1e-13)
    corrected = np.diff(along("rmsprop", [3.0, 1.0], **given, correct_bias=True))
    np.testing.assert_allclose(corrected, -1 / (np.sqrt(8 / 9) + 1), rtol=1e-13)


@pytest.mark.parametrize("nesterov", [False, True])
def test_where_the_learning_rate_of_rmsprop_stands(nesterov: bool) -> None:
    """A gradient at lr 1 goes on in the next step, at lr 0.1, as half of what it was: of the sum, or of the step."""
    for inside, second in ((False, 0.05), (True, 0.5)):
        stepper = optilab.get_optimizer("rmsprop").start(
            [0.0], lr=1.0, alpha=0.0, eps=1e-300, momentum=0.5, nesterov=nesterov, lr_inside_momentum=inside
        )
        first = stepper.step([2.0])[0]
        assert first == pytest.approx(-1.5 if nesterov else -1)
        stepper.hyperparameters["lr"] = 0.1
        assert first - stepper.step([0.0])[0] == pytest.approx(second / 2 if nesterov else second, rel=1e-14)


@pytest.mark.parametrize("switch", ["lr_inside_momentum", "nesterov"])
def test_switches_of_rmsprops_momentum_need_momentum(switch: str) -> None:
    """At momentum 0 and a constant learning rate they change nothing."""
    np.testing.assert_allclose(walk("rmsprop", **dict[str, Any]({switch: True})), walk("rmsprop"), rtol=1e-13)


def test_modes_of_lion_by_hand() -> None:
    """A first gradient of g makes c = (1 - beta1) * g: its sign, its tanh, or c itself, unless that is above 1."""
    for g, refined in ((4.0, 0.4), (-30.0, -1.0)):
        given = {"lr": 0.1, "beta1": 0.9}
        assert along("lion", [g], **given)[0] == pytest.approx(-0.1 * np.sign(g), rel=1e-14)
        smooth = along("lion", [g], **given, mode="smooth", smooth_beta=2.0)[0]
        assert smooth == pytest.approx(-0.1 * np.tanh(0.2 * g), rel=1e-13)
        assert along("lion", [g], **given, mode="refined")[0] == pytest.approx(-0.1 * refined, rel=1e-13)


@settings(max_examples=20)
@given(seed=seeds)
def test_a_steep_smooth_lion_is_a_hard_one(seed: int) -> None:
    """The steeper its tanh, the nearer to the sign."""
    steep = walk("lion", seed, mode="smooth", smooth_beta=1e12, weight_decay=0.1)
    np.testing.assert_allclose(steep, walk("lion", seed, weight_decay=0.1), rtol=1e-12)


def test_rprop_on_a_constant_sign() -> None:
    """Its steps are first_step, 1.2 of it, 1.44 of it, ... whatever the slope, and end at max_step."""
    sizes = np.minimum(0.1 * 1.2 ** np.arange(12), 0.3)
    walked = along("rprop", [3.0, 1e-9, 50.0] * 4, first_step=0.1, max_step=0.3)
    np.testing.assert_allclose(walked, -np.cumsum(sizes), rtol=1e-12)


def test_rprop_waits_after_a_flip() -> None:
    """Where the sign flips the step is halved and not taken; then it goes on at that size, and grows again."""
    np.testing.assert_allclose(
        along("rprop", [1.0, 1.0, -1.0, -1.0, -1.0], w=5.0, first_step=0.1), [4.9, 4.78, 4.78, 4.84, 4.912], rtol=1e-13
    )


def test_rprop_of_optax_is_a_step_behind() -> None:
    """What optax.rprop 0.2.8 does at a first step of 0.1: it ends a step earlier, and loses a step that is out of date when the sign flips."""
    optax = [5.0, 4.9, 4.78, 4.636, 4.4632, 4.25584]
    np.testing.assert_allclose(along("rprop", [1, 2, 1, 3, 1], w=5.0, first_step=0.1), optax[1:], rtol=1e-12)
    flipping = [5.0, 4.9, 4.9, 4.9, 4.96, 5.032]
    ours = along("rprop", [1, 1, -1, -1, -1], w=5.0, first_step=0.1)
    np.testing.assert_allclose(ours[0], flipping[1], rtol=1e-12)
    np.testing.assert_allclose(ours[2:], np.array(flipping[3:]) - 0.12, rtol=1e-12)


@settings(max_examples=30)
@given(seed=seeds, scale=st.sampled_from([1e-200, 1.0, 1e200]))
def test_rprop_keeps_its_steps_within_bounds(seed: int, scale: float) -> None:
    """Sizes stay from min_step to max_step, and don't depend on the size of gradients, even where squares would vanish."""
    random = np.random.default_rng(seed)
    given: dict[str, Any] = {"first_step": 0.1, "min_step": 0.06, "max_step": 0.15}
    one, other = (optilab.get_optimizer("rprop").start(np.zeros(6), **given) for _ in range(2))
    for gradient in random.normal(size=(15, 6)):
        np.testing.assert_array_equal(one.step(gradient), other.step(scale * gradient))
        assert ((one.state["size"] >= 0.06) & (one.state["size"] <= 0.15)).all()


def test_lion_moves_every_weight_equally_far() -> None:
    """Without weight decay, each step of Lion is lr in one direction or the other, whatever the gradient."""
    steps = np.diff(walk("lion", steps=40, lr=0.25), axis=0)
    np.testing.assert_allclose(np.abs(steps), 0.25, rtol=1e-12)
    assert {-1, 1} == set(np.sign(steps).ravel())


def test_lion_leaves_a_weight_without_gradient() -> None:
    """The sign of zero is zero: a weight that never had a gradient does not move."""
    stepper = optilab.get_optimizer("lion").start([1.0, 1.0], lr=0.1)
    np.testing.assert_allclose(stepper.step([0.0, 5.0]), [1.0, 0.9], rtol=1e-15)
