"""Links around a rule: masks and grafts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import optilab
from linked import SIZE, layers, values, way
from walking import (
    Vector,
)


@settings(max_examples=30)
@given(
    gradients=arrays.arrays(np.float64, (4, SIZE), elements=values), rescale=st.sampled_from(["mean", "count", "off"])
)
def test_cautious_steps_never_go_up(gradients: Vector, rescale: str) -> None:
    """No weight moves along its gradient; those that momentum moves down it move by that, times a number a layer."""
    plain = optilab.get_optimizer("momentum").start(layers(np.ones(SIZE)))
    masked = optilab.get_optimizer("momentum | cautious").start(layers(np.ones(SIZE)), rescale=rescale)
    for g in gradients:
        steps = [layers(stepper.w.copy()) for stepper in (plain, masked)]
        for stepper in (plain, masked):
            stepper.step(g)
        base, found = (
            [b - a for a, b in zip(s, layers(x.w), strict=True)] for s, x in zip(steps, (plain, masked), strict=True)
        )
        for step, own, slope in zip(base, found, layers(g), strict=True):
            assert (own * slope <= 0).all()
            mask = step * slope < -1e-9
            factor = {"mean": 1 / max(mask.mean(), 1e-3), "count": mask.size / (1 + mask.sum()), "off": 1.0}[rescale]
            if not (np.abs(step * slope) < 1e-9)[slope != 0].any():
                np.testing.assert_allclose(own, factor * step * mask, rtol=1e-7, atol=1e-11)


@pytest.mark.parametrize(("rescale", "factor"), [("off", 1), ("mean", 2), ("count", 4 / 3)])
def test_cautious_leaves_out_a_step_along_no_slope(rescale: str, factor: float) -> None:
    """Where the gradient is zero, or the step goes up, momentum moves nothing; the two other weights of four make up for it."""
    stepper = optilab.get_optimizer("momentum | cautious").start(np.zeros(4), lr=1.0, momentum=0.5, rescale=rescale)
    np.testing.assert_allclose(
        stepper.step([1.0, 1.0, 1.0, 1.0]), [-4 / 5 if rescale == "count" else -1] * 4, rtol=1e-14
    )
    moved = np.diff([stepper.w.copy(), stepper.step([0.0, 1.0, -0.25, 1.0]).copy()], axis=0)[0]
    np.testing.assert_allclose(moved, [0, -1.5 * factor, 0, -1.5 * factor], rtol=1e-14)


def test_cautious_keeps_a_step_that_goes_down_everywhere() -> None:
    """Around SGD, whose steps all go down, it changes nothing."""
    np.testing.assert_allclose(way("sgd | cautious"), way("sgd"), rtol=1e-12)


def test_cautious_makes_no_step_longer_than_a_thousandfold() -> None:
    """Where one of 5,000 weights goes down, its step is multiplied by 1000, not by 5000."""
    g = np.ones(5_000)
    stepper = optilab.get_optimizer("momentum | cautious").start(np.zeros(5_000), lr=1.0)
    before = stepper.step(g).copy()
    g[1:] = -0.1  # up the slope, for a momentum of 0.9
    moved = stepper.step(g) - before
    assert moved[0] == pytest.approx(-1_900.0)
    assert not moved[1:].any()


def test_cautious_leaves_alone_what_stands_outside() -> None:
    """With `remember_start` before the rule, decay after the mask is no part of the step; without it, it is."""
    for first, expected in (("remember_start | ", 0.9 * 0.9), ("", 0.9)):
        stepper = optilab.get_optimizer(f"{first}sgd | cautious | weight_decay").start([1.0], lr=1.0, weight_decay=0.1)
        stepper.step([0.0])
        assert stepper.step([0.0])[0] == pytest.approx(expected)


def test_graft_has_one_direction_and_the_other_length() -> None:
    """Each layer moves along the gradient, as SGD does, and as far as Adam on the same way would move it."""
    random = np.random.default_rng(3)
    grafted = optilab.get_optimizer("sgd | take_direction | adam | take_length").start(
        layers(np.zeros(SIZE)), **dict[str, Any]({"sgd.lr": 7.0, "adam.lr": 0.1})
    )
    adam = optilab.get_optimizer("adam").start(layers(np.zeros(SIZE)), lr=0.1)
    for g in random.normal(size=(5, SIZE)):
        before = [stepper.w.copy() for stepper in (grafted, adam)]
        steps = [layers(stepper.step(g) - w) for stepper, w in zip((grafted, adam), before, strict=True)]
        for own, other, slope in zip(*steps, layers(g), strict=True):
            assert np.linalg.norm(own) == pytest.approx(np.linalg.norm(other), rel=1e-10)
            np.testing.assert_allclose(own / np.linalg.norm(own), -slope / np.linalg.norm(slope), rtol=1e-9, atol=1e-12)


def test_graft_of_a_rule_on_itself_is_the_rule() -> None:
    """Direction and length of Adam make Adam, over each layer or all together."""
    for layerwise in (True, False):
        grafted = way("adam | take_direction | adam | take_length", lr=0.1, layerwise=layerwise)
        np.testing.assert_allclose(grafted, way("adam", lr=0.1), rtol=1e-11)


def test_graft_on_a_rule_that_stands_still_does_so_too() -> None:
    """A layer without a direction doesn't move, whatever the momentum of the other rule."""
    stepper = optilab.get_optimizer("sgd | take_direction | momentum | take_length").start([0.0, 0.0], lr=0.1)
    moved = stepper.step([1.0, 0.0]).copy()
    assert moved[0] < 0
    np.testing.assert_array_equal(stepper.step([0.0, 0.0]), moved)
