"""Properties that every schedule must have, for `optilab check`."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optilab.errors import InputError
from optilab.parameters.accepted import Interval, WholeNumbers, Words
from optilab.parameters.parameter import Parameter
from optilab.plugins.loading import registry
from optilab.records.columns import MEASURED
from optilab.schedules.binding import bind
from optilab.schedules.schedule import BoundSchedule, Schedule
from optilab.testing.subject import NotAsked, ViolationError
from optilab.testing.verdicts import Kit

Curve = NDArray[np.float64]
_TOTALS = (1, 2, 7, 100, 1000)
_NUMBERS = (0.5, 1.0, 2.0, 0.1, 0.0, 10.0, 100.0, -1.0)  # tried where a parameter has no default
_MEASUREMENTS = 200


def kit_of(schedule: Schedule) -> Kit:
    """The properties of a schedule."""
    code = schedule.function.__code__
    properties = _OF_FEEDBACK if schedule.is_feedback else _OF_CURVES
    return Kit(
        {(check.__doc__ or "").rstrip("."): partial(_on_all, check, schedule) for check in properties},
        [],
        {code.co_filename},
        f"{schedule.name} ({code.co_filename}, line {code.co_firstlineno})",
    )


def _on_all(check: Callable[[BoundSchedule], str], schedule: Schedule) -> str:
    """A check at the defaults, and at several values of parameters that have none."""
    refused, told = None, []
    for given in _settings(schedule):
        try:
            told.append(check(bind(schedule, given, "", _found)))
        except InputError as error:  # values that don't fit one another
            refused = error
        except ViolationError as violation:
            with_values = f", with {given}" if given else ""
            raise ViolationError(f"{violation}{with_values}") from None
    if not told:
        return NotAsked(f"it refuses the values that it was tried with: {refused}")
    return told[-1]


def _found(name: str, place: str) -> Schedule:
    return registry().schedule(name, place)


def _settings(schedule: Schedule) -> Iterator[dict[str, Any]]:
    """Values of the parameters without a default."""
    tried = {n: _values(p) for n, p in schedule.parameters.items() if p.default is None}
    for k in range(max(map(len, tried.values()), default=1)):
        yield {name: values[min(k, len(values) - 1)] for name, values in tried.items()}


def _values(parameter: Parameter) -> list[Any]:
    if isinstance(parameter.range, Words):
        return list(parameter.range.words)
    if isinstance(parameter.range, WholeNumbers):
        return [parameter.range.low + more for more in (0, 1, 9)]
    found = [v for v in _NUMBERS if v in parameter.range] if isinstance(parameter.range, Interval) else [True, False]
    return found[:3] or [0.0]


def _steps(total: int) -> Curve:
    return np.arange(total, dtype=np.float64)


def finite(schedule: BoundSchedule) -> str:
    """Answers a finite multiplier, not negative, for each step."""
    lowest, highest = math.inf, -math.inf
    for total in _TOTALS:
        raw = np.asarray(schedule.answer(_steps(total), total))
        if raw.shape not in ((), (total,)) or raw.dtype.kind not in "biuf":
            raise ViolationError(
                f"for {total} steps it answers an array of shape {raw.shape} and type {raw.dtype}; "
                "expected one number, or one for each step"
            )
        values = schedule.curve(_steps(total), total)
        _check_numbers(values, f"in a run of {total}")
        lowest, highest = min(lowest, values.min()), max(highest, values.max())
    return f"{lowest:g} to {highest:g}"


def _check_numbers(values: Curve, where: str) -> None:
    wrong = np.flatnonzero(~(np.isfinite(values) & (values >= 0)))
    if wrong.size:
        raise ViolationError(f"it answers {values[wrong[0]]:g} at step {wrong[0]} {where}")


def alike_in_vectors(schedule: BoundSchedule) -> str:
    """Answers the same for one step as for many at once."""
    for total in _TOTALS[:-1]:
        steps = _steps(total)
        values = schedule.curve(steps, total)
        for k in range(total):
            for alone in (steps[k : k + 1], np.asarray(steps[k])):
                _same(
                    float(schedule.curve(alone, total).ravel()[0]), float(values[k]), k, total, "alone and among others"
                )
    return ""


def keeps_its_arguments(schedule: BoundSchedule) -> str:
    """Leaves the steps and its parameters as they are."""
    before = copy.deepcopy(dict(schedule.parameters))
    for total in _TOTALS:
        steps = _steps(total)
        schedule.curve(steps, total)
        if not np.array_equal(steps, _steps(total)):
            raise ViolationError(f"it changes the array of steps that it is given, in a run of {total}")
    if before != dict(schedule.parameters):
        raise ViolationError(f"it changes its parameters, from {before} to {dict(schedule.parameters)}")
    return ""


def forgets(schedule: BoundSchedule) -> str:
    """Answers the same whatever it was asked before."""
    for total in _TOTALS:
        steps = _steps(total)
        first = schedule.curve(steps, total)
        backwards = np.concatenate(
            [schedule.curve(part, total) for part in reversed(np.array_split(steps, 3)) if part.size]
        )
        schedule.curve(_steps(total + 1), total + 1)
        again = schedule.curve(steps, total)
        parts = [len(part) for part in reversed(np.array_split(steps, 3)) if part.size]
        ordered = np.concatenate(list(reversed(np.split(backwards, np.cumsum(parts)[:-1]))))
        for values, how in ((again, "for the second time"), (ordered, "after later steps")):
            for k in np.flatnonzero(values != first):
                _same(float(values[k]), float(first[k]), int(k), total, f"{how} and at first")
    return ""


def _same(one: float, other: float, step: int, total: int, how: str) -> None:
    if not math.isclose(one, other, rel_tol=1e-12, abs_tol=1e-14) and not (math.isnan(one) and math.isnan(other)):
        raise ViolationError(f"it answers {one:g} and {other:g} at step {step} of {total}, {how}")


def answers_for_ever(schedule: BoundSchedule) -> str:
    """Answers a finite multiplier, not negative, to each measurement."""
    for paths in _measurements():
        values = np.array([*_answers(schedule, paths)])
        _check_numbers(values, "of the made-up measurements")
    return ""


def keeps_measurements(schedule: BoundSchedule) -> str:
    """Leaves the measurements as they are."""
    for path in _measurements():
        given = copy.deepcopy(path)
        for _ in _answers(schedule, given):
            pass
        if given != path:
            raise ViolationError("it changes a measurement that it is told")
    return ""


def runs_do_not_mix(schedule: BoundSchedule) -> str:
    """Answers a run the same, whatever other runs are told."""
    paths = list(_measurements())
    alone = [[*_answers(schedule, path)] for path in paths]
    together = zip(*(_answers(schedule, path) for path in paths), strict=True)
    for step, values in enumerate(together):
        for found, expected in zip(values, alone, strict=True):
            if found != expected[step]:
                raise ViolationError(
                    f"it answers {found:g} after {step} measurements beside other runs, and {expected[step]:g} alone"
                )
    return ""


def _answers(schedule: BoundSchedule, path: list[dict[str, float]]) -> Iterator[float]:
    under_way = schedule.begin()
    try:
        yield float(next(under_way))
    except StopIteration:
        raise ViolationError("it ends before its first answer; it is a generator that yields for ever") from None
    for number, measurement in enumerate(path):
        try:
            yield float(under_way.send(measurement))
        except StopIteration:
            raise ViolationError(f"it ends after {number + 1} measurements; a feedback schedule never ends") from None


def _measurements() -> Iterator[list[dict[str, float]]]:
    """Runs that get better, get worse, stand still, and waver."""
    count = np.arange(_MEASUREMENTS, dtype=np.float64)
    random = np.random.default_rng(0)
    for path in (1 / (1 + count), 1 + count, np.ones_like(count), -np.ones_like(count), random.normal(size=count.size)):
        yield [{**dict.fromkeys(MEASURED, float(v)), "step": float(k), "lr": 0.1} for k, v in enumerate(path)]


_OF_CURVES = (finite, alike_in_vectors, keeps_its_arguments, forgets)
_OF_FEEDBACK = (answers_for_ever, keeps_measurements, runs_do_not_mix)
