"""Problems and schedules by the names that cells give them; each problem is built once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from optilab.errors import InputError, at
from optilab.guarding.calls import trusted
from optilab.plugins.loading import registry
from optilab.problems.problem import Precision, Problem
from optilab.records.canonical import canonical_text, digest
from optilab.schedules.binding import from_spec
from optilab.schedules.schedule import BoundSchedule


def build_problem(given: Mapping[str, Any], precision: Precision | None, place: str = "") -> Problem:
    """The problem of a table with "use"; one object for equal tables, so that its arrays are shared.

    InputError, beginning with the place, for a missing or unknown name, or parameters that don't fit.
    """
    made = _made(f"{precision} {table_key(given)} {_stamp(given)}")
    if not made:
        rest = dict(given)
        name = rest.pop("use", None)
        if name is None:
            raise InputError(f'{at(place)}which problem? Give it as use = "network", or another of `optilab list`')
        kind = registry().problem(name, f"{place}.use" if place else "")
        with trusted(f"the problem {name}"):
            made.append(kind.build(rest, precision, place))
    return made[0]


def _stamp(given: Mapping[str, Any]) -> str:
    """Modification time and size of the problem's dataset file, so that a changed file is read again."""
    data = given.get("dataset")
    path = Path(data["path"]).expanduser() if isinstance(data, Mapping) and isinstance(data.get("path"), str) else None
    if path is None:
        return ""
    try:
        facts = path.stat()
    except (OSError, ValueError):  # reading the file raises the reason
        return ""
    return f"{facts.st_mtime_ns} {facts.st_size}"


@lru_cache(maxsize=16)
def _made(table: str) -> list[Problem]:
    """Cache entry for the problem of a table: an empty list until it is built."""
    return []


def bound_schedules(spec: Any, place: str) -> list[BoundSchedule]:
    """The schedules of one cell: none, one, or several in a list, whose multipliers are multiplied.

    InputError, beginning with the place, for an empty list, and for a schedule that is unknown or doesn't fit.
    """
    if spec is None:
        return []
    together = spec if isinstance(spec, list) else [spec]
    if not together:
        raise InputError(f"{place}.schedule: an empty list in the list, which is no schedule")
    return [from_spec(one, f"{place}.schedule", registry().schedule) for one in together]


def problem_id(problem: Problem) -> str:
    """Identity of a problem whatever its name: digest of all that its runs depend on."""
    return digest(canonical_text([problem.identity, problem.precision]))


def table_key(problem: Mapping[str, Any]) -> str:
    """Key of a problem's table: its JSON with sorted keys."""
    return json.dumps(problem, sort_keys=True)
