"""Polyak's step and MoMo: costs and their lowest value bound each step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st
from plugins.selftuned import drawn, walk

import optilab


@pytest.mark.parametrize(
    ("name", "hyperparameters", "plain", "its"),
    [
        ("polyak", {"lr": 0.1}, "sgd", {"lr": 0.1}),
        ("ali_g", {"lr": 0.1, "momentum": 0.9}, "nesterov", {"lr": 0.1, "momentum": 0.9}),
        (
            "ali_g",
            {"lr": 0.1, "momentum": 0.9, "step_inside_momentum": False},
            "nesterov",
            {"lr": 0.1, "momentum": 0.9},
        ),
        ("momo_adam", {"lr": 0.1}, "adam", {"lr": 0.1}),
        ("momo_adam", {"lr": 0.1, "weight_decay": 0.2, "decay": "linear"}, "adamw", {"lr": 0.1, "weight_decay": 0.2}),
    ],
)
def test_a_huge_cost_leaves_the_rule_without_its_bound(
    name: str, hyperparameters: dict[str, Any], plain: str, its: dict[str, Any]
) -> None:
    """Where the cost is far above its lowest value, lr bounds each step, and what is left is the rule underneath."""
    gradients, costs = drawn()
    found = walk(name, gradients, costs + 1e9, **hyperparameters)
    np.testing.assert_allclose(found, walk(plain, gradients, costs, **its), rtol=1e-10, atol=1e-12)


def test_costs_at_their_lowest_stop_the_steps() -> None:
    """Where the cost is its lowest, Polyak's step is zero; below, it goes uphill, but for SPS+."""
    g = [3.0, 4.0]
    cases: list[tuple[dict[str, Any], float, list[float]]] = [
        ({"lowest": 1.0}, 1.0, [1.0, 1.0]),
        ({"lowest": 1.0}, 0.5, [1 + 0.04 * 3, 1 + 0.04 * 4]),
        ({"lowest": 1.0, "sps_plus": True}, 0.5, [1.0, 1.0]),
        ({"lowest": 1.0, "eps": 12.5}, 2.0, [1 - 0.04 * 3, 1 - 0.04 * 4]),
    ]
    for hyperparameters, cost, expected in cases:
        stepper = optilab.get_optimizer("polyak").start([1.0, 1.0], **hyperparameters)
        np.testing.assert_allclose(stepper.step(g, cost=cost), expected, rtol=1e-14)


@example_settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), growth=st.floats(1.0, 3.0))
def test_a_smoothed_step_never_grows_faster_than_it_may(seed: int, growth: float) -> None:
    """With a finite growth, no step of Polyak's is longer than growth times the last one that was not zero."""
    gradients, costs = drawn(seed)
    costs[4] = 0  # a step of zero, after which steps grow from the one before
    found = walk("polyak", gradients, costs, np.zeros(6), lr=1e-3, growth=growth)
    moves = np.diff(np.vstack([np.zeros(6), found]), axis=0)
    lengths = np.linalg.norm(moves, axis=1) / np.linalg.norm(gradients, axis=1)
    assert lengths[4] == 0
    lengths = np.delete(lengths, 4)
    assert lengths[0] <= 1e-3 * growth * (1 + 1e-9)
    assert (lengths[1:] <= growth * lengths[:-1] * (1 + 1e-7)).all()
    assert (lengths > 0).all()


def test_momo_does_not_step_below_its_bound() -> None:
    """On a cost that is its own linear model, one step of MoMo ends at the lowest cost, from wherever it comes."""
    slope = np.array([3.0, 4.0])
    stepper = optilab.get_optimizer("momo").start([2.0, 1.0], lr=1e9, lowest=-5.0)
    for _ in range(3):
        w = stepper.step(slope, cost=slope @ stepper.w)
        assert slope @ w == pytest.approx(-5.0, rel=1e-12)


@example_settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), name=st.sampled_from(["momo", "momo_adam"]))
def test_an_adapted_bound_is_never_below_the_given_one(seed: int, name: str) -> None:
    """adapt_lower_bound moves the bound, and never below `lowest`; without it the bound stays."""
    gradients, costs = drawn(seed)
    for adapt in (True, False):
        stepper = optilab.get_optimizer(name).start(np.ones(6), lowest=-0.5, adapt_lower_bound=adapt, lr=0.5)
        bounds = []
        for g, cost in zip(gradients, costs, strict=True):
            stepper.step(g, cost)
            bounds.append(stepper.state["bound"][0])
        assert min(bounds) >= -0.5
        assert (max(bounds) > -0.5) == adapt
