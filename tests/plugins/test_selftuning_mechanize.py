"""Mechanize: a learned scale on the steps of the rule before it."""

from __future__ import annotations

import numpy as np
import pytest
from plugins.selftuned import drawn, walk

import optilab


@pytest.mark.parametrize("base", ["sgd", "adam", "momentum"])
def test_mechanize_begins_with_a_small_part_of_the_step(base: str) -> None:
    """The first step is s_init times that of the rule before, and the weights are w0 - sum(s) * delta ever after."""
    gradients, costs = drawn()
    start = np.random.default_rng(1).normal(size=6)
    whole = walk(base, gradients[:1], costs[:1], start, lr=0.5)[0] - start
    stepper = optilab.get_optimizer(f"{base} | mechanize").start(start, lr=0.5, s_init=0.01)
    np.testing.assert_allclose(stepper.step(gradients[0]) - start, 0.01 * whole, rtol=1e-9)
    for g in gradients[1:]:
        stepper.step(g)
        state = {k.partition(".")[2]: v for k, v in stepper.state.items() if k.startswith("mechanize")}
        np.testing.assert_allclose(stepper.w, start - state["s"].sum() * state["delta"], rtol=1e-13)
    assert state["s"].size == 6


def test_mechanize_adds_up_the_steps_of_the_rule_before() -> None:
    """With a tiny eps, delta is minus the sum of the steps that the rule before has taken."""
    gradients, _ = drawn()
    stepper = optilab.get_optimizer("sgd | mechanize").start(np.ones(6), lr=0.25, eps=1e-300)
    for g in gradients:
        stepper.step(g)
    np.testing.assert_allclose(stepper.state["mechanize.delta"], 0.25 * gradients.sum(axis=0), rtol=1e-7)


def test_mechanize_grows_while_gradients_agree() -> None:
    """Along a constant slope the sum of s grows without bound; where gradients turn against the sum, it falls."""
    stepper = optilab.get_optimizer("sgd | mechanize").start([0.0], lr=1.0)
    sums = []
    for step in range(150):
        stepper.step([1.0 if step < 100 else -1.0])
        sums.append(stepper.state["mechanize.s"].sum())
    assert sums[99] > 100 * sums[0]
    assert sums[-1] < 0.5 * max(sums)


def test_mechanize_has_as_many_betas_as_asked() -> None:
    """num_betas is the length of its four arrays."""
    stepper = optilab.get_optimizer("sgd | mechanize").start([1.0, 2.0], num_betas=3)
    assert [stepper.state[f"mechanize.{name}"].size for name in "srmv"] == [3, 3, 3, 3]
    np.testing.assert_allclose(stepper.state["mechanize.s"], 1e-6, rtol=1e-12)
