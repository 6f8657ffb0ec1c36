"""Sizes of a small dataset, networks and plans, and runs compared."""

from __future__ import annotations

from typing import Any

import numpy as np

import optilab
from optilab.problems.network import Network
from optilab.problems.problem import Problem
from optilab.training.plan import Plan
from optilab.training.run import Run
from optilab.training.stopping import Budget, Measure, Stop
from optilab.training.training import Training

CLOCKS = ["seconds", "cpu_seconds"]
TRAINING, TESTING = 50, 20  # examples


def same(one: Run, other: Run) -> bool:
    """Whether two runs agree bit for bit in weights, status and history, clocks aside."""
    histories = [run.history.drop(columns=CLOCKS) for run in (one, other)]
    return one.w.tobytes() == other.w.tobytes() and one.status == other.status and histories[0].equals(histories[1])


@optilab.elementwise(states={"start": optilab.per_weight("w")})
def fingerprint(w, g, start, total, t):
    """Stays at the start, and keeps a weighted sum of the gradients of all batches."""
    total = total + t * g
    w = start
    return w, total


def make_problem(kind: str, precision: Any, inputs: int = 30, **given: Any) -> Problem:
    """A network on 600 examples, more than are worked on at a time: of sparse pixels, dense ones, or numbers."""
    random = np.random.default_rng(0)
    share = {"sparse": 0.2, "dense": 0.9, "numbers": 1.0}[kind]
    x = np.where(random.random((700, inputs)) < share, random.integers(1, 256, (700, inputs)), 0)
    labels = (x[:, :3].argmax(1)).astype(int)
    x = x[:, None].astype(np.uint8) if kind != "numbers" else x / 255  # images of one row are pixels
    dataset = {"x_train": x[:600], "y_train": labels[:600], "x_test": x[600:], "y_test": labels[600:]}
    given = {"hidden": [9, 6], "cost": "cross_entropy", **given}
    problem = optilab.get_problem("network", dataset=dataset, precision=precision, **given)
    assert isinstance(problem, Network)
    examples = problem.examples
    assert (examples.x_train.dtype == np.uint8, examples.sparse_train is not None) == {
        "sparse": (True, True),
        "dense": (True, False),
        "numbers": (False, False),
    }[kind]
    return problem


def make_plan(problem: Problem, rule: str = "sgd", batch_size: Any = 32, **given: Any) -> Plan:
    """Two epochs and a bit."""
    optimizer = optilab.get_optimizer(rule)
    stop, budget = given.pop("stop", Stop()), given.pop("budget", Budget(steps=45))
    measure = given.pop("measure", Measure(steps=20))
    return Plan(problem, optimizer, optimizer.fill({"lr": 0.1, **given}), (), batch_size, budget, measure, stop)


def alone(plan: Plan, seed: int = 0) -> Run:
    """The run by itself."""
    training = Training(plan, seed)
    training.finish()
    return training.run
