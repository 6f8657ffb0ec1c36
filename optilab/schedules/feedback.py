"""Feedback schedules in a run: sent each measurement, they answer the multiplier of the steps up to the next."""

from __future__ import annotations

from collections.abc import Callable

from optilab.errors import unknown
from optilab.guarding.calls import Contained, in_time
from optilab.schedules.schedule import BoundSchedule


class FeedbackUnderWay:
    """A feedback schedule in a run.

    of: the hyperparameter that it multiplies. factor: the multiplier that it last answered.
    check: called with each answer; raises InputError for one that is out of range.
    """

    def __init__(self, schedule: BoundSchedule, check: Callable[[float], None]) -> None:
        self.of = schedule.of
        self._check = check
        self._door = f"the schedule {schedule.schedule.name}"
        self._function = schedule.schedule.function
        with Contained(), in_time(self._door, self._function):
            self._generator = schedule.begin()
            self.factor = float(next(self._generator))
        check(self.factor)

    def tell(self, measurement: dict[str, float]) -> None:
        """Send the schedule a measurement, a mapping with the columns of the history, and keep its answer in `factor`.

        Exceptions of the author's generator and of `check` propagate.
        """
        with Contained(), in_time(self._door, self._function):
            self.factor = float(self._generator.send(_Measured(measurement)))
        self._check(self.factor)


class _Measured(dict[str, float]):
    """A measurement as a feedback schedule sees it."""

    def __missing__(self, name: str) -> float:
        raise unknown("column of the history", name, self)
