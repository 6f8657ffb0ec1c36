"""The hyperparameters of each step of a run: the plan's, multiplied by its schedules."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from optilab.training.checks import feedback_of
from optilab.training.plan import Plan


class ScheduledNumbers:
    """The numbers that each step's update takes: the hyperparameters, times the multipliers of all their schedules.

    total: steps of the run, for schedules that depend on its length.
    varies: whether they change from step to step; if not, all steps up to the next measurement have the same.
    feedback: the feedback schedules, to be given every measurement.
    InputError where the first answer of a feedback schedule is out of range.
    """

    def __init__(self, plan: Plan, total: int) -> None:
        positions_of = plan.optimizer.positions_of
        self._numbers = np.array(plan.optimizer.numbers(plan.hyperparameters))[None]
        self._total, self._steps_per_epoch = total, plan.steps_per_epoch
        self._lr = positions_of("lr")[:1]
        self._curves = [(s, positions_of(s.of)) for s in plan.schedules if not s.schedule.is_feedback]
        self.feedback = [feedback_of(plan, s) for s in plan.schedules if s.schedule.is_feedback]
        self._answers = [(feedback, positions_of(feedback.of)) for feedback in self.feedback]
        self.varies = bool(self._curves)

    def by_step(self, first: int, steps: int) -> NDArray[np.float64]:
        """Numbers for the steps from `first` (from 0) on, [step, hyperparameter]; one row if they don't vary. Not to be changed."""
        if not (self._curves or self._answers):
            return self._numbers
        numbers = np.tile(self._numbers, (steps if self.varies else 1, 1))
        for schedule, positions in self._curves:
            multipliers = schedule.multipliers(first, steps, self._total, self._steps_per_epoch)
            numbers[:, positions] *= multipliers[:, None]
        for feedback, positions in self._answers:
            numbers[:, positions] *= feedback.factor
        return numbers

    def lr(self, step: int) -> float:
        """The learning rate at a step, of the first rule that has one; nan if none has."""
        return float(self.by_step(step, 1)[0, self._lr[0]]) if self._lr else math.nan
