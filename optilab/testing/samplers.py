"""Properties that every sampler must have, for `optilab check`."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

from optilab.parameters.numeric import is_finite
from optilab.search.sampled import Sampled
from optilab.search.sampler import Point, Sampler, SamplerKind, Trial
from optilab.testing.subject import NotAsked, ViolationError
from optilab.testing.verdicts import Kit

_RANGES = {
    "lr": Sampled("log_uniform", 1e-4, 1.0),
    "decay": Sampled("uniform", 0.0, 0.99),
    "memory": Sampled("integer", 1, 20),
}
_COUNTS = (1, 2, 5, 16)
_AT_ONCE = 4  # points that a sampler that learns is asked for at a time


def kit_of(kind: SamplerKind) -> Kit:
    """The properties of a sampler."""
    code = kind.function.__code__
    return Kit(
        {(check.__doc__ or "").rstrip("."): partial(check, kind) for check in _PROPERTIES},
        [(_PROPERTIES[0].__doc__ or "").rstrip(".")],
        {code.co_filename},
        f"{kind.name} ({code.co_filename}, line {code.co_firstlineno})",
    )


def in_range(kind: SamplerKind) -> str:
    """Gives as many points as it is asked for, each in its ranges."""
    for names in (("lr",), ("lr", "decay", "memory")):
        sampled = {name: _RANGES[name] for name in names}
        for count in _COUNTS:
            points = _asked(kind, sampled, count, 0)
            if len(points) != count:
                raise ViolationError(f"it gave {len(points)} points where {count} were asked for")
            for point in points:
                _check_point(point, sampled)
    return ""


def _check_point(point: Point, sampled: dict[str, Sampled]) -> None:
    if set(point) != set(sampled):
        raise ViolationError(
            f"it gave a point of {', '.join(map(str, point)) or 'nothing'}; expected {', '.join(sampled)}"
        )
    values: Mapping[str, Any] = point
    for name, value in values.items():
        found = sampled[name]
        if not is_finite(value) or not found.low <= float(value) <= found.high:
            raise ViolationError(f"it gave {name} = {value!r}, which is not in [{found.low:g}, {found.high:g}]")
        if found.kind == "integer" and not float(value).is_integer():
            raise ViolationError(f"it gave {name} = {value!r}, which is no whole number")


def repeats(kind: SamplerKind) -> str:
    """Gives the same points for the same seed and the same results."""
    for seed in (0, 1):
        one, other = (_asked(kind, _RANGES, 12, seed) for _ in range(2))
        if one != other:
            different = next((a, b) for a, b in zip(one, other, strict=False) if a != b)
            raise ViolationError(f"it gave {different[0]}, and when it was asked again {different[1]}, for seed {seed}")
    return ""


def varies(kind: SamplerKind) -> str:
    """Gives other points for another seed, and no point twice."""
    one, other = (_asked(kind, _RANGES, 12, seed) for seed in (0, 1))
    distinct = {tuple(point.values()) for point in one}
    told = [] if one != other else ["the same points for two seeds"]
    told += [] if len(distinct) == len(one) else [f"{len(one) - len(distinct)} of {len(one)} points for a second time"]
    return NotAsked(f"it gives {' and '.join(told)}, which it may") if told else ""


def leaves_the_ranges(kind: SamplerKind) -> str:
    """Leaves the ranges as they are."""
    before = copy.deepcopy(_RANGES)
    kind.function(MappingProxyType(_RANGES), 5, 0)
    if before != _RANGES:
        raise ViolationError(f"it changes the ranges, from {before} to {_RANGES}")
    return ""


def learns(kind: SamplerKind) -> str:
    """Takes what came of its points, be it infinite, given up or all the same."""
    if not isinstance(kind.function(_RANGES, 12, 0), Sampler):
        return NotAsked("it gives all its points at once")
    results: list[Callable[[int], Trial]] = [
        lambda k: Trial({}, math.inf),
        lambda k: Trial({}, 1.0),
        lambda k: Trial({}, float(k), 3 if k % 2 else None),
    ]
    for result in results:
        _asked(kind, _RANGES, 12, 0, result)
    return ""


def _asked(
    kind: SamplerKind, sampled: dict[str, Sampled], count: int, seed: int, result: Callable[[int], Trial] | None = None
) -> list[Point]:
    """All the points of a search; a sampler that learns is told invented results on the way."""
    found = kind.function(sampled, count, seed)
    if not isinstance(found, Sampler):
        return list(found)
    points: list[Point] = []
    while len(points) < count:
        asked: Sequence[Point] = found.ask(min(_AT_ONCE, count - len(points)))
        if len(asked) != min(_AT_ONCE, count - len(points)):
            raise ViolationError(
                f"it gave {len(asked)} points where {min(_AT_ONCE, count - len(points))} were asked for"
            )
        trials = []
        for k, point in enumerate(asked, len(points)):
            made = result(k) if result else Trial({}, math.log(point["lr"]) ** 2 if "lr" in point else 0.0)
            trials.append(Trial(point, made.cost, made.given_up_after))
        found.tell(trials)
        points += asked
    return points


_PROPERTIES = (in_range, repeats, varies, leaves_the_ranges, learns)
