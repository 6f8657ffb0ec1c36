"""Every bundled optimizer advances together with others to the bit as it does alone."""

from __future__ import annotations

import numpy as np
import pytest
from plugins.test_contract import BUNDLED, subject

import optilab
from optilab.problems.network import Network
from optilab.problems.problem import Problem
from optilab.training.lockstep import Lockstep
from optilab.training.plan import Plan
from optilab.training.setup import Setup
from optilab.training.stopping import Budget, Measure
from optilab.training.training import Training

GROUPS = [BUNDLED[first : first + 5] for first in range(0, len(BUNDLED), 5)]


@pytest.fixture(scope="module")
def network_of_pixels() -> Problem:
    """A small network in float32 on images that are mostly black: with AVX-512, first layers are worked on for four runs at once."""
    random = np.random.default_rng(0)
    labels = np.arange(50) % 3
    lit = (random.random((50, 12)) < 0.1) | (np.arange(12) == 4 * labels[:, None])
    x = np.where(lit, random.integers(1, 256, lit.shape), 0).astype(np.uint8)[:, None]
    problem = optilab.get_problem(
        "network", dataset={"x_train": x, "y_train": labels}, hidden=[5], cost="cross_entropy"
    )
    assert isinstance(problem, Network)
    assert problem.examples.sparse_train is not None
    return problem


def plan_of(name: str, problem: Problem) -> Plan:
    """Two epochs of a small network by an optimizer at its defaults, measured now and then."""
    chain, given = subject(name).chain, subject(name).hyperparameters
    return Plan(problem, chain, given, (), 7, Budget(steps=18), Measure(steps=5))


@pytest.mark.parametrize("on", ["network", "network_of_pixels"])
@pytest.mark.parametrize("names", GROUPS, ids=", ".join)
def test_together_as_alone(names: list[str], on: str, request: pytest.FixtureRequest) -> None:
    """Weights, states, counts, histories and statuses of up to five different optimizers are those of runs by themselves."""
    problem: Problem = request.getfixturevalue(on)
    plans = [plan_of(name, problem) for name in names]
    alone = [Training(plan, 3) for plan in plans]
    for training in alone:
        training.finish()
    together = [Training(plan, 3, Setup(plan.problem, plan.optimizer)) for plan in plans]
    Lockstep(together).finish([None] * len(together))
    for one, other in zip(alone, together, strict=True):
        clocks = ["seconds", "cpu_seconds"]
        histories = [run.history.drop(columns=clocks) for run in (one.run, other.run)]
        assert histories[0].equals(histories[1])
        for name in ("w", "g", "state", "scalars"):
            np.testing.assert_array_equal(getattr(one.position, name), getattr(other.position, name), strict=True)
        np.testing.assert_array_equal(one.setup.context.tally[:2], other.setup.context.tally[:2])
        assert (one.run.status, one.run.message, one.run.steps) == (
            other.run.status,
            other.run.message,
            other.run.steps,
        )
