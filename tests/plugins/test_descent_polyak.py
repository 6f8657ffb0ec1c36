"""Polyak's step length: the gap to the lowest cost over the squared slope."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import optilab


def test_polyak_by_hand() -> None:
    """A cost of 3 over a gradient of length 5: the step is (3 - 1) / (0.5 * 25) times the gradient, at most lr."""
    stepper = optilab.get_optimizer("polyak").start([1.0, 1.0], lowest=1.0)
    np.testing.assert_allclose(stepper.step([3.0, 4.0], cost=3.0), [1 - 0.16 * 3, 1 - 0.16 * 4], rtol=1e-14)
    stepper = optilab.get_optimizer("polyak").start([1.0, 1.0], lr=0.1, c=1.0)
    np.testing.assert_allclose(stepper.step([3.0, 4.0], cost=3.0), [0.7, 0.6], rtol=1e-14)
    np.testing.assert_allclose(stepper.step([3.0, 4.0], cost=1.0), [0.7 - 0.12, 0.6 - 0.16], rtol=1e-14)
    np.testing.assert_allclose(stepper.step([0.0, 0.0], cost=1.0), [0.58, 0.44], rtol=1e-14)


def test_polyak_is_its_numpy_twin() -> None:
    """Over 40 random gradients and costs it takes the steps of equation 3."""
    random = np.random.default_rng(6)
    w, gradients, costs = random.normal(size=5), random.normal(size=(40, 5)), random.uniform(0, 9, 40)
    stepper = optilab.get_optimizer("polyak").start(w, lr=0.8, c=0.7, lowest=-0.5)
    capped = 0
    for g, cost in zip(gradients, costs, strict=True):
        length = (cost + 0.5) / (0.7 * (g @ g))
        capped += length > 0.8
        w = w - min(0.8, length) * g
        np.testing.assert_allclose(stepper.step(g, cost), w, rtol=1e-12)
    assert 0 < capped < 40


def test_polyak_finds_the_bottom_of_a_parabola_at_once() -> None:
    """On a parabola the step of the paper, with c = 1/2, ends at the minimum, whatever the curvature."""
    problem = optilab.get_problem("parabola", curvature=8.0)
    assert optilab.train(problem, "polyak", steps=1).w[0] == pytest.approx(0, abs=1e-14)
    # Polyak's own c = 1 goes twice as far, capped by lr at where gradient descent goes.
    assert optilab.train(problem, "polyak", steps=1, c=1.0).w[0] == pytest.approx(-1, rel=1e-14)


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("polyak", {"c": 0}, r"c = 0 is out of range: accepted is \(0, inf\)"),
    ],
)
def test_a_refusal_says_what_is_accepted(name: str, given: dict[str, Any], message: str) -> None:
    """Hyperparameters out of the range that the rule declares are refused, with what is accepted."""
    with pytest.raises(optilab.InputError, match=message):
        optilab.get_optimizer(name).fill(given)
