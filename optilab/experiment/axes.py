"""The axes of one optimizer's grid: lists, ranges in even steps, and ranges that are sampled together."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from optilab.errors import InputError
from optilab.parameters.numeric import as_finite, as_whole
from optilab.records.canonical import key_of
from optilab.search.sampled import SAMPLED_KINDS, Sampled, sampled_range
from optilab.texts import shown

MOST_VALUES = 1_000_000  # of one axis, or points of one search
_STEPPED = ("log", "linear")


def is_axis(value: Any) -> bool:
    """Whether a table is a range of values, rather than a table of a rule's hyperparameters."""
    return bool({*_STEPPED, *SAMPLED_KINDS} & set(value))


def axis(value: Any, place: str) -> list[Any]:
    """Distinct values of one axis: a list, a table such as { log = [low, high], points = n }, or a single value.

    InputError, beginning with the place, for an empty list, too many values, or a table that is no range.
    """
    if isinstance(value, Mapping):
        return _once(_stepped(value, place))
    values = value if isinstance(value, list) else [value]
    if not values:
        raise InputError(f"{place}: an empty list, so that the grid has no runs")
    if len(values) > MOST_VALUES:
        raise InputError(f"{place}: a list of {len(values):,} values; an axis has at most {MOST_VALUES:,}")
    return _once(values)


def _once(values: list[Any]) -> list[Any]:
    """Distinct values in order; 1 equals 1.0, but not "1"."""
    found: dict[Any, Any] = {}
    for value in values:
        fraction = type(value) is float and not value.is_integer()
        found.setdefault(value if fraction else key_of(value), value)
    return list(found.values())


def _stepped(value: Mapping[str, Any], place: str) -> list[float]:
    kinds = [k for k in _STEPPED if k in value]
    if len(kinds) != 1 or set(value) - {*_STEPPED, "points"}:
        raise InputError(
            f"{place} = {shown(dict(value))}: write {{ log = [low, high], points = n }}, or linear, or "
            "{ log_uniform = [low, high] } with samples = n beside it, or uniform or integer"
        )
    count = as_whole(value.get("points"), f"{place}: points", 1, MOST_VALUES)
    kind, ends = kinds[0], value[kinds[0]]
    if not isinstance(ends, list) or len(ends) != 2:
        raise InputError(f"{place}: {kind} = {shown(ends)} is not [low, high]")
    low, high = (float(as_finite(end, f"{place}: {kind}[{k}]")) for k, end in enumerate(ends))
    if not math.isfinite(high - low):
        raise InputError(f"{place}: {kind} = {shown(ends)}: its ends are further apart than the largest number")
    if kind == "linear":
        return [float(v) for v in np.linspace(low, high, count)]
    if min(low, high) <= 0:
        raise InputError(f"{place}: log = {shown(ends)} must lie above zero")
    # twelve digits, so that 0.1 is 0.1 on every machine
    with np.errstate(all="ignore"):  # near the ends of what a float holds
        return [float(f"{v:.12g}") for v in np.geomspace(low, high, count)]


@dataclass(frozen=True)
class Axes:
    """Axes of an entry's hyperparameters.

    lists: values of those that are not sampled. sampled: ranges of the others, which go together, point by point.
    samples: number of points; 0 if nothing is sampled.
    """

    lists: dict[str, list[Any]]
    sampled: dict[str, Sampled]
    samples: int

    @property
    def combinations(self) -> Iterator[dict[str, Any]]:
        """Combinations of the listed values, in order."""
        return (dict(zip(self.lists, values, strict=True)) for values in itertools.product(*self.lists.values()))

    @property
    def count(self) -> int:
        """Number of cells."""
        return prod(map(len, self.lists.values())) * (self.samples or 1)


def axes(given: Mapping[str, Any], samples: Any, place: str) -> Axes:
    """The axes of the hyperparameters of an entry.

    InputError, with its place, for what is no axis, and if `samples` is missing or nothing is sampled.
    """
    sampled = {name: found for name, v in given.items() if (found := sampled_range(v, f"{place}.{name}")) is not None}
    lists = {name: axis(value, f"{place}.{name}") for name, value in given.items() if name not in sampled}
    return Axes(lists, sampled, _samples(sampled, samples, place))


def _samples(sampled: Mapping[str, Sampled], samples: Any, place: str) -> int:
    if not sampled:
        if samples is not None:
            raise InputError(
                f"{place}.samples: nothing is sampled here; write lr = {{ log_uniform = [1e-4, 1] }}, for one"
            )
        return 0
    try:
        return as_whole(samples, f"{place}.samples", 1, MOST_VALUES)
    except InputError as error:
        told = f"{place}.samples is missing" if samples is None else error
        raise InputError(f"{told}: how many points of {', '.join(sampled)} are to be tried?") from None
