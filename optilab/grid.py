"""The grid of an experiment: every cell of it that is known beforehand, and what the others are chosen from."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from optilab.cell import Cell, build_problem, table_key
from optilab.entries import Entry, Line
from optilab.errors import InputError
from optilab.experiment import Experiment
from optilab.identity import run_id
from optilab.plugins import registry, rehearse
from optilab.ranges import Sampled
from optilab.samplers import Point, Sampler, SamplerKind


@dataclass(frozen=True)
class SearchSpace:
    """Cells of one line, of which a sampler chooses those to be tried.

    fixed: hyperparameters that they have in common. ranges: of those in which they differ. samples: how many are tried.
    """

    line: Line
    fixed: Mapping[str, Any]
    ranges: Mapping[str, Sampled]
    samples: int
    kind: SamplerKind
    seed: int

    def sampler(self) -> Sampler | list[Point]:
        """A sampler at its beginning; or all the points, where they don't depend on results."""
        return self.kind.start(self.ranges, self.samples, self.seed)

    @property
    def low(self) -> Cell:
        """The cell at the low end of every range."""
        return self.at({name: found.low for name, found in self.ranges.items()})

    @property
    def high(self) -> Cell:
        """The cell at the high end of every range."""
        return self.at({name: found.high for name, found in self.ranges.items()})

    def at(self, point: Point) -> Cell:
        """The cell of a point. InputError if its parts don't fit together."""
        return self.line.at({**self.fixed, **point})


@dataclass(frozen=True)
class Grid:
    """All that an experiment is to run.

    cells: those that are known beforehand. spaces: from which others are chosen, generation by generation.
    """

    cells: list[Cell]
    spaces: list[SearchSpace]


def grid_of(experiment: Experiment) -> Grid:
    """The grid, all that is known of it checked. InputError for the first thing that doesn't fit."""
    rehearse(experiment)
    cells: list[Cell] = []
    spaces: list[SearchSpace] = []
    lines: list[Line] = []
    for entry, line in _lines(experiment):
        lines.append(line)
        for fixed in entry.axes.combinations:
            if not entry.axes.ranges:
                cells.append(line.at(fixed))
                continue
            space = _space(experiment, entry, line, fixed)
            points = space.sampler()
            if isinstance(points, list) and experiment.search.prune_after is None:
                cells += map(space.at, points)
            else:
                spaces.append(space)
    _check_search(experiment, spaces)
    _check_labels(lines)
    return Grid(distinct(cells), spaces)


def _lines(experiment: Experiment) -> Iterator[tuple[Entry, Line]]:
    for place, problem in experiment.every_problem:
        built = build_problem(problem, experiment.precision, place)
        for k, given in enumerate(experiment.optimizers):
            entry = Entry.of(given, built, f"optimizers[{k}]")
            for line in entry.lines(experiment, problem):
                yield entry, line


def _space(experiment: Experiment, entry: Entry, line: Line, fixed: Mapping[str, Any]) -> SearchSpace:
    """A search space of a line."""
    kind = registry().sampler(experiment.search.method, "search.method")
    return SearchSpace(line, fixed, entry.axes.ranges, entry.axes.samples, kind, experiment.search.seed)


def _check_search(experiment: Experiment, spaces: Iterable[SearchSpace]) -> None:
    """InputError for a search that learns from the very runs that are compared, and for settings that nothing reads."""
    search, given = experiment.search, experiment.search.model_fields_set
    for space in spaces:  # complains of what is out of range
        space.low, space.high  # noqa: B018
    if spaces and not experiment.tuning:
        what = (
            "prune_after compares runs"
            if search.prune_after is not None
            else f"the sampler {search.method} learns from runs"
        )
        raise InputError(f"search: {what}, which must not be those of the comparison: add a table [tuning]")
    unread = [name for name in ("generation", "prune_after") if name in given]
    if unread and not spaces:
        raise InputError(
            f"search.{unread[0]}: here is no search that goes by generations; it takes a hyperparameter such as "
            "lr = { log_uniform = [1e-4, 1] }, and a sampler that learns, or prune_after"
        )


def _check_labels(lines: Iterable[Line]) -> None:
    labels = {(table_key(line.cell.problem), line.cell.label, line.cell.optimizer) for line in lines}
    for _, group in itertools.groupby(sorted(labels), key=lambda row: row[:2]):
        same = list(group)
        if len(same) > 1:
            raise InputError(f"optimizers: two of them have the label {same[0][1]!r}; give one a label of its own")


def distinct(found: Iterable[Cell]) -> list[Cell]:
    """Without cells that are there twice. InputError if one has two labels."""
    seen: dict[str, Cell] = {}
    for cell in found:
        refuse_two_labels(cell, seen.setdefault(run_id(cell.plan(0)), cell))
    return list(seen.values())


def refuse_two_labels(cell: Cell, same: Cell) -> None:
    """InputError if a cell and one that is the same have other labels: its runs would be there under one alone."""
    if same.label != cell.label:
        raise InputError(f"{cell.place}: {cell.label!r} is the same as {same.label!r} of {same.place}; leave one out")


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
