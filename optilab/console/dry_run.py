"""The grid of an experiment, before anything runs."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.table import Table

from optilab import store
from optilab.cell import Cell, table_key
from optilab.console.terminal import Terminal
from optilab.experiment import Experiment, evaluation_seeds, tuning_seeds
from optilab.grid import Grid, grid_of
from optilab.runner.jobs import Job, Rerun, Role, jobs, missing, tasks
from optilab.runner.run import chosen, folder_of
from optilab.texts import counted


def _varying(grid: Sequence[Cell]) -> set[str]:
    """Hyperparameters that take several values in some line of the grid, and lr."""
    seen: dict[tuple[str, str], set[float]] = {}
    for cell in grid:
        for name, value in cell.hyperparameters.items():
            seen.setdefault((cell.label, name), set()).add(value)
    return {"lr", *(name for (_, name), values in seen.items() if len(values) > 1)}


def dry_run(experiment: Experiment, results: str | None, rerun: Rerun | None = None) -> None:
    """Print the grid, how many runs it takes, and how many of them would be made now."""
    console = Terminal()
    folder = folder_of(experiment, results)
    grid = grid_of(experiment)
    every = tasks(experiment, grid.cells, folder)
    there = store.done(folder)
    console.print(_grid_table(experiment, grid))

    def tell(role: Role, wanted: list[Job]) -> int:
        todo = len(missing(wanted, there, rerun))
        console.print(
            f"{role}: {counted(len(wanted), 'run')}, of which {counted(len(wanted) - todo, 'is', 'are')} done"
        )
        return todo

    tuned = jobs(experiment, every, "tuning")
    chosen_later = sum(space.samples for space in grid.spaces) * len(tuning_seeds(experiment))
    if chosen_later:
        console.print(f"tuning, by {experiment.search.method}: {chosen_later} runs, chosen by generations")
    if (tuned and tell("tuning", tuned)) or chosen_later:
        lines = len({(table_key(c.problem), c.label) for c in [*grid.cells, *(s.line.cell for s in grid.spaces)]})
        runs = lines * len(evaluation_seeds(experiment))
        console.print(f"evaluation: {runs} runs, of the best cell of each of {lines} lines, once tuning is done")
    else:
        best = chosen(experiment, tuned, store.load(folder)) if tuned else every
        tell("evaluation", jobs(experiment, best, "evaluation"))
    sys.stdout.flush()


def _grid_table(experiment: Experiment, grid: Grid) -> Table:
    count = len(grid.cells) + sum(space.samples for space in grid.spaces)
    table = Table(title=f"{experiment.name}: {count} cells", title_justify="left")
    for column in ("optimizer", "hyperparameters", "batch size", "schedule"):
        table.add_column(column, overflow="fold")
    varies = _varying(grid.cells)
    for cell in grid.cells:
        values = ", ".join(
            f"{n}={v if isinstance(v, str) else format(v, 'g')}" for n, v in cell.hyperparameters.items() if n in varies
        )
        table.add_row(cell.label, values, str(cell.batch_size), cell.schedule_label)
    for space in grid.spaces:
        cell, by = space.line.cell, experiment.search.method
        fixed = [f"{n}={v}" for n, v in space.fixed.items()]
        ranges = [f"{n} from {found.low:g} to {found.high:g}" for n, found in space.ranges.items()]
        values = f"{', '.join([*fixed, *ranges])}: {space.samples} cells by {by}"
        table.add_row(cell.label, values, str(cell.batch_size), cell.schedule_label)
    return table
