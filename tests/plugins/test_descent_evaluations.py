"""Rules that evaluate the problem themselves: what holds for all of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import optilab

RULES = ["sophia", "adahessian", "sam | sgd", "asam | sgd"]


@pytest.mark.parametrize("name", RULES)
def test_a_gradient_of_zero_moves_nothing(name: str) -> None:
    """At a minimum no rule moves, but for weight decay, and none divides zero by zero."""
    problem = optilab.get_problem("rosenbrock", start=[1.0, 1.0])
    decay: dict[str, Any] = {"weight_decay": 0.0} if name == "sophia" else {}
    stepper = optilab.get_optimizer(name).start([1.0, 1.0], problem=problem, **decay)
    for _ in range(3):
        np.testing.assert_array_equal(stepper.step(), [1.0, 1.0])


@pytest.mark.parametrize("name", RULES)
def test_not_a_number_in_a_gradient_reaches_its_weight(name: str) -> None:
    """A gradient of NaN makes its weight NaN, so that divergence is seen."""
    problem = optilab.get_problem("rosenbrock")
    for late in (0, 2):
        stepper = optilab.get_optimizer(name).start([0.5, 0.5], problem=problem)
        for _ in range(late):
            stepper.step()
        stepper.step([1.0, np.nan], cost=1.0)
        assert np.isnan(stepper.w[1])
