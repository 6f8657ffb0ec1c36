"""`optilab run --dry-run`: the grid of an experiment and the number of its runs, without running any."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from optilab import store
from optilab.cli.terminal import Terminal
from optilab.experiment.blocks import Block
from optilab.experiment.cell import Cell
from optilab.experiment.defaults import outside
from optilab.experiment.experiment import Experiment
from optilab.experiment.grid import Grid, grid_of, problem_labels
from optilab.experiment.resolve import table_key
from optilab.experiment.seeds import Role, seeds_of
from optilab.records.chosen import nothing_chosen
from optilab.records.labels import told_apart
from optilab.runner.jobs import Done, Rerun, Task, count_due, jobs, missing, tasks
from optilab.runner.notes import dataset_notes
from optilab.runner.run import chosen, folder_of
from optilab.texts import counted, exact
from optilab.training.chance import WITHOUT_CHANCE, is_random, seeds_that_differ

_NAMED = 8  # lines that a sentence names
_SHORT = 1000  # values of an axis, beyond which they are not shortened
_ROWS = 40  # of the table of cells


def dry_run(experiment: Experiment, results: str | None, rerun: Rerun | None = None) -> None:
    """Print the grid, the number of runs, and how many of them are missing.

    InputError for anything in the experiment that doesn't fit.
    """
    console = Terminal()
    folder = folder_of(experiment, results)
    grid = grid_of(experiment)
    there = store.done(folder)
    console.print(_grid_table(grid))
    for note in [*dataset_notes(experiment), *grid.notes]:
        console.print(note)
    for line in [*_without_chance(grid), *_resolution(grid)]:
        console.print(line)
    if not experiment.tuning:
        _tell(console, grid, "evaluation", there, rerun)
        return
    later = sum(s.samples * len(seeds_that_differ(s.low.plan, seeds_of(experiment, "tuning"))) for s in grid.spaces)
    if later:
        console.print(f"tuning, by {experiment.search.method}: {counted(later, 'run')}, chosen by generations")
    todo = _tell(console, grid, "tuning", there, rerun) if len(grid.cells) else 0
    if todo or later:
        lines, runs = _of_evaluation(grid)
        defaults = f" and of {len(grid.defaults)} at defaults" if len(grid.defaults) else ""
        console.print(
            f"evaluation: {counted(runs, 'run')}, of the best cell of each of {counted(lines, 'line')}{defaults}, once tuning is done"
        )
    else:
        tuned = jobs(experiment, tasks(experiment, grid.cells, folder), "tuning")
        best = chosen(experiment, tuned, store.load_all(folder))
        wanted = jobs(experiment, [*best, *tasks(experiment, grid.defaults, folder)], "evaluation")
        wanted = list({job.run_id: job for job in wanted}.values())
        _say(console, "evaluation", len(wanted), len(missing(wanted, there, rerun)))
        for line in _nothing_chosen(grid, best):
            console.print(line)


def _tell(console: Terminal, grid: Grid, role: Role, there: Done, rerun: Rerun | None) -> int:
    """Print the number of runs of a role; returns how many are missing."""
    seeds = seeds_of(grid.experiment, role)
    blocks = grid.cells.blocks
    if role == "evaluation":
        blocks = [*blocks, *outside(grid.defaults.blocks, blocks)]
    wanted = sum(len(block) * len(seeds_that_differ(block.plan, seeds)) for block in blocks)
    todo = count_due(blocks, seeds, there, rerun)
    _say(console, role, wanted, todo)
    return todo


def _say(console: Terminal, role: Role, wanted: int, todo: int) -> None:
    console.print(f"{role}: {counted(wanted, 'run')}, of which {counted(wanted - todo, 'is', 'are')} done")


def _of_evaluation(grid: Grid) -> tuple[int, int]:
    """Number of lines, and of evaluation runs of their best cells."""
    seeds = seeds_of(grid.experiment, "evaluation")
    plans = {(table_key(b.cell.problem), b.cell.line_id): b.plan for b in grid.cells.blocks}
    plans |= {(table_key(s.line.cell.problem), s.line.cell.line_id): s.low.plan for s in grid.spaces}
    every = [*plans.values(), *(block.plan for block in grid.defaults.blocks)]
    return len(plans), sum(len(seeds_that_differ(plan, seeds)) for plan in every)


def _without_chance(grid: Grid) -> list[str]:
    """One sentence that names the lines in which nothing is random."""
    labels = dict.fromkeys(block.cell.label for block in grid.cells.blocks if not is_random(block.plan))
    if not labels:
        return []
    named = "; ".join(list(labels)[:_NAMED]) + (f" and {len(labels) - _NAMED} more" if len(labels) > _NAMED else "")
    return [f"{named}: {WITHOUT_CHANCE}"]


def _resolution(grid: Grid) -> list[str]:
    """One sentence that says what the planned seeds can show, or that they can't show anything."""
    labels: dict[str, set[str]] = {}  # by problem
    blocks = [*grid.cells.blocks, *grid.defaults.blocks]
    plans = [(block.cell, block.plan) for block in blocks] + [(s.low, s.low.plan) for s in grid.spaces]
    fixed = {(table_key(cell.problem), cell.label) for cell, plan in plans if not is_random(plan)}
    for cell, _ in plans:
        labels.setdefault(table_key(cell.problem), set()).add(cell.label)
    comparisons = sum(
        not {(problem, label), (problem, grid.control)} <= fixed
        for problem, there in labels.items()
        for label in there - {grid.control}
    )
    if not comparisons:
        return []
    from optilab.analysis.resolution import few_seeds, smallest_difference

    n, alpha = len(seeds_of(grid.experiment, "evaluation")), 1 - grid.experiment.comparison.confidence
    if warning := few_seeds(n, comparisons, alpha):
        return [warning]
    size = smallest_difference(n, alpha=alpha / comparisons)
    return [
        f"A t-test on {n} seeds would likely show a difference of {size:.2g} standard deviations of paired differences (power 80 %)."
    ]


