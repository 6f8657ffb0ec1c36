"""When a run ends: its budget, and the rules that end it before."""

from __future__ import annotations

import math
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from optilab.errors import InputError
from optilab.parameters.numeric import MOST_STEPS
from optilab.parameters.tables import Settings
from optilab.records.columns import ASCENDING, MEASURES
from optilab.records.statuses import Status
from optilab.texts import shown

_LONGEST = 1e9  # seconds, some thirty years


class Measure(Settings):
    """When and what a run is measured: { steps = 100 } or { epochs = 5 }, { gradient_norm = false }, or both.

    steps, epochs: between two measurements; the usual interval if neither is given.
    gradient_norm: whether the gradient of the training cost is computed for its norm. Without it a measurement of a
        network takes about half as long.
    """

    steps: int | None = Field(None, gt=0, le=MOST_STEPS)
    epochs: float | None = Field(None, gt=0, le=MOST_STEPS, allow_inf_nan=False)
    gradient_norm: bool = True

    @model_validator(mode="after")
    def _one_of_them(self) -> Measure:
        if (self.steps is not None and self.epochs is not None) or not self.model_fields_set:
            raise ValueError("give steps or epochs, one of them")
        return self

    @property
    def spec(self) -> dict[str, Any]:
        """What was given, as values that JSON can hold."""
        return self.model_dump(exclude_defaults=True)

    def in_steps(self, steps_per_epoch: int) -> int | None:
        """The number of steps, at least one; None for the usual interval."""
        if self.steps is None and self.epochs is None:
            return None
        return _in_steps(self.steps, self.epochs, steps_per_epoch)


class Budget(Settings):
    """How long a run trains: to the first of these limits, at least one of which is given.

    steps, epochs: one of them. gradient_evaluations, examples: as the history counts them; the step that reaches the limit is
    the last. seconds: of training, as on the history's clock; how many steps that makes depends on the machine.
    """

    steps: int | None = Field(None, gt=0, le=MOST_STEPS)
    epochs: float | None = Field(None, gt=0, le=MOST_STEPS, allow_inf_nan=False)
    examples: int | None = Field(None, gt=0, le=MOST_STEPS)
    gradient_evaluations: int | None = Field(None, gt=0, le=MOST_STEPS)
    seconds: float | None = Field(None, gt=0, le=_LONGEST, allow_inf_nan=False)

    @model_validator(mode="after")
    def _some_of_them(self) -> Budget:
        if self.steps is not None and self.epochs is not None:
            raise ValueError("give steps or epochs, one of them")
        if all(value is None for value in vars(self).values()):
            raise ValueError("give steps or epochs, one of them, or examples, gradient_evaluations or seconds")
        return self

    def in_steps(self, steps_per_epoch: int) -> int | None:
        """The number of steps at most, or None where steps are not limited as such."""
        if self.steps is None and self.epochs is None:
            return None
        return _in_steps(self.steps, self.epochs, steps_per_epoch)

    def identity(self, steps_per_epoch: int) -> dict[str, Any]:
        """The limits as part of a run's identity: 3 epochs of 10 steps are 30 steps."""
        given = {"steps": self.in_steps(steps_per_epoch), **self.model_dump(exclude={"steps", "epochs"})}
        return {name: value for name, value in given.items() if value is not None}


def _in_steps(steps: int | None, epochs: float | None, steps_per_epoch: int) -> int:
    if steps is not None:
        return steps
    assert epochs is not None
    found = max(1, round(epochs * steps_per_epoch))
    if found > MOST_STEPS:
        raise InputError(f"epochs = {shown(epochs)}: these are {shown(found)} steps; accepted are up to {MOST_STEPS:,}")
    return found


class Plateau(Settings):
    """No progress: `patience` measurements in a row that don't lower the lowest value yet by the share `improvement`."""

    of: Literal["train_cost", "valid_cost", "test_cost", "gradient_norm"] = "train_cost"
    patience: int = Field(10, gt=0, le=MOST_STEPS)
    improvement: float = Field(1e-3, ge=0, lt=1)


class Stop(Settings):
    """Rules that end a run before its budget does; all but the last two are checked at each measurement.

    gradient_norm: a norm of the gradient of the training cost at or below which the run has "converged".
    target: a measure and the value that it is to reach: costs and norms from above, accuracies from below. The status is
        "target".
    plateau: when no more progress is made; the status is "plateau".
    diverged_above: a cost at or above which the run has "diverged", as it has where the cost is not finite.
    time_limit: seconds that a run may take, measuring included; the status is "timeout". It is no part of a run's identity.
    """

    gradient_norm: float | None = Field(None, gt=0, allow_inf_nan=False)
    target: dict[str, float] | None = None
    plateau: Plateau | None = None
    diverged_above: float | None = Field(None, gt=0, allow_inf_nan=False)
    time_limit: float | None = Field(None, gt=0, le=_LONGEST, allow_inf_nan=False)

    @field_validator("target")
    @classmethod
    def _is_measured(cls, target: dict[str, float] | None) -> dict[str, float] | None:
        if target is not None and (len(target) != 1 or set(target) - set(MEASURES)):
            raise ValueError(f"give one measure and its value; measures are {', '.join(MEASURES)}")
        if target is not None and not all(map(math.isfinite, target.values())):
            raise ValueError("the value of a target is a finite number")
        return target

    @property
    def bound(self) -> float:
        """The cost at or above which a run has diverged."""
        return math.inf if self.diverged_above is None else self.diverged_above

    @property
    def reads_measurements(self) -> bool:
        """Whether it matters when a run is measured."""
        return any(rule is not None for rule in (self.gradient_norm, self.target, self.plateau))

    @property
    def identity(self) -> dict[str, Any]:
        """The rules as part of a run's identity, without the time limit."""
        return self.model_dump(exclude={"time_limit"}, exclude_none=True)


class StoppingRules:
    """The stopping rules of one run: from each measurement they decide whether the run ends, and why."""

    def __init__(self, stop: Stop) -> None:
        self._stop = stop
        self._lowest = math.inf
        self._in_vain = 0

    def verdict(self, measured: dict[str, float]) -> tuple[Status, str] | None:
        """The status with which the run ends here and the message that goes with it, or None if it goes on."""
        stop = self._stop
        if stop.gradient_norm is not None and measured["gradient_norm"] <= stop.gradient_norm:
            return "converged", f"the norm of the gradient is {measured['gradient_norm']:g}"
        for name, value in (stop.target or {}).items():
            reached = measured[name] >= value if name in ASCENDING else measured[name] <= value
            if reached:
                return "target", f"{name} is {measured[name]:g}"
        if stop.plateau is not None and self._stands_still(stop.plateau, measured[stop.plateau.of]):
            return "plateau", f"no lower {stop.plateau.of} than {self._lowest:g} in {self._in_vain} measurements"
        return None

    def _stands_still(self, rule: Plateau, value: float) -> bool:
        """Whether `patience` measurements in a row, this one included, have not lowered the lowest value yet by the share."""
        needed = self._lowest - rule.improvement * abs(self._lowest) if math.isfinite(self._lowest) else math.inf
        self._in_vain = 0 if value < needed else self._in_vain + 1
        self._lowest = min(self._lowest, value)
        return self._in_vain >= rule.patience
