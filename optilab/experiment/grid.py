"""The grid of an experiment: the cells known beforehand, and the search spaces of the others."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from optilab.errors import InputError, unknown
from optilab.experiment.blocks import Cells
from optilab.experiment.cell import Cell
from optilab.experiment.defaults import at_defaults
from optilab.experiment.entry import Entry, Line, schedules_used
from optilab.experiment.experiment import Experiment, Reference
from optilab.experiment.lines import Candidate, named
from optilab.experiment.resolve import build_problem, problem_id, table_key
from optilab.experiment.seeds import seeds_of
from optilab.plugins.loading import registry, rehearse
from optilab.problems.derivatives import spot_check
from optilab.problems.problem import Problem
from optilab.records.labels import tables_apart
from optilab.search.sampled import Sampled
from optilab.search.sampler import Point, Sampler, SamplerKind
from optilab.training.chance import seeds_that_differ

MOST_RUNS = 10_000_000  # of an experiment
MOST_LINES = 1000  # of an entry, and searches of a line


@dataclass(frozen=True)
class SearchSpace:
    """Search space of one line, from which a sampler chooses the cells to try.

    combination: of listed values, common to all cells. sampled: ranges of the others. samples: number of cells to try.
    """

    line: Line
    combination: Mapping[str, Any]
    sampled: Mapping[str, Sampled]
    samples: int
    kind: SamplerKind
    seed: int

    def sampler(self) -> Sampler | list[Point]:
        """A new sampler; or the list of all points, where they don't depend on results. InputError as for `SamplerKind.start`."""
        return self.kind.start(self.sampled, self.samples, self.seed)

    @cached_property
    def low(self) -> Cell:
        """The cell at the low end of every range."""
        return self.at({name: found.low for name, found in self.sampled.items()})

    def at(self, point: Point) -> Cell:
        """The cell of a point. InputError if its parts don't fit together."""
        return self.line.at({**self.combination, **point})


@dataclass(frozen=True)
class Grid:
    """An experiment with all cells that it runs.

    cells: known beforehand, in blocks. spaces: from which samplers choose the others, generation by generation. control: the label
    of the line with which the others are compared: the one that the experiment names, or the first line of its first entry.
    defaults: those that are evaluated besides, at the defaults of their optimizers. notes: sentences on what was left out.
    """

    experiment: Experiment
    cells: Cells
    spaces: list[SearchSpace]
    control: str
    defaults: Cells = field(default_factory=lambda: Cells([]))
    notes: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """Number of cells, searches included, without those at defaults."""
        return len(self.cells) + sum(space.samples for space in self.spaces)


def grid_of(experiment: Experiment) -> Grid:
    """The checked grid of an experiment. InputError for the first thing that doesn't fit."""
    rehearse(experiment)
    for role in ("evaluation", "tuning"):  # raises for seeds that don't fit
        seeds_of(experiment, role)
    candidates: list[Candidate] = []
    for entry, line in _lines(experiment):
        candidates += _candidates(experiment, entry, line)
    found = named(candidates)
    defaults, notes = at_defaults(found) if experiment.defaults else ([], [])
    _check_control(
        experiment, {cell.label for cell in [*(one.line.cell for one in found), *(b.cell for b in defaults)]}
    )
    grid = Grid(
        experiment,
        Cells([one.block for one in found if not one.sampled]),
        [_space(experiment, one) for one in found if one.sampled],
        experiment.comparison.control or found[0].line.cell.label,
        Cells(defaults),
        tuple(notes),
    )
    _check_search(grid)
    _check_runs(grid)
    return grid


def _check_control(experiment: Experiment, labels: Collection[str]) -> None:
    control = experiment.comparison.control
    if control is not None and control not in labels:
        raise unknown("label", control, labels, "comparison.control")
    target = experiment.comparison.target
    if isinstance(target, Reference) and target.reference not in labels:
        raise unknown("label", target.reference, labels, "comparison.target.reference")


def _candidates(experiment: Experiment, entry: Entry, line: Line) -> Iterator[Candidate]:
    """The cells of a line: one block if they are known, otherwise a search space for each combination of listed values."""
    axes = entry.axes
    if not axes.sampled:
        yield Candidate(line, line.block(axes.lists, [{}]))
        return
    kind = registry().sampler(experiment.search.method, "search.method")
    points = kind.start(axes.sampled, axes.samples, experiment.search.seed)
    if isinstance(points, list) and experiment.search.prune_after is None:
        yield Candidate(line, line.block(axes.lists, points))
        return
    searches = axes.count // axes.samples
    if searches > MOST_LINES:
        raise InputError(f"{entry.place}: {searches:,} searches, one for each combination; there may be {MOST_LINES:,}")
    for combination in axes.combinations:
        ends = [dict(zip(axes.sampled, side, strict=True)) for side in _ends(axes.sampled)]
        block = line.block({name: [value] for name, value in combination.items()}, ends)
        yield Candidate(line, block, combination, axes.sampled, axes.samples)


