"""The axes of one optimizer's grid: lists, ranges in even steps, and ranges that are sampled together."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from optilab.errors import InputError
from optilab.experiment import Search
from optilab.sampling import KINDS, Sampled, points, sampled

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


def combinations(given: Mapping[str, Any], samples: Any, search: Search, place: str) -> Iterator[dict[str, Any]]:
    """Every combination of values of some hyperparameters; those that are sampled go together, point by point.

    InputError, with its place, for what is no axis, and where samples are missing or have nothing to sample.
    """
    ranges = {name: found for name, v in given.items() if (found := sampled(v, f"{place}.{name}")) is not None}
    axes = {name: axis(value, f"{place}.{name}") for name, value in given.items() if name not in ranges}
    drawn = _drawn(ranges, samples, search, place)
    for values in itertools.product(*axes.values()):
        for point in drawn:
            yield {**dict(zip(axes, values, strict=True)), **point}


def _drawn(ranges: Mapping[str, Sampled], samples: Any, search: Search, place: str) -> list[dict[str, Any]]:
    if not ranges:
        if samples is not None:
            raise InputError(
                f"{place}.samples: nothing is sampled here; write lr = {{ log_uniform = [1e-4, 1] }}, for one"
            )
        return [{}]
    if not isinstance(samples, int) or isinstance(samples, bool) or samples < 1:
        found = "is missing" if samples is None else f"= {samples!r} is not a whole number above zero"
        raise InputError(f"{place}.samples {found}: how many points of {', '.join(ranges)} are to be tried?")
    at = points(list(ranges), samples, search.seed, search.method)
    columns = {name: found.values(at[name]) for name, found in ranges.items()}
    return [dict(zip(columns, point, strict=True)) for point in zip(*columns.values(), strict=True)]
