"""Cells of a grid: the complete specification of runs, except for the seed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from optilab.errors import InputError
from optilab.experiment.file import absolute_path, dataset_path
from optilab.experiment.resolve import bound_schedules, build_problem
from optilab.guarding.consent import check_readable_for
from optilab.optimizers.optimizer import Optimizer
from optilab.parameters.tables import Settings, validated
from optilab.plugins.chain import chain
from optilab.problems.problem import Precision, Problem
from optilab.randomness import DataOrder
from optilab.schedules.schedule import BoundSchedule
from optilab.texts import printable, shortened, shown
from optilab.training.checks import checked
from optilab.training.plan import BatchSize, Plan
from optilab.training.stopping import Budget, Measure, Stop


@dataclass(frozen=True)
class Cell:
    """One point of the grid: the specification of its runs, except for the seed.

    line_id: identity of its line in the comparison, equal on all problems; `label` is only the line's name.
    known_plan: its checked plan if it was built already, as for the cells of a grid.
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
    measure: Measure | None
    stop: Stop
    data_order: DataOrder = "own"
    line_id: str = ""
    known_plan: Plan | None = field(default=None, repr=False, compare=False)

    def of(self, plan: Plan) -> Cell:
        """A copy of this cell with the hyperparameters of a checked plan, which it keeps."""
        return replace(self, hyperparameters=plan.hyperparameters, known_plan=plan)

    def named(self, label: str, line_id: str) -> Cell:
        """A copy of this cell as one of another line."""
        return replace(self, label=label, line_id=line_id)

    @property
    def spec(self) -> dict[str, Any]:
        """The specification as values that JSON can hold."""
        order = {} if self.data_order == "own" else {"data_order": self.data_order}
        return {
            "problem": dict(self.problem),
            "precision": self.precision,
            "optimizer": list(self.optimizer),
            "hyperparameters": dict(self.hyperparameters),
            "schedule": self.schedule,
            "batch_size": self.batch_size,
            "budget": self.budget.model_dump(exclude_none=True),
            "measure": self.measure.spec if self.measure else None,
            "stop": self.stop.model_dump(exclude_none=True),
            **order,
        }

    @classmethod
    def of_spec(cls, spec: Mapping[str, Any], label: str = "") -> Cell:
        """Inverse of `spec`. InputError for a budget, cadence or stopping rule that doesn't validate."""
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
            measure=validated(Measure, spec["measure"], "measure") if spec["measure"] else None,
            stop=validated(Stop, spec["stop"], "stop"),
            data_order=spec.get("data_order", "own"),
        )

    @cached_property
    def plan(self) -> Plan:
        """The checked plan of its runs. InputError if its parts don't fit together."""
        if self.known_plan is not None:
            return self.known_plan
        problem, optimizer = build_problem(self.problem, self.precision), chain(self.optimizer)
        return self.plan_of(problem, optimizer, self.hyperparameters, bound_schedules(self.schedule, self.place))

    def plan_of(
        self,
        problem: Problem,
        optimizer: Optimizer,
        hyperparameters: Mapping[str, Any],
        schedules: Sequence[BoundSchedule],
    ) -> Plan:
        """The checked plan with these parts and complete hyperparameters. InputError if the parts don't fit together."""
        return checked(
            Plan(
                problem,
                optimizer,
                hyperparameters,
                schedules,
                batch_size=self.batch_size,
                budget=self.budget,
                measure=self.measure,
                stop=self.stop,
                data_order=self.data_order,
            )
        )

    @property
    def schedule_label(self) -> str:
        """Short text for the schedule."""
        return " + ".join(s.label for s in self.plan.schedules) or "constant"


class _Spec(Settings):
    """The column `spec` of a run, as `Cell.spec` writes it."""

    problem: dict[str, Any]
    precision: Precision | None
    optimizer: list[str] = Field(min_length=1)
    hyperparameters: dict[str, Any]
    schedule: Any
    batch_size: int | Literal["full"]
    budget: Budget
    measure: Measure | None
    stop: Stop
    data_order: DataOrder = "own"


def code_key(spec: Mapping[str, Any]) -> str:
    """Text for the entries of a spec that the digest of the code depends on: equal texts, equal digests."""
    return json.dumps([spec[name] for name in ("problem", "precision", "optimizer", "schedule")], sort_keys=True)


def stored_cell(spec: Any, folder: Path, label: str = "") -> Cell:
    """The cell of a run in a results folder, by its column `spec`. Paths in it are relative to the folder.

    InputError if it is no spec, or names a dataset outside the folder that no experiment here has named (`guarding.consent`).
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


def stored_plan(spec: Any, folder: Path) -> Plan:
    """The plan of a run in a results folder. InputError if it can't be built today, whatever the reason.

    A plugin or a dataset may be missing, and the folder may have been written by anybody.
    """
    try:
        return stored_cell(spec, folder).plan
    except InputError:
        raise
    except Exception as error:
        raise InputError(
            f"a run can't be made from its column spec: {type(error).__name__}: {shortened(printable(str(error)), 200)}"
        ) from error
