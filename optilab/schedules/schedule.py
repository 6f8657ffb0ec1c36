"""Schedules: curves over steps that multiply a hyperparameter.

A schedule is a NumPy function of the step, from 0, and of the total number of steps. A feedback schedule is a generator
that is sent each measurement of the run and answers the multiplier from there on.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optilab.guarding.calls import Contained, in_time
from optilab.parameters.parameter import Parameter, intervals
from optilab.texts import exact

Curve = Callable[..., Any]
Feedback = Generator[float, Mapping[str, float], None]
_GIVEN = ("step", "total")
_TRIED = 64  # steps of a run of which a schedule is asked whether they depend on the run's length


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
        arguments = self._arguments
        accepted = intervals(self.ranges, arguments, self.name)
        found = {}
        for name, argument in arguments.items():
            default = None if argument.default is argument.empty else argument.default
            found[name] = Parameter(name, default, accepted.get(name, Parameter(name).range))
        return found

    @property
    def options(self) -> list[str]:
        """The keyword-only arguments."""
        return [n for n, p in self._arguments.items() if p.kind is p.KEYWORD_ONLY]

    @property
    def _arguments(self) -> dict[str, inspect.Parameter]:
        return {n: p for n, p in inspect.signature(self.function).parameters.items() if n not in _GIVEN}

    def usual(self, name: str) -> Any:
        """The default of a parameter, as a `BoundSchedule` holds it."""
        return _usual(self.parameters[name].default)

    def __call__(self, step: ArrayLike, total: int, **parameters: Any) -> Any:
        """The multiplier at each step, counted from 0; not for feedback schedules. InputError for a parameter that is out of range.

        A schedule inside it is given as a curve, a function of (step, total).
        """
        accepted = self.parameters
        checked = {
            n: v if callable(v) or isinstance(v, (list, tuple)) or n not in accepted else accepted[n].check(v)
            for n, v in parameters.items()
        }
        return self.at(step, total, checked)

    def at(self, step: ArrayLike, total: int, parameters: Mapping[str, Any]) -> Any:
        """The multiplier at each step, with parameters that have been checked."""
        with Contained(), in_time(f"the schedule {self.name}", self.function):
            return self.function(np.asarray(step), total, **parameters)

    def __repr__(self) -> str:
        return self.name


@overload
def schedule(function: Curve, /) -> Schedule: ...


@overload
def schedule(*, ranges: Mapping[str, str] | None = None) -> Callable[[Curve], Schedule]: ...


def schedule(
    function: Curve | None = None, /, *, ranges: Mapping[str, str] | None = None
) -> Schedule | Callable[[Curve], Schedule]:
    """Make a schedule from a NumPy function (step, total, **parameters) -> multiplier: @schedule, or @schedule(ranges=...).

    ranges: accepted values of its parameters, in the notation of a paper: "(0, 1]", "{1, 2, ...}", "{linear, cosine}".
    A parameter whose default is a tuple takes a list of numbers. One whose default is a schedule takes a schedule, and
    gives the function a curve of (step, total); one whose default is a tuple of schedules takes a list of them.
    A keyword-only parameter is part of a run's identity only if it differs from its default, so that a schedule can get
    more of them without a change to the identities of earlier runs.
    """
    if function is None:
        return partial(Schedule, is_feedback=False, ranges=ranges or {})
    return Schedule(function, False, ranges or {})


@overload
def feedback(function: Callable[..., Feedback], /) -> Schedule: ...


@overload
def feedback(*, ranges: Mapping[str, str] | None = None) -> Callable[[Callable[..., Feedback]], Schedule]: ...


def feedback(
    function: Callable[..., Feedback] | None = None, /, *, ranges: Mapping[str, str] | None = None
) -> Schedule | Callable[[Callable[..., Feedback]], Schedule]:
    """Make a feedback schedule from a generator function that repeats `measurement = yield multiplier`.

    ranges, and keyword-only parameters: as for `schedule`.
    A measurement is a mapping with the columns of the history, from the first weights on.
    """
    if function is None:
        return partial(Schedule, is_feedback=True, ranges=ranges or {})
    return Schedule(function, True, ranges or {})


@dataclass(frozen=True)
class BoundSchedule:
    """A schedule with checked parameters.

    of: the hyperparameter that it multiplies.
    per: what it counts, "step" or "epoch" (completed epochs; `total` is then the number of epochs).
    """

    schedule: Schedule
    parameters: Mapping[str, Any]
    of: str = "lr"
    per: str = "step"

    @property
    def functions(self) -> list[Callable[..., Any]]:
        """The author's functions, its own and those of the schedules inside it."""
        inside = [v for value in self.parameters.values() for v in (value if isinstance(value, list) else [value])]
        return [self.schedule.function, *(f for v in inside if isinstance(v, BoundSchedule) for f in v.functions)]

    @property
    def identity(self) -> dict[str, Any]:
        """Values that JSON can hold: part of a run's identity."""
        options = self.schedule.options
        parts = {n: v for n, v in self.parameters.items() if n not in options or v != self.schedule.usual(n)}
        return {
            "use": self.schedule.name,
            **{n: _identity(v) for n, v in parts.items()},
            "of": self.of,
            "per": self.per,
        }

    @property
    def label(self) -> str:
        """Short text: the name, and the parameters that differ from their defaults."""
        return self._text([n for n, v in self.parameters.items() if v != self.schedule.usual(n)])

    def label_among(self, others: Sequence[BoundSchedule]) -> str:
        """Shorter text: the name, and the parameters that tell it from those of `others` with the same name."""
        namesakes = [o for o in others if o.schedule.name == self.schedule.name]
        return self._text([n for n, v in self.parameters.items() if any(o.parameters[n] != v for o in namesakes)])

    def _text(self, names: Sequence[str]) -> str:
        parts = []
        for name in names:
            value = self.parameters[name]
            parts.append(f"{name}{' ' if isinstance(value, BoundSchedule) else '='}{_shown(value)}")
        named = self.schedule.name + (f" ({', '.join(parts)})" if parts else "")
        return named + (f" of {self.of}" if self.of != "lr" else "") + (" per epoch" if self.per == "epoch" else "")

    def curve(self, step: NDArray[np.float64], total: int) -> NDArray[np.float64]:
        """Multiplier at each step. ValueError if the author's function returns another shape."""
        values = np.asarray(self.answer(step, total), np.float64)
        return np.array(np.broadcast_to(values, step.shape))

    def answer(self, step: NDArray[np.float64], total: int) -> Any:
        """The author's function's own answer, of whatever shape."""
        return self.schedule.at(step, total, {n: _curves(v) for n, v in self.parameters.items()})

    def multipliers(self, first: int, steps: int, total: int, steps_per_epoch: int) -> NDArray[np.float64]:
        """Multiplier at each of the `steps` steps from `first`, counted from 0, in a run of `total`."""
        return self.multipliers_at(np.arange(first, first + steps, dtype=np.float64), total, steps_per_epoch)

    def multipliers_at(self, step: NDArray[np.float64], total: int, steps_per_epoch: int) -> NDArray[np.float64]:
        """Multiplier at each of these steps, counted from 0, in a run of `total`."""
        if self.per == "epoch":
            return self.curve(step // steps_per_epoch, -(-total // steps_per_epoch))
        return self.curve(step, total)

    def depends_on_length(self, steps: int, steps_per_epoch: int) -> bool:
        """Whether the multipliers of a run of `steps` are other ones in a run of twice that length, tried at 64 steps.

        Those of a feedback schedule follow from measurements, not from the length.
        """
        if self.schedule.is_feedback or steps < 2:
            return False
        at = np.unique(np.linspace(0, steps - 1, _TRIED).round())
        own, longer = (self.multipliers_at(at, total, steps_per_epoch) for total in (steps, 2 * steps))
        return not np.allclose(own, longer, equal_nan=True)

    def begin(self) -> Feedback:
        """Start a feedback schedule; its first answer, to `next`, is the multiplier of the first interval."""
        generator: Feedback = self.schedule.function(**self.parameters)
        return generator


def _usual(default: Any) -> Any:
    """A default as a `BoundSchedule` holds it."""
    if isinstance(default, Schedule):
        return BoundSchedule(default, {n: default.usual(n) for n in default.parameters})
    return [_usual(v) for v in default] if isinstance(default, (list, tuple)) else default


def _identity(value: Any) -> Any:
    if isinstance(value, BoundSchedule):
        return value.identity
    return [_identity(v) for v in value] if isinstance(value, list) else value


def _curves(value: Any) -> Any:
    if isinstance(value, BoundSchedule):
        return value.curve
    return [_curves(v) for v in value] if isinstance(value, list) else value


def _shown(value: Any) -> str:
    if isinstance(value, BoundSchedule):
        return value.label
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    return exact(value)
