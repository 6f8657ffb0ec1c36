"""Feedback schedules at work: told every measurement of a run, they answer the multiplier from there on."""

from __future__ import annotations

import math

from optilab.errors import InputError, unknown
from optilab.guarding import Contained, in_time
from optilab.measurements import MEASURED
from optilab.plan import Plan, check_answer
from optilab.schedules import BoundSchedule


class FeedbackUnderWay:
    """A feedback schedule of a run, and the multiplier that it last answered. InputError for one that is out of range."""

    def __init__(self, schedule: BoundSchedule, plan: Plan) -> None:
        self.of = schedule.of
        self._schedule, self._plan = schedule, plan
        self._door = f"the schedule {schedule.schedule.name}"
        self._function = schedule.schedule.function
        with Contained(), in_time(self._door, self._function):
            self._generator = schedule.begin()
            self.factor = float(next(self._generator))
        check_answer(plan, schedule, self.factor)

    def tell(self, measurement: dict[str, float]) -> None:
        """Tell it a measurement, and take its answer."""
        with Contained(), in_time(self._door, self._function):
            self.factor = float(self._generator.send(_Measured(measurement)))
        check_answer(self._plan, self._schedule, self.factor)


def rehearse(plan: Plan) -> None:
    """InputError where a feedback schedule of the plan asks for what this problem doesn't measure.

    It is told one made-up measurement; any other exception is left to the run itself.
    """
    for schedule in plan.schedules:
        if schedule.schedule.is_feedback:
            made_up = {name: math.nan if name in plan.problem.unmeasured else 1.0 for name in MEASURED}
            try:
                FeedbackUnderWay(schedule, plan).tell(made_up)
            except InputError:
                raise
            except Exception:  # noqa: S110
                pass


class _Measured(dict[str, float]):
    """A measurement as a feedback schedule sees it."""

    def __missing__(self, name: str) -> float:
        raise unknown("column of the history", name, self)
