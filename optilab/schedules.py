"""Schedules: curves over steps that multiply a hyperparameter.

A schedule is a NumPy function of the step, from 0, and of the total number of steps. A feedback schedule is a generator
that is sent each measurement of the run and answers the multiplier from there on.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optilab.errors import InputError, at, unknown
from optilab.parameters import Parameter, intervals

Curve = Callable[..., Any]
Feedback = Generator[float, Mapping[str, float], None]
_GIVEN = ("step", "total")


@dataclass(frozen=True)
class Schedule:
    """A schedule as its author wrote it; made by `@schedule` or `@feedback`."""

    function: Callable[..., Any]
    is_feedback: bool = False
    ranges: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The function's name."""
        return self.function.__name__

    @property
    def documentation(self) -> str:
        """The function's docstring."""
        return inspect.getdoc(self.function) or ""

    @property
    def parameters(self) -> dict[str, Parameter]:
        """All arguments but `step` and `total`."""
        arguments = {n: p for n, p in inspect.signature(self.function).parameters.items() if n not in _GIVEN}
        accepted = intervals(self.ranges, arguments, self.name)
        found = {}
        for name, argument in arguments.items():
            default = None if argument.default is argument.empty else argument.default
            found[name] = Parameter(name, default, accepted.get(name, Parameter(name).interval))
        return found

    def __call__(self, step: ArrayLike, total: int, **parameters: Any) -> Any:
        """The multiplier at each step; not for feedback schedules."""
        return self.function(np.asarray(step), total, **parameters)


def schedule(*, ranges: Mapping[str, str] | None = None) -> Callable[[Curve], Schedule]:
    """Make a schedule of a NumPy function (step, total, **parameters) -> multiplier.

    ranges: accepted values of its parameters, as intervals.
    A parameter whose default is a list takes a list of numbers, one whose default is a schedule takes a schedule, and
    gives the function a curve of (step, total).
    """
    return lambda function: Schedule(function, False, ranges or {})


def feedback(*, ranges: Mapping[str, str] | None = None) -> Callable[[Callable[..., Feedback]], Schedule]:
    """Make a feedback schedule of a generator: `measurement = yield multiplier`, again and again.

    A measurement is a mapping with the columns of the history, from the first weights on.
    """
    return lambda function: Schedule(function, True, ranges or {})


@dataclass(frozen=True)
class BoundSchedule:
    """A schedule with its parameters.

    of: the hyperparameter that it multiplies.
    per: what it counts, "step" or "epoch" (completed epochs; `total` is then the number of epochs).
    """

    schedule: Schedule
    parameters: Mapping[str, Any]
    of: str = "lr"
    per: str = "step"

    @property
    def identity(self) -> dict[str, Any]:
        """Values that JSON can hold: part of a run's identity."""
        parts = {n: v.identity if isinstance(v, BoundSchedule) else v for n, v in self.parameters.items()}
        return {"use": self.schedule.name, **parts, "of": self.of, "per": self.per}

    @property
    def label(self) -> str:
        """Short text: the name, and the parameters that differ from their defaults."""
        return self._text([n for n, v in self.parameters.items() if v != self.schedule.parameters[n].default])

    def label_among(self, others: Sequence[BoundSchedule]) -> str:
        """Shorter text: the name, and the parameters that tell it from those of `others` with the same name."""
        namesakes = [o for o in others if o.schedule.name == self.schedule.name]
        return self._text([n for n, v in self.parameters.items() if any(o.parameters[n] != v for o in namesakes)])

    def _text(self, names: Sequence[str]) -> str:
        parts = []
        for name in names:
            value = self.parameters[name]
            if isinstance(value, BoundSchedule):
                parts.append(f"{name} {value.label}")
            elif isinstance(value, float):
                parts.append(f"{name}={value:g}")
            else:
                parts.append(f"{name}={value}")
        parts += [f"of {self.of}"] if self.of != "lr" else []
        return self.schedule.name + (f" ({', '.join(parts)})" if parts else "")

    def curve(self, step: NDArray[np.float64], total: int) -> NDArray[np.float64]:
        """Multiplier at each step. ValueError if the author's function returns another shape."""
        inner = {n: v.curve if isinstance(v, BoundSchedule) else v for n, v in self.parameters.items()}
        values = np.asarray(self.schedule(step, total, **inner), np.float64)
        return np.ascontiguousarray(np.broadcast_to(values, step.shape))

    def multipliers(self, first: int, steps: int, total: int, steps_per_epoch: int) -> NDArray[np.float64]:
        """Multiplier at each of the `steps` steps from `first`, counted from 0, in a run of `total`."""
        step = np.arange(first, first + steps, dtype=np.float64)
        if self.per == "epoch":
            return self.curve(step // steps_per_epoch, -(-total // steps_per_epoch))
        return self.curve(step, total)

    def begin(self) -> Feedback:
        """Start a feedback schedule; its first answer, to `next`, is the multiplier of the first interval."""
        generator: Feedback = self.schedule.function(**self.parameters)
        return generator


def bind(
    schedule: Schedule, given: Mapping[str, Any], place: str, find: Callable[[str, str], Schedule]
) -> BoundSchedule:
    """`schedule` with checked parameters; `find(name, place)` finds the schedules inside it."""
    rest = dict(given)
    if schedule.is_feedback and "per" in rest:
        raise InputError(f"{at(place)}per: {schedule.name} goes by measurements, not by steps or epochs")
    of, per = rest.pop("of", "lr"), rest.pop("per", "step")
    if per not in ("step", "epoch"):
        raise InputError(f"{at(place)}per = {per!r}: accepted is 'step' or 'epoch'")
    if not isinstance(of, str):
        raise InputError(f"{at(place)}of = {of!r} is not the name of a hyperparameter")
    for name in rest:
        if name not in schedule.parameters:
            raise unknown(f"parameter of {schedule.name}", name, [*schedule.parameters, "of", "per"], place)
    filled: dict[str, Any] = {}
    for name, parameter in schedule.parameters.items():
        value = rest.get(name, parameter.default)
        inside = f"{place}.{name}" if place else name
        if value is None:
            raise InputError(f"{at(place)}schedule {schedule.name} needs a value for {name}")
        if isinstance(parameter.default, Schedule):
            filled[name] = value if isinstance(value, BoundSchedule) else from_spec(value, inside, find)
            if filled[name].schedule.is_feedback:
                raise InputError(
                    f"{inside}: {filled[name].schedule.name} is a feedback schedule and can't stand inside another"
                )
        elif isinstance(parameter.default, (list, tuple)):
            if not isinstance(value, (list, tuple)):
                raise InputError(f"{inside} = {value!r} is not a list of numbers")
            number = Parameter(name, 0.0, parameter.interval)
            filled[name] = [number.check(v, place) for v in value]
        else:
            filled[name] = parameter.check(value, place)
    return BoundSchedule(schedule, filled, of, per)


def from_spec(spec: Any, place: str, find: Callable[[str, str], Schedule]) -> BoundSchedule:
    """A schedule from its name, or from a table such as { use = "cosine", floor = 0.1 }."""
    if isinstance(spec, Schedule):
        return bind(spec, {}, place, find)
    if isinstance(spec, str):
        return bind(find(spec, place), {}, place, find)
    if not isinstance(spec, Mapping) or not isinstance(spec.get("use"), str):
        raise InputError(
            f'{at(place)}{spec!r} is not a schedule; write its name, or a table as {{ use = "name", ... }}'
        )
    return bind(find(spec["use"], place), {n: v for n, v in spec.items() if n != "use"}, place, find)
