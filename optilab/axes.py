"""The axes of one optimizer's grid: lists, ranges in even steps, and ranges that are sampled together."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from optilab.errors import InputError
from optilab.ranges import KINDS, Sampled, sampled

_STEPPED = ("log", "linear")


def is_axis(value: Any) -> bool:
    """Whether a table is a range of values, and not of a rule's own hyperparameters."""
    return bool({*_STEPPED, *KINDS} & set(value))


def axis(value: Any, place: str) -> list[Any]:
    """The values of one axis: a list, a table such as { log = [low, high], points = n }, or a single value."""
    if isinstance(value, Mapping):
        return _stepped(value, place)
    values = value if isinstance(value, list) else [value]
    if not values:
        raise InputError(f"{place}: an empty list, so that the grid has no runs")
    return values


def _stepped(value: Mapping[str, Any], place: str) -> list[float]:
    kinds = [k for k in _STEPPED if k in value]
    if len(kinds) != 1 or set(value) - {*_STEPPED, "points"}:
        raise InputError(
            f"{place} = {dict(value)!r}: write {{ log = [low, high], points = n }}, or linear, or {{ log_uniform = [low, high] }} "
            "with samples = n beside it, or uniform or integer"
        )
    ends, count = value[kinds[0]], value.get("points")
    if not isinstance(count, int) or isinstance(count, bool) or count < 1:
        raise InputError(f"{place}: points = {count!r} is not a whole number above zero")
    numbers = isinstance(ends, list) and all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in ends)
    if not numbers or len(ends) != 2:
        raise InputError(f"{place}: {kinds[0]} = {ends!r} is not [low, high]")
    if kinds[0] == "linear":
        return [float(v) for v in np.linspace(ends[0], ends[1], count)]
    if min(ends) <= 0:
        raise InputError(f"{place}: log = {ends!r} must lie above zero")
    # twelve digits, so that 0.1 is 0.1 on every machine
    return [float(f"{v:.12g}") for v in np.geomspace(ends[0], ends[1], count)]


@dataclass(frozen=True)
class Axes:
    """What the hyperparameters of an entry range over.

    combinations: of the values of those that are not sampled. ranges: of the others, which go together, point by point.
    samples: how many points; 0 where nothing is sampled.
    """

    combinations: list[dict[str, Any]]
    ranges: dict[str, Sampled]
    samples: int


def axes(given: Mapping[str, Any], samples: Any, place: str) -> Axes:
    """The axes of the hyperparameters of an entry.

    InputError, with its place, for what is no axis, and where samples are missing or have nothing to sample.
    """
    ranges = {name: found for name, v in given.items() if (found := sampled(v, f"{place}.{name}")) is not None}
    lists = {name: axis(value, f"{place}.{name}") for name, value in given.items() if name not in ranges}
    _check_samples(ranges, samples, place)
    combinations = [dict(zip(lists, values, strict=True)) for values in itertools.product(*lists.values())]
    return Axes(combinations, ranges, samples or 0)


def _check_samples(ranges: Mapping[str, Sampled], samples: Any, place: str) -> None:
    if not ranges:
        if samples is not None:
            raise InputError(
                f"{place}.samples: nothing is sampled here; write lr = {{ log_uniform = [1e-4, 1] }}, for one"
            )
    elif not isinstance(samples, int) or isinstance(samples, bool) or samples < 1:
        found = "is missing" if samples is None else f"= {samples!r} is not a whole number above zero"
        raise InputError(f"{place}.samples {found}: how many points of {', '.join(ranges)} are to be tried?")
