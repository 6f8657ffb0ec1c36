"""The grid of an experiment: every cell of it checked."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from optilab import schedules
from optilab.axes import axis, combinations, is_axis
from optilab.errors import InputError, at, unknown
from optilab.experiment import Experiment, absolute_path
from optilab.identity import run_id
from optilab.lookup import chain, get_optimizer
from optilab.optimizers import Optimizer
from optilab.plan import BatchSize, Plan, usual_batch_size
from optilab.plugins import registry
from optilab.problems import Precision, Problem
from optilab.stopping import Budget, Length, Stop
from optilab.validation import validated
from optilab.watching import rehearse


@dataclass(frozen=True)
class Cell:
    """One point of the grid: all of a run but its seed."""

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


def stored_cell(spec: str, folder: Path, label: str = "") -> Cell:
    """The cell of a run in a results folder, by its column `spec`. Paths in it are relative to the folder.

    InputError, from here or from its `plan`, if it can't be made today: a plugin or a dataset is not at hand.
    """
    content = json.loads(spec)
    return Cell.of_spec({**content, "problem": absolute_path(content["problem"], folder)}, label)


def build_problem(given: Mapping[str, Any], precision: Precision | None, place: str = "") -> Problem:
    """The problem of a table with "use"; the same object for the same table, so that its arrays are shared."""
    made = _made(table_key(given) + _stamp(given), precision)
    if not made:
        rest = dict(given)
        name = rest.pop("use", None)
        if name is None:
            raise InputError(f'{at(place)}which problem? Give it as use = "network", or another of `optilab list`')
        made.append(registry().problem(name, f"{place}.use" if place else "").build(rest, precision, place))
    return made[0]


def _stamp(given: Mapping[str, Any]) -> str:
    """Time and size of the file that the problem's dataset is in, so that a changed file is read again."""
    data = given.get("dataset")
    path = Path(data["path"]).expanduser() if isinstance(data, Mapping) and isinstance(data.get("path"), str) else None
    if path is None or not path.exists():
        return ""
    facts = path.stat()
    return f"{facts.st_mtime_ns} {facts.st_size}"


@lru_cache(maxsize=16)
def _made(table: str, precision: Precision | None) -> list[Problem]:
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


def cells(experiment: Experiment) -> list[Cell]:
    """The grid, every cell of it checked. InputError for the first thing that doesn't fit."""
    found = []
    used = _schedules_used(experiment)
    for problem_place, problem in experiment.every_problem:
        built = build_problem(problem, experiment.precision, problem_place)
        for k, entry in enumerate(experiment.optimizers):
            found += _entry_cells(experiment, problem, built, entry, f"optimizers[{k}]", used)
    labels = {(table_key(c.problem), c.label, c.optimizer) for c in found}
    for _, group in itertools.groupby(sorted(labels), key=lambda row: row[:2]):
        same = list(group)
        if len(same) > 1:
            raise InputError(f"optimizers: two of them have the label {same[0][1]!r}; give one a label of its own")
    return _distinct(found)


def _entry_cells(
    experiment: Experiment,
    problem: Mapping[str, Any],
    built: Problem,
    entry: Mapping[str, Any],
    place: str,
    used: Sequence[schedules.BoundSchedule],
) -> list[Cell]:
    rest = dict(entry)
    use = rest.pop("use", None)
    if not (isinstance(use, str) or (isinstance(use, list) and use and all(isinstance(n, str) for n in use))):
        raise InputError(f'{place}.use = {use!r}: write the name of an optimizer, or a chain as ["one", "other"]')
    names = [use] if isinstance(use, str) else use
    optimizer = chain(names, f"{place}.use")
    label = rest.pop("label", None)
    if label is not None and (not isinstance(label, str) or not label):
        raise InputError(f"{place}.label = {label!r} is not a text")
    usual = usual_batch_size(optimizer, built)
    batch_sizes = axis(rest.pop("batch_size", usual), f"{place}.batch_size")
    given_schedules = rest.pop("schedule", None)
    schedule_axis = given_schedules if isinstance(given_schedules, list) else [given_schedules]
    if not schedule_axis:
        raise InputError(f"{place}.schedule: an empty list, so that the grid has no runs")
    samples = rest.pop("samples", None)
    rest = _qualified(rest, optimizer)
    for name in rest:
        if not optimizer.columns_of(name):
            known = [*optimizer.parameters, "use", "label", "batch_size", "schedule", "samples"]
            raise unknown(f"key of optimizer {optimizer.name}", name, known, place)
    found = []
    values_of = list(combinations(rest, samples, experiment.search, place))
    for size, schedule, values in itertools.product(batch_sizes, schedule_axis, values_of):
        cell = Cell(
            place=place,
            label=", ".join(
                [
                    label or optimizer.name,
                    *_batch_label(size, named=label is not None, varies=len(batch_sizes) > 1, usual=usual),
                    *_schedule_label(schedule, place, used, named=label is not None, varies=len(schedule_axis) > 1),
                ]
            ),
            problem=problem,
            precision=experiment.precision,
            optimizer=tuple(names),
            hyperparameters=optimizer.fill(values, place),
            schedule=schedule,
            batch_size=size,
            budget=experiment.budget,
            measure=experiment.measure,
            stop=experiment.stop,
        )
        _check(cell)
        found.append(cell)
    return found


