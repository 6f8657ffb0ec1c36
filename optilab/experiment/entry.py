"""The entries of an experiment, [[optimizers]]: the lines of the comparison, and what their hyperparameters range over."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from optilab.errors import InputError, at, unknown
from optilab.experiment.axes import Axes, axes, axis, is_axis
from optilab.experiment.blocks import Block
from optilab.experiment.cell import Cell
from optilab.experiment.experiment import Experiment
from optilab.experiment.resolve import bound_schedules
from optilab.optimizers.optimizer import Optimizer
from optilab.parameters.accepted import Interval
from optilab.plugins.chain import chain
from optilab.problems.problem import Problem
from optilab.schedules.schedule import BoundSchedule
from optilab.search.sampler import Point
from optilab.texts import shown
from optilab.training.checks import rehearse
from optilab.training.plan import BatchSize, Plan, usual_batch_size


@dataclass(frozen=True)
class Line:
    """One line of the comparison: cells that differ only in hyperparameters.

    cell: any of them, without hyperparameters. problem, schedules: those that the cell names.
    named: whether the user gave the label. size: the batch size if the user gave it.
    """

    optimizer: Optimizer
    cell: Cell
    problem: Problem
    schedules: Sequence[BoundSchedule]
    named: bool = False
    size: BatchSize | None = None

    def at(self, given: Mapping[str, Any]) -> Cell:
        """The cell with these hyperparameters, and defaults for the others. InputError, with its place, if its parts don't fit together."""
        return self.cell.of(self._plan(self.optimizer.fill(given, self.cell.place)))

    def _plan(self, hyperparameters: Mapping[str, Any]) -> Plan:
        """The checked plan with these hyperparameters, complete. InputError, with its place, if its parts don't fit together."""
        try:
            plan = self.cell.plan_of(self.problem, self.optimizer, hyperparameters, self.schedules)
            rehearse(plan)
        except InputError as error:
            raise InputError(f"{at(self.cell.place)}{error}") from None
        return plan

    def block(self, lists: Mapping[str, Sequence[Any]], points: Sequence[Point]) -> Block:
        """The block of all combinations of these hyperparameters.

        Values are checked axis by axis, not cell by cell: whether a plan accepts one doesn't depend on the others. InputError as
        for `at`.
        """
        place = self.cell.place
        given = {**{name: values[0] for name, values in lists.items()}, **points[0]}
        plan = self._plan(self.optimizer.fill(given, place))
        listed = {name: self.optimizer.checked(name, values, given, place) for name, values in lists.items()}
        drawn = {
            name: self.optimizer.checked(name, [point[name] for point in points], given, place) for name in points[0]
        }
        for name, values in [*listed.items(), *drawn.items()]:
            for value in self._critical(name, values):
                self._plan({**plan.hyperparameters, name: value})
        distinct = dict.fromkeys(zip(*drawn.values(), strict=True))
        return Block(self.cell, plan, listed, [dict(zip(drawn, point, strict=True)) for point in distinct] or [{}])

    def _critical(self, name: str, values: Sequence[Any]) -> Iterable[Any]:
        """Values of a hyperparameter at which a plan must be checked besides the first.

        There are none if no schedule multiplies it; for an interval, both ends suffice.
        """
        positions = set(self.optimizer.positions_of(name))
        if not any(positions & set(self.optimizer.positions_of(schedule.of)) for schedule in self.schedules):
            return []
        accepted = [p.parameter.range for p in self.optimizer.rule_parameters]
        convex = all(isinstance(accepted[k], Interval) for k in positions)
        return {min(values), max(values)} if convex else values


_KEYS = ("use", "label", "batch_size", "schedule", "samples")  # of an entry; the others are hyperparameters


