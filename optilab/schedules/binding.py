"""Binding a schedule: from its name, or a table, to a schedule with checked parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from optilab.errors import InputError, at, unknown
from optilab.parameters.parameter import Parameter
from optilab.schedules.schedule import BoundSchedule, Schedule
from optilab.texts import shown


def bind(
    schedule: Schedule, given: Mapping[str, Any], place: str, find: Callable[[str, str], Schedule]
) -> BoundSchedule:
    """`schedule` with checked parameters.

    given: parameters by name, with "of" and "per". find: `find(name, place)` looks up a schedule by name, for those inside it.
    InputError, beginning with `place`, for an unknown name, a missing value, or one that isn't accepted.
    """
    rest = dict(given)
    if schedule.is_feedback and "per" in rest:
        raise InputError(f"{at(place)}per: {schedule.name} goes by measurements, not by steps or epochs")
    of, per = rest.pop("of", "lr"), rest.pop("per", "step")
    if per not in ("step", "epoch"):
        raise InputError(f"{at(place)}per = {shown(per)}: accepted is 'step' or 'epoch'")
    if not isinstance(of, str):
        raise InputError(f"{at(place)}of = {shown(of)} is not the name of a hyperparameter")
    for name in rest:
        if name not in schedule.parameters:
            raise unknown(f"parameter of {schedule.name}", name, [*schedule.parameters, "of", "per"], place)
    parameters: dict[str, Any] = {}
    for name, parameter in schedule.parameters.items():
        value = rest.get(name, parameter.default)
        inside = f"{place}.{name}" if place else name
        default = parameter.default
        if value is None:
            raise InputError(f"{at(place)}schedule {schedule.name} needs a value for {name}")
        if isinstance(default, Schedule):
            parameters[name] = _inner(value, inside, find)
        elif isinstance(default, (list, tuple)) and any(isinstance(v, Schedule) for v in default):
            if not isinstance(value, (list, tuple)) or not value:
                raise InputError(f"{inside} = {shown(value)} is not a list of schedules")
            parameters[name] = [_inner(v, f"{inside}[{k}]", find) for k, v in enumerate(value)]
        elif isinstance(default, (list, tuple)):
            if not isinstance(value, (list, tuple)):
                raise InputError(f"{inside} = {shown(value)} is not a list of numbers")
            number = Parameter(name, 0.0, parameter.range)
            parameters[name] = [number.check(v, place) for v in value]
        else:
            parameters[name] = parameter.check(value, place)
    return BoundSchedule(schedule, parameters, of, per)


def _inner(spec: Any, place: str, find: Callable[[str, str], Schedule]) -> BoundSchedule:
    """A schedule inside another. InputError for a feedback schedule, and for one with `of` or `per`."""
    inner = spec if isinstance(spec, BoundSchedule) else from_spec(spec, place, find)
    if inner.schedule.is_feedback:
        raise InputError(f"{place}: {inner.schedule.name} is a feedback schedule and can't stand inside another")
    if (inner.of, inner.per) != ("lr", "step"):
        raise InputError(f"{place}: of and per are those of the outermost schedule; write them there")
    return inner


def from_spec(spec: Any, place: str, find: Callable[[str, str], Schedule]) -> BoundSchedule:
    """A schedule from its name, or from a table such as { use = "cosine", floor = 0.1 }.

    find: as for `bind`. InputError, beginning with `place`, for anything else, and as from `bind`.
    """
    if isinstance(spec, Schedule):
        return bind(spec, {}, place, find)
    if isinstance(spec, str):
        return bind(find(spec, place), {}, place, find)
    if not isinstance(spec, Mapping) or not isinstance(spec.get("use"), str):
        raise InputError(
            f'{at(place)}{shown(spec)} is not a schedule; write its name, or a table as {{ use = "name", ... }}'
        )
    return bind(find(spec["use"], place), {n: v for n, v in spec.items() if n != "use"}, place, find)