def _qualified(given: Mapping[str, Any], optimizer: Optimizer) -> dict[str, Any]:
    """Tables of a rule's own values, as TOML makes of `rule.lr = 0.1`, by their qualified names."""
    found: dict[str, Any] = {}
    for name, value in given.items():
        if name in optimizer.rule_names and isinstance(value, Mapping) and not is_axis(value):
            found |= {f"{name}.{inner}": v for inner, v in value.items()}
        else:
            found[name] = value
    return found


def _check(cell: Cell) -> None:
    """InputError, with the place of the cell, where its parts don't fit together."""
    try:
        rehearse(cell.plan(0))
    except InputError as error:
        raise InputError(f"{at(cell.place)}{error}") from None


def _batch_label(size: BatchSize, *, named: bool, varies: bool, usual: BatchSize) -> list[str]:
    """The batch size, where it tells lines apart; a label that the user gave is extended only by what varies."""
    if varies or (not named and size != usual):
        return ["full batch" if size == "full" else f"batch {size}"]
    return []


def _schedule_label(
    schedule: Any, place: str, used: Sequence[schedules.BoundSchedule], *, named: bool, varies: bool
) -> list[str]:
    """The schedule, on the same terms: its name, and what tells it from the experiment's others of that name."""
    text = " + ".join(s.label_among(used) for s in bound_schedules(schedule, place)) or "constant"
    return [text] if varies or (not named and text != "constant") else []


def _schedules_used(experiment: Experiment) -> list[schedules.BoundSchedule]:
    """All schedules of an experiment."""
    found = []
    for k, entry in enumerate(experiment.optimizers):
        given = entry.get("schedule")
        for spec in given if isinstance(given, list) else [given]:
            found += bound_schedules(spec, f"optimizers[{k}]")
    return found


def table_key(problem: Mapping[str, Any]) -> str:
    """A problem's table as a text."""
    return json.dumps(problem, sort_keys=True)


def _distinct(found: Iterable[Cell]) -> list[Cell]:
    """Without cells that were written twice. InputError if one has two labels: its runs would be there under one alone."""
    seen: dict[str, Cell] = {}
    for cell in found:
        other = seen.setdefault(run_id(cell.plan(0)), cell)
        if other.label != cell.label:
            raise InputError(
                f"{cell.place}: {cell.label!r} is the same as {other.label!r} of {other.place}; leave one out"
            )
    return list(seen.values())


def problem_labels(experiment: Experiment) -> dict[str, str]:
    """A label for each problem, by its table: its name, and the parameters that tell it from its namesakes."""
    tables = [problem for _, problem in experiment.every_problem]
    labels = {}
    for table in tables:
        namesakes = [t for t in tables if t.get("use") == table.get("use")]
        varying = [k for k in table if k != "use" and any(t.get(k) != table[k] for t in namesakes)]
        parts = ", ".join(f"{k}={_shown(table[k])}" for k in varying)
        labels[table_key(table)] = str(table.get("use")) + (f" ({parts})" if parts else "")
    return labels


def _shown(value: Any) -> str:
    if isinstance(value, Mapping) and isinstance(value.get("path"), str):
        return Path(value["path"]).stem
    return f"{value:g}" if isinstance(value, float) else str(value)