@dataclass(frozen=True)
class Entry:
    """One of [[optimizers]].

    usual: default batch size. sized: whether a batch size was given.
    """

    place: str
    names: tuple[str, ...]
    optimizer: Optimizer
    label: str | None
    usual: BatchSize
    sized: bool
    batch_sizes: list[BatchSize]
    schedules: list[Any]
    axes: Axes

    @classmethod
    def of(cls, table: Mapping[str, Any], problem: Problem, place: str) -> Entry:
        """The entry of a table. InputError, with its place, for what is wrong in it."""
        use = table.get("use")
        if not (isinstance(use, str) or (isinstance(use, list) and use and all(isinstance(n, str) for n in use))):
            raise InputError(
                f'{place}.use = {shown(use)}: write the name of an optimizer, or a chain as ["one", "other"]'
            )
        names = [use] if isinstance(use, str) else use
        optimizer = chain(names, f"{place}.use")
        label = table.get("label")
        if label is not None and (not isinstance(label, str) or not label):
            raise InputError(f"{place}.label = {shown(label)} is not a text")
        usual = usual_batch_size(optimizer, problem)
        batch_sizes = axis(table.get("batch_size", usual), f"{place}.batch_size")
        schedule = table.get("schedule")
        schedules = schedule if isinstance(schedule, list) else [schedule]
        if not schedules:
            raise InputError(f"{place}.schedule: an empty list, so that the grid has no runs")
        given = _qualified({name: value for name, value in table.items() if name not in _KEYS}, optimizer)
        for name in given:
            if not optimizer.positions_of(name):
                raise unknown(f"key of optimizer {optimizer.name}", name, [*optimizer.parameters, *_KEYS], place)
        return cls(
            place,
            tuple(names),
            optimizer,
            label,
            usual,
            "batch_size" in table,
            batch_sizes,
            axis(schedules, place),
            axes(given, table.get("samples"), place),
        )

    def lines(
        self, experiment: Experiment, problem: Mapping[str, Any], built: Problem, used: Sequence[BoundSchedule]
    ) -> Iterator[Line]:
        """Its lines on a problem: one for each batch size and schedule. InputError for a schedule that doesn't fit.

        problem, built: the problem's table, and the problem. used: all schedules of the experiment, which labels must distinguish.
        """
        bound = [bound_schedules(schedule, self.place) for schedule in self.schedules]
        for size, (schedule, found) in itertools.product(self.batch_sizes, zip(self.schedules, bound, strict=True)):
            parts = [self.label or self.optimizer.name, *self._batch_label(size), *self._schedule_label(found, used)]
            cell = Cell(
                place=self.place,
                label=", ".join(parts),
                problem=problem,
                precision=experiment.precision,
                optimizer=self.names,
                hyperparameters={},
                schedule=schedule,
                batch_size=size,
                budget=experiment.budget,
                measure=experiment.measure,
                stop=experiment.stop,
                data_order=experiment.data_order,
            )
            yield Line(self.optimizer, cell, built, found, self.label is not None, size if self.sized else None)

    def _batch_label(self, size: BatchSize) -> list[str]:
        """The batch size, if it distinguishes lines; a label given by the user is extended only by what varies."""
        if len(self.batch_sizes) > 1 or (self.label is None and size != self.usual):
            return ["full batch" if size == "full" else f"batch {size}"]
        return []

    def _schedule_label(self, found: Sequence[BoundSchedule], used: Sequence[BoundSchedule]) -> list[str]:
        """The schedule, under the same conditions: its name, and how it differs from others of that name."""
        text = " + ".join(s.label_among(used) for s in found) or "constant"
        return [text] if len(self.schedules) > 1 or (self.label is None and text != "constant") else []


def _qualified(given: Mapping[str, Any], optimizer: Optimizer) -> dict[str, Any]:
    """Hyperparameters by qualified names: TOML reads `rule.lr = 0.1` as a table inside a table."""
    found: dict[str, Any] = {}
    for name, value in given.items():
        if name in optimizer.rule_names and isinstance(value, Mapping) and not is_axis(value):
            found |= {f"{name}.{inner}": v for inner, v in value.items()}
        else:
            found[name] = value
    return found


def schedules_used(experiment: Experiment) -> list[BoundSchedule]:
    """All schedules of an experiment. InputError for one that is unknown or doesn't fit."""
    found = []
    for k, table in enumerate(experiment.optimizers):
        given = table.get("schedule")
        for spec in given if isinstance(given, list) else [given]:
            found += bound_schedules(spec, f"optimizers[{k}]")
    return found
