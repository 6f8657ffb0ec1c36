"""The entries of an experiment, [[optimizers]]: the lines of the comparison, and what their hyperparameters range over."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from optilab.axes import Axes, axes, axis, is_axis
from optilab.cell import Cell, bound_schedules
from optilab.errors import InputError, at, unknown
from optilab.experiment import Experiment
from optilab.lookup import chain
from optilab.optimizers import Optimizer
from optilab.plan import BatchSize, usual_batch_size
from optilab.problems import Problem
from optilab.schedules import BoundSchedule
from optilab.watching import rehearse


@dataclass(frozen=True)
class Line:
    """One line of the comparison: cells that differ in their hyperparameters alone.

    cell: one of them, without hyperparameters.
    """

    optimizer: Optimizer
    cell: Cell

    def at(self, values: Mapping[str, Any]) -> Cell:
        """The cell with these hyperparameters, and defaults. InputError, with its place, if its parts don't fit together."""
        place = self.cell.place
        cell = replace(self.cell, hyperparameters=self.optimizer.fill(values, place))
        try:
            rehearse(cell.plan(0))
        except InputError as error:
            raise InputError(f"{at(place)}{error}") from None
        return cell


@dataclass(frozen=True)
class Entry:
    """One of [[optimizers]].

    usual: the batch size where none is given.
    """

    place: str
    names: tuple[str, ...]
    optimizer: Optimizer
    label: str | None
    usual: BatchSize
    batch_sizes: list[BatchSize]
    schedules: list[Any]
    axes: Axes

    @classmethod
    def of(cls, given: Mapping[str, Any], problem: Problem, place: str) -> Entry:
        """The entry of a table. InputError, with its place, for what is wrong in it."""
        rest = dict(given)
        use = rest.pop("use", None)
        if not (isinstance(use, str) or (isinstance(use, list) and use and all(isinstance(n, str) for n in use))):
            raise InputError(f'{place}.use = {use!r}: write the name of an optimizer, or a chain as ["one", "other"]')
        names = [use] if isinstance(use, str) else use
        optimizer = chain(names, f"{place}.use")
        label = rest.pop("label", None)
        if label is not None and (not isinstance(label, str) or not label):
            raise InputError(f"{place}.label = {label!r} is not a text")
        usual = usual_batch_size(optimizer, problem)
        batch_sizes = axis(rest.pop("batch_size", usual), f"{place}.batch_size")
        schedule = rest.pop("schedule", None)
        schedules = schedule if isinstance(schedule, list) else [schedule]
        if not schedules:
            raise InputError(f"{place}.schedule: an empty list, so that the grid has no runs")
        samples = rest.pop("samples", None)
        rest = _qualified(rest, optimizer)
        for name in rest:
            if not optimizer.columns_of(name):
                known = [*optimizer.parameters, "use", "label", "batch_size", "schedule", "samples"]
                raise unknown(f"key of optimizer {optimizer.name}", name, known, place)
        return cls(place, tuple(names), optimizer, label, usual, batch_sizes, schedules, axes(rest, samples, place))

    def lines(self, experiment: Experiment, problem: Mapping[str, Any]) -> Iterator[Line]:
        """Its lines: one for each batch size and schedule."""
        used = _schedules_used(experiment)
        for size, schedule in itertools.product(self.batch_sizes, self.schedules):
            parts = [self.label or self.optimizer.name, *self._batch_label(size), *self._schedule_label(schedule, used)]
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
            )
            yield Line(self.optimizer, cell)

    def _batch_label(self, size: BatchSize) -> list[str]:
        """The batch size, where it tells lines apart; a label that the user gave is extended only by what varies."""
        if len(self.batch_sizes) > 1 or (self.label is None and size != self.usual):
            return ["full batch" if size == "full" else f"batch {size}"]
        return []

    def _schedule_label(self, schedule: Any, used: Sequence[BoundSchedule]) -> list[str]:
        """The schedule, on the same terms: its name, and what tells it from the experiment's others of that name."""
        text = " + ".join(s.label_among(used) for s in bound_schedules(schedule, self.place)) or "constant"
        return [text] if len(self.schedules) > 1 or (self.label is None and text != "constant") else []


def _qualified(given: Mapping[str, Any], optimizer: Optimizer) -> dict[str, Any]:
    """Tables of a rule's own values, as TOML makes of `rule.lr = 0.1`, by their qualified names."""
    found: dict[str, Any] = {}
    for name, value in given.items():
        if name in optimizer.rule_names and isinstance(value, Mapping) and not is_axis(value):
            found |= {f"{name}.{inner}": v for inner, v in value.items()}
        else:
            found[name] = value
    return found


def _schedules_used(experiment: Experiment) -> list[BoundSchedule]:
    """All schedules of an experiment."""
    found = []
    for k, entry in enumerate(experiment.optimizers):
        given = entry.get("schedule")
        for spec in given if isinstance(given, list) else [given]:
            found += bound_schedules(spec, f"optimizers[{k}]")
    return found
