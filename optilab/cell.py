"""A cell of a grid: all that a run is made from but its seed, and the things that it names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from optilab import schedules
from optilab.canonical import canonical_text, digest
from optilab.consent import check_readable_for
from optilab.errors import InputError, at
from optilab.experiment import absolute_path, dataset_path
from optilab.guarding import trusted
from optilab.lookup import get_optimizer
from optilab.plan import BatchSize, Plan
from optilab.plugins import registry
from optilab.problems import Precision, Problem
from optilab.stopping import Budget, Length, Stop, Table
from optilab.texts import printable, shortened, shown
from optilab.validation import validated


@dataclass(frozen=True)
class Cell:
    """One point of the grid: all of a run but its seed.

    line_id: of the line of the comparison that it belongs to, the same on all problems; `label` is only its name.
    """

    place: str
    label: str
    problem: Mapping[str, Any]
    precision: Precision | None
    optimizer: tuple[str, ...]
    hyperparameters: Mapping[str, Any]
    schedule: Any
    batch_size: BatchSize
    budget: Budget
    measure: Length | None
    stop: Stop
    line_id: str = ""

    def at(self, hyperparameters: Mapping[str, Any]) -> Cell:
        """The same with other hyperparameters, complete and checked."""
        return replace(self, hyperparameters=hyperparameters)

    @property
    def spec(self) -> dict[str, Any]:
        """All that a run is made from but its seed, in values that JSON can hold."""
        return {
            "problem": dict(self.problem),
            "precision": self.precision,
            "optimizer": list(self.optimizer),
            "hyperparameters": dict(self.hyperparameters),
            "schedule": self.schedule,
            "batch_size": self.batch_size,
            "budget": self.budget.model_dump(exclude_none=True),
            "measure": self.measure.model_dump(exclude_none=True) if self.measure else None,
            "stop": self.stop.model_dump(exclude_none=True),
        }

    @classmethod
    def of_spec(cls, spec: Mapping[str, Any], label: str = "") -> Cell:
        """The cell of a `spec`. InputError if it is none."""
        return cls(
            place="",
            label=label,
            problem=spec["problem"],
            precision=spec["precision"],
            optimizer=tuple(spec["optimizer"]),
            hyperparameters=spec["hyperparameters"],
            schedule=spec["schedule"],
            batch_size=spec["batch_size"],
            budget=validated(Budget, spec["budget"], "budget"),
            measure=validated(Length, spec["measure"], "measure") if spec["measure"] else None,
            stop=validated(Stop, spec["stop"], "stop"),
        )

    def plan(self, seed: int) -> Plan:
        """The run of this cell with this seed."""
        return Plan(
            problem=build_problem(self.problem, self.precision),
            optimizer=get_optimizer(list(self.optimizer)),
            hyperparameters=self.hyperparameters,
            schedules=bound_schedules(self.schedule, self.place),
            batch_size=self.batch_size,
            budget=self.budget,
            measure=self.measure,
            seed=seed,
            stop=self.stop,
        )

    @property
    def schedule_label(self) -> str:
        """Short text for the schedule."""
        return " + ".join(s.label for s in bound_schedules(self.schedule, self.place)) or "constant"


class _Spec(Table):
    """The column `spec` of a run: all that it is made from but its seed."""

    problem: dict[str, Any]
    precision: Precision | None
    optimizer: list[str] = Field(min_length=1)
    hyperparameters: dict[str, Any]
    schedule: Any
    batch_size: int | Literal["full"]
    budget: Budget
    measure: Length | None
    stop: Stop


def stored_cell(spec: Any, folder: Path, label: str = "") -> Cell:
    """The cell of a run in a results folder, by its column `spec`. Paths in it are relative to the folder.

    InputError if it is no spec, or names a dataset outside the folder that nobody has named here (`optilab.consent`).
    """
    try:
        content = json.loads(spec)
    except (TypeError, ValueError, RecursionError):
        raise InputError(f"the column spec of a run is no JSON: {shown(spec)}") from None
    if not isinstance(content, dict):
        raise InputError(f"the column spec of a run holds no table: {shown(spec)}")
    validated(_Spec, content, "spec")
    problem = absolute_path(content["problem"], folder)
    if path := dataset_path(problem):
        check_readable_for(folder, path)
    return Cell.of_spec({**content, "problem": problem}, label)


def stored_plan(spec: Any, folder: Path, seed: int) -> Plan:
    """The plan of a run in a results folder. InputError if it can't be made today, whatever the reason.

    A plugin or a dataset may not be at hand; and what the folder holds may have been written by anybody.
    """
    try:
        return stored_cell(spec, folder).plan(seed)
    except InputError:
        raise
    except Exception as error:
        raise InputError(
            f"a run can't be made from its column spec: {type(error).__name__}: {shortened(printable(str(error)), 200)}"
        ) from error


def build_problem(given: Mapping[str, Any], precision: Precision | None, place: str = "") -> Problem:
    """The problem of a table with "use"; the same object for the same table, so that its arrays are shared."""
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
    """Time and size of the file that the problem's dataset is in, so that a changed file is read again."""
    data = given.get("dataset")
    path = Path(data["path"]).expanduser() if isinstance(data, Mapping) and isinstance(data.get("path"), str) else None
    if path is None:
        return ""
    try:
        facts = path.stat()
    except (OSError, ValueError):  # whoever reads it tells why
        return ""
    return f"{facts.st_mtime_ns} {facts.st_size}"


@lru_cache(maxsize=16)
def _made(table: str) -> list[Problem]:
    """A place to keep the problem of a table."""
    return []


def bound_schedules(spec: Any, place: str) -> list[schedules.BoundSchedule]:
    """The schedules of one cell: none, one, or the several of a list, which are followed together."""
    if spec is None:
        return []
    together = spec if isinstance(spec, list) else [spec]
    if not together:
        raise InputError(f"{place}.schedule: an empty list in the list, which is no schedule")
    return [schedules.from_spec(one, f"{place}.schedule", registry().schedule) for one in together]


def problem_id(problem: Problem) -> str:
    """What tells problems apart, whatever they are called: a digest of all that their runs depend on."""
    return digest(canonical_text([problem.identity, problem.precision]))


def table_key(problem: Mapping[str, Any]) -> str:
    """A problem's table as a text."""
    return json.dumps(problem, sort_keys=True)
