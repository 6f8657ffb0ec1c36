"""Ranges from which hyperparameters are sampled."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from optilab.errors import InputError
from optilab.parameters.numeric import MOST_STEPS, as_finite
from optilab.texts import shown

SampledKind = Literal["uniform", "log_uniform", "integer"]
SAMPLED_KINDS: tuple[SampledKind, ...] = ("uniform", "log_uniform", "integer")


@dataclass(frozen=True)
class Sampled:
    """A sampled range: uniform, uniform in the logarithm, or uniform over whole numbers, from low to high inclusive."""

    kind: SampledKind
    low: float
    high: float

    def values(self, at: NDArray[np.float64]) -> list[float]:
        """Values at these quantiles, in [0, 1]."""
        if self.kind == "integer":
            found = self.low + np.floor(at * (self.high - self.low + 1))
        elif self.kind == "log_uniform":
            found = np.exp(math.log(self.low) + at * (math.log(self.high) - math.log(self.low)))
        else:
            found = self.low + at * (self.high - self.low)
        return [self.fitted(value) for value in found]

    def fitted(self, value: float) -> float:
        """The nearest value of the range, rounded to twelve digits, so that a run's identity is equal on every machine."""
        near = round(value) if self.kind == "integer" else float(f"{value:.12g}")
        return min(max(near, self.low), self.high)


def sampled_range(value: Any, place: str) -> Sampled | None:
    """The range in a table such as { log_uniform = [1e-4, 1] }, or None if the value is no such table.

    InputError, beginning with the place, for ends that are no range.
    """
    kinds = [k for k in SAMPLED_KINDS if isinstance(value, Mapping) and k in value]
    if not kinds:
        return None
    if len(value) > 1:
        raise InputError(
            f"{place} = {shown(dict(value))}: write {{ {kinds[0]} = [low, high] }} alone; samples = n stands beside"
        )
    kind, ends = kinds[0], value[kinds[0]]
    try:
        low, high = (as_finite(end, place) for end in ends)
        fits = low < high and (kind != "integer" or (isinstance(low, int) and isinstance(high, int)))
    except (InputError, TypeError, ValueError):  # not two, or no numbers
        fits = False
    if not fits:
        what = "whole numbers" if kind == "integer" else "numbers"
        raise InputError(
            f"{place}: {kind} = {shown(ends)} is not [low, high], two {what} of which the second is larger"
        )
    if kind == "log_uniform" and low <= 0:
        raise InputError(f"{place}: log_uniform = {shown(ends)} must lie above zero")
    if kind != "log_uniform" and not math.isfinite(float(high) - float(low)):
        raise InputError(f"{place}: {kind} = {shown(ends)}: its ends are further apart than the largest number")
    if kind == "integer" and max(-low, high) > MOST_STEPS:
        raise InputError(f"{place}: integer = {shown(ends)}: accepted are whole numbers up to {MOST_STEPS:,}")
    return Sampled(kind, low, high)
