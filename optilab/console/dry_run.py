"""The grid of an experiment, before anything runs."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from optilab import store
from optilab.experiment import Experiment
from optilab.grid import Cell, cells, table_key
from optilab.runner.jobs import Job, Rerun, Role, jobs, missing, tasks
from optilab.runner.run import chosen, folder_of


def _varying(grid: Sequence[Cell]) -> set[str]:
    """Hyperparameters that take several values in some line of the grid, and lr."""
    seen: dict[tuple[str, str], set[float]] = {}
    for cell in grid:
        for name, value in cell.hyperparameters.items():
            seen.setdefault((cell.label, name), set()).add(value)
    return {"lr", *(name for (_, name), values in seen.items() if len(values) > 1)}


def dry_run(experiment: Experiment, results: str | None, rerun: Rerun | None = None) -> None:
    """Print the grid, how many runs it takes, and how many of them would be made now."""
    console = Console(highlight=False, markup=False)
    folder = folder_of(experiment, results)
    grid = cells(experiment)
    every = tasks(experiment, grid, folder)
    there = store.done(folder)
    console.print(_grid_table(experiment.name, grid))

    def tell(role: Role, wanted: list[Job]) -> int:
        todo = len(missing(wanted, there, rerun))
        console.print(f"{role}: {len(wanted)} runs, of which {len(wanted) - todo} are done")
        return todo

    tuned = jobs(experiment, every, "tuning")
    if tuned and tell("tuning", tuned):
        lines = len({(table_key(cell.problem), cell.label) for cell in grid})
        runs = lines * len(jobs(experiment, every[:1], "evaluation"))
        console.print(f"evaluation: {runs} runs, of the best cell of each of {lines} lines, once tuning is done")
    else:
        best = chosen(experiment, tuned, store.load(folder)) if tuned else every
        tell("evaluation", jobs(experiment, best, "evaluation"))
    sys.stdout.flush()


def _grid_table(name: str, grid: Sequence[Cell]) -> Table:
    table = Table(title=f"{name}: {len(grid)} cells", title_justify="left")
    for column in ("optimizer", "hyperparameters", "batch size", "schedule"):
        table.add_column(column, overflow="fold")
    varies = _varying(grid)
    for cell in grid:
        values = ", ".join(
            f"{n}={v if isinstance(v, str) else format(v, 'g')}" for n, v in cell.hyperparameters.items() if n in varies
        )
        table.add_row(cell.label, values, str(cell.batch_size), cell.schedule_label)
    return table
