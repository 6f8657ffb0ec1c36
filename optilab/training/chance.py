"""Chance: whether anything in a run depends on its seed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from optilab.training.plan import Plan

WITHOUT_CHANCE = "one run, as nothing in it is random"


def is_random(plan: Plan) -> bool:
    """Whether a run's path depends on its seed, or on the clock.

    First weights may be drawn, examples shuffled into batches, unless all seeds share their order, and rules may ask for noise. A run
    that is limited by seconds depends on the clock.
    """
    shuffled = plan.examples_a_step < plan.problem.n_examples and plan.data_order == "own"
    drawn = plan.problem.random_start or shuffled
    noisy = any("noise" in rule.arguments for rule in plan.optimizer.rules)
    return drawn or noisy or plan.budget.seconds is not None


def seeds_that_differ(plan: Plan, seeds: Sequence[int]) -> Sequence[int]:
    """The seeds whose runs differ: all of them, or the first alone where nothing is random."""
    return seeds if is_random(plan) else seeds[:1]