def _ends(sampled: Mapping[str, Sampled]) -> list[list[float]]:
    return [[found.low for found in sampled.values()], [found.high for found in sampled.values()]]


def _lines(experiment: Experiment) -> Iterator[tuple[Entry, Line]]:
    """Each line on each problem; a repeated problem counts once."""
    seen = set()
    used = schedules_used(experiment)
    for place, problem in experiment.every_problem:
        built = build_problem(problem, experiment.precision, place)
        if (identity := problem_id(built)) in seen:
            continue
        seen.add(identity)
        _check_measured(experiment, built, place)
        spot_check(built, place)
        for k, table in enumerate(experiment.optimizers):
            entry = Entry.of(table, built, f"optimizers[{k}]")
            _check_size(entry)
            for line in entry.lines(experiment, problem, built, used):
                yield entry, line


def _check_measured(experiment: Experiment, problem: Problem, place: str) -> None:
    """InputError for tuning or comparing by a measure that the problem doesn't have: none would be better than another."""
    by_time = experiment.tuning is not None and experiment.tuning.measure is not None
    asked = {
        "tuning.measure" if by_time else "tuning.by": experiment.tuning and experiment.tuning.measured,
        "comparison.measure": experiment.comparison.measure,
    }
    for key, measure in asked.items():
        if measure in problem.unmeasured:
            part = {"valid": "validation part", "test": "test part"}.get(measure.partition("_")[0], "classes")
            lacks = "classes" if measure.endswith("accuracy") and not problem.classifies else part
            raise InputError(
                f"{key} = {measure!r}: it is not measured on {place}, {problem.name}, which has no {lacks}"
            )


def _check_size(entry: Entry) -> None:
    """InputError for an entry with too many cells or lines, before any is built."""
    if entry.axes.count > MOST_RUNS:
        raise InputError(f"{entry.place}: {entry.axes.count:,} cells; an experiment has at most {MOST_RUNS:,} runs")
    lines = len(entry.batch_sizes) * len(entry.schedules)
    if lines > MOST_LINES:
        raise InputError(
            f"{entry.place}: {lines:,} batch sizes and schedules; an entry has at most {MOST_LINES:,} lines"
        )


def _check_runs(grid: Grid) -> None:
    seeds = seeds_of(grid.experiment, "tuning" if grid.experiment.tuning else "evaluation")
    runs = sum(len(block) * len(seeds_that_differ(block.plan, seeds)) for block in grid.cells.blocks)
    runs += sum(space.samples for space in grid.spaces) * len(seeds) + len(grid.defaults) * len(seeds)
    if runs > MOST_RUNS:
        raise InputError(
            f"{grid.count:,} cells on {len(seeds):,} seeds are {runs:,} runs; an experiment has at most {MOST_RUNS:,}"
        )


def _space(experiment: Experiment, one: Candidate) -> SearchSpace:
    """The search space of a candidate."""
    kind = registry().sampler(experiment.search.method, "search.method")
    return SearchSpace(one.line, one.combination, one.sampled, one.samples, kind, experiment.search.seed)


def _check_search(grid: Grid) -> None:
    """InputError for a search that learns from the runs that are compared, and for search settings without effect."""
    search, given = grid.experiment.search, grid.experiment.search.model_fields_set
    if grid.spaces and not grid.experiment.tuning:
        what = (
            "prune_after compares runs"
            if search.prune_after is not None
            else f"the sampler {search.method} learns from runs"
        )
        raise InputError(f"search: {what}, which must not be those of the comparison: add a table [tuning]")
    unread = [name for name in ("generation", "prune_after") if name in given]
    if unread and not grid.spaces:
        raise InputError(
            f"search.{unread[0]}: no search goes by generations here; that takes a hyperparameter such as "
            "lr = { log_uniform = [1e-4, 1] }, and a sampler that learns, or prune_after"
        )


def refuse_two_labels(cell: Cell, same: Cell) -> None:
    """InputError if two equal cells belong to different lines: their runs could be shown under one line only."""
    if same.line_id != cell.line_id:
        raise InputError(f"{cell.place}: {cell.label!r} is the same as {same.label!r} of {same.place}; leave one out")


def problem_labels(experiment: Experiment) -> dict[str, str]:
    """Label of each problem by its table's key: its name, and the parameters in which it differs from its namesakes."""
    tables = [problem for _, problem in experiment.every_problem]
    return dict(zip(map(table_key, tables), tables_apart(tables, "use"), strict=True))
