"""Rules that find the length of their steps themselves: what holds for all of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from plugins.selftuned import drawn, walk

import optilab

RULES = [
    "polyak",
    "ali_g",
    "dog",
    "l_dog",
    "dowg",
    "dadapt_sgd",
    "dadapt_adam",
    "prodigy",
    "momo",
    "momo_adam",
    "sgd | mechanize",
]


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("late", [0, 3])
def test_not_a_number_in_a_gradient_reaches_its_weight(name: str, late: int) -> None:
    """A gradient of NaN, in the first step or later, makes its weight NaN, so that divergence is seen."""
    gradients, costs = drawn()
    gradients[late, 2] = np.nan
    assert np.isnan(walk(name, gradients[: late + 1], costs[: late + 1])[-1, 2])


@pytest.mark.parametrize("name", RULES)
def test_a_gradient_of_zero_moves_nothing(name: str) -> None:
    """Without a slope from the beginning no rule moves, none divides zero by zero, and steps come when the slope does."""
    gradients, costs = drawn()
    gradients[:3] = 0
    start = np.arange(1.0, 7.0)
    found = walk(name, gradients, costs, start)
    np.testing.assert_array_equal(found[:3], [start] * 3)
    assert np.isfinite(found).all()
    assert (found[-1] != start).all()


@pytest.mark.parametrize("name", RULES)
def test_rule_in_single_precision(name: str) -> None:
    """In float32 each rule stays near its walk in float64, and its weights and states a weight stay in float32."""
    gradients, costs = drawn()
    gradients *= 0.1
    fast: dict[str, Any] = (
        {"first": 0.1} if "dog" in name else {"d0": 0.1} if "prodigy" in name or "dadapt" in name else {}
    )
    fast = (
        {"s_init": 0.1, "num_betas": 3}
        if "mechanize" in name
        else {"first": 0.1, "eps": 0.1}
        if name == "dowg"
        else fast
    )
    expected = walk(name, gradients, costs, **fast)
    start = np.random.default_rng(1).normal(size=6).astype(np.float32)
    stepper = optilab.get_optimizer(name).start(start, **fast)
    for g, cost in zip(gradients, costs, strict=True):
        stepper.step(g.astype(np.float32), cost)
    assert stepper.w.dtype == np.float32
    assert {state.dtype for state in stepper.state.values() if state.size == 6} <= {np.dtype(np.float32)}
    assert np.abs(expected[-1] - start).max() > 1e-3
    np.testing.assert_allclose(stepper.w, expected[-1], rtol=1e-3, atol=1e-3 * np.abs(expected[-1]).max())


@pytest.mark.parametrize(
    ("name", "hyperparameters", "plain", "its"),
    [
        ("momo", {"beta": 0.0}, "polyak", {"c": 1.0}),
        ("momo", {"beta": 0.0, "bias_correction": True, "lr": 0.1}, "polyak", {"c": 1.0, "lr": 0.1}),
        ("ali_g", {"eps": 0.0, "lr": 0.3}, "polyak", {"c": 1.0, "lr": 0.3}),
        ("ali_g", {"eps": 0.7, "lr": 0.3}, "polyak", {"c": 1.0, "lr": 0.3, "eps": 0.7}),
        ("polyak", {"growth": 1e300, "lr": 1e-3, "c": 1.0}, "polyak", {"lr": 1e9, "c": 1.0}),
        ("polyak", {"sps_plus": True}, "polyak", {}),
    ],
)
def test_rule_in_its_limit_is_another(
    name: str, hyperparameters: dict[str, Any], plain: str, its: dict[str, Any]
) -> None:
    """Without what sets it apart, a rule takes the steps of the plainer one."""
    gradients, costs = drawn()
    found, expected = walk(name, gradients, costs, **hyperparameters), walk(plain, gradients, costs, **its)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-13)
