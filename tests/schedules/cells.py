"""Cells and schedules that the tests of several files share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import optilab
from optilab import vectorwise
from optilab.experiment.cell import Cell
from optilab.experiment.experiment import Experiment
from optilab.experiment.grid import grid_of
from optilab.schedules.schedule import BoundSchedule
from optilab.training.checks import checked
from optilab.training.plan import Plan
from optilab.training.stopping import Budget, Measure
from optilab.training.training import train as train_plan


def grid(schedule: Any, steps: int = 20, **entry: Any) -> Sequence[Cell]:
    """Cells of an experiment of one optimizer, momentum unless another is named, with these schedules."""
    optimizer = {"use": "momentum", "lr": 0.01, "schedule": schedule, **entry}
    experiment = {"name": "e", "budget": {"steps": steps}, "problem": {"use": "bowl"}, "optimizers": [optimizer]}
    return grid_of(Experiment.model_validate(experiment)).cells


def check(schedule: Any, steps: int = 20, **entry: Any) -> None:
    """Check a cell of one schedule, or of one group of them."""
    grid([schedule], steps, **entry)


def bind(table: dict[str, Any]) -> BoundSchedule:
    """The schedule of a table."""
    rest = dict(table)
    return optilab.get_schedule(rest.pop("use"), **rest)


SEQUENCE = {"use": "sequence", "schedules": [{"use": "warmup", "steps": 100}, "cosine"], "milestones": [100]}


@vectorwise(ranges={"every": "{1, 2, ...}"})
def counting_by(w, every=100):
    """Adds a whole number to its weight."""
    w[0] += every


def counted(schedule: Any, whole: int, steps: int, **parameters: Any) -> float:
    """The sum of what the rule was given in a run, measured after each step."""
    bound = BoundSchedule(schedule, parameters, "every")
    problem = optilab.get_problem("parabola", start=[0.0])
    given = counting_by.fill({"every": whole})
    plan = Plan(problem, counting_by, given, [bound], "full", Budget(steps=steps), Measure(steps=1))
    return float(train_plan(checked(plan), 0).w[0])