def _nothing_chosen(grid: Grid, best: Sequence[Task]) -> list[str]:
    """One sentence per line whose tuning runs all diverged or failed."""
    labels = problem_labels(grid.experiment)
    lines = {(table_key(b.cell.problem), b.cell.line_id): b.cell for b in grid.cells.blocks}
    for task in best:
        lines.pop((table_key(task.cell.problem), task.cell.line_id), None)
    several = len(labels) > 1
    return [
        f"{cell.label}{f' on {labels[table_key(cell.problem)]}' if several else ''}: {nothing_chosen(grid.experiment.chosen_by)}"
        for cell in lines.values()
    ]


def _grid_table(grid: Grid) -> Table:
    """The grid as a table, cut after the first rows; the last row counts the rest."""
    title = f"{grid.experiment.name}: {grid.count:,} cell{'s' if grid.count != 1 else ''}"
    table = Table(title=title, title_justify="left")
    for column in ("optimizer", "hyperparameters", "batch size", "schedule"):
        table.add_column(column, overflow="fold")
    labels = problem_labels(grid.experiment)
    several = len(set(labels.values())) > 1

    def add(cell: Cell, values: str) -> None:
        on = f" on {labels[table_key(cell.problem)]}" if several else ""
        table.add_row(cell.label + on, values, str(cell.batch_size), cell.schedule_label)

    rows = 0
    for block in grid.cells.blocks:
        texts = {name: _texts(block.values(name)) for name in _varying(block)}
        for cell in itertools.islice(block, max(0, _ROWS - rows)):
            values = {name: exact(cell.hyperparameters[name]) for name in texts}
            add(cell, ", ".join(f"{name}={texts[name].get(value, value)}" for name, value in values.items()))
            rows += 1
    if rows < len(grid.cells):
        table.add_row(f"and {len(grid.cells) - rows:,} more", "", "", "")
    for space in grid.spaces[:_ROWS]:
        listed = [f"{n}={exact(v)}" for n, v in space.combination.items()]
        sampled = [f"{n} from {exact(found.low)} to {exact(found.high)}" for n, found in space.sampled.items()]
        add(space.low, f"{', '.join([*listed, *sampled])}: {space.samples} cells by {grid.experiment.search.method}")
    for block in grid.defaults.blocks[:_ROWS]:
        add(block[0], ", ".join(f"{name}={exact(value)}" for name, value in block[0].hyperparameters.items()))
    if len(grid.defaults) > _ROWS:
        table.add_row(f"and {len(grid.defaults) - _ROWS:,} more at defaults", "", "", "")
    if len(grid.spaces) > _ROWS:
        table.add_row(f"and {len(grid.spaces) - _ROWS:,} more searches", "", "", "")
    return table


def _varying(block: Block) -> list[str]:
    """Hyperparameters that take several values in a block, and lr."""
    return [n for n in block.plan.hyperparameters if n == "lr" or len(block.values(n)) > 1]


def _texts(values: Sequence[Any]) -> Mapping[str, str]:
    """The shortest distinct text for each value of an axis; empty for a long axis."""
    return dict(zip(map(exact, values), told_apart(values), strict=True)) if len(values) <= _SHORT else {}
