"""Whether two seeds of a run can differ at all."""

from __future__ import annotations

from collections.abc import Sequence

from optilab.training.plan import Plan

WITHOUT_CHANCE = "one run, as nothing in it is random"


def is_random(plan: Plan) -> bool:
    """Whether a run's path depends on its seed, or on the clock.

    It does through first weights that are drawn, the order of examples where they come in batches, the noise of a rule; and
    where seconds limit it, it is another one each time.
    """
    drawn = plan.problem.random_start or plan.examples_a_step < plan.problem.n_examples
    noisy = any("noise" in rule.arguments for rule in plan.optimizer.rules)
    return drawn or noisy or plan.budget.seconds is not None


def seeds_that_differ(plan: Plan, seeds: Sequence[int]) -> Sequence[int]:
    """The seeds of which each makes another run: the first alone where nothing is random."""
    return seeds if is_random(plan) else seeds[:1]
