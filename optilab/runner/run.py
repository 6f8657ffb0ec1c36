"""An experiment from its first missing run to its results."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from optilab import store
from optilab.experiment.cell import Cell
from optilab.experiment.experiment import Experiment
from optilab.experiment.file import dataset_path, stored
from optilab.experiment.grid import grid_of
from optilab.guarding.consent import remember
from optilab.runner.jobs import Job, Task, jobs, tasks
from optilab.runner.logbook import check_loggers, open_logbook
from optilab.runner.notes import dataset_notes
from optilab.runner.observer import Observer
from optilab.runner.rows import wanted_table
from optilab.runner.session import Session, Way
from optilab.runner.tuning import tune


def folder_of(experiment: Experiment, results: str | Path | None) -> Path:
    """The results folder of an experiment: the one given, or results/NAME in the current folder."""
    return Path(results) if results is not None else Path("results") / experiment.name


def run_experiment(
    experiment: Experiment,
    results: str | Path | None = None,
    way: Way | None = None,
    observer: Observer | None = None,
) -> store.Results:
    """Run what is missing of an experiment, and return all its results.

    results: results folder, by default results/NAME in the current folder.
    way: how the runs are computed, by default on the cores of this machine.

    InputError, before anything runs, for anything in the experiment that doesn't fit. FailedFast if that was asked for. On
    KeyboardInterrupt, runs that have finished are in the folder.
    """
    observer, way = observer or Observer(), way or Way()
    folder = folder_of(experiment, results)
    grid = grid_of(experiment)
    for note in [*dataset_notes(experiment), *grid.notes]:
        observer.noted(note)
    every, defaults = tasks(experiment, grid.cells, folder), tasks(experiment, grid.defaults, folder)
    hyperparameters = _hyperparameters(
        [*(b[0] for b in grid.cells.blocks), *(space.low for space in grid.spaces), *grid.defaults]
    )
    way.kind.open(workers=way.workers, address=way.address)  # raises for an option that it doesn't have
    check_loggers(way.log)
    for path in filter(None, (dataset_path(problem) for _, problem in experiment.every_problem)):
        remember(path)
    with ExitStack() as stack:
        keep = stack.enter_context(store.Store(folder, hyperparameters, stored(experiment, folder)))
        for note in keep.notes:
            observer.noted(note)
        book = stack.enter_context(open_logbook(way.log, folder, observer.noted))
        session = Session(keep, way, observer, book, stack, grid)
        tuned: list[Job] = []
        if experiment.tuning:
            tuned = tune(grid, every, session)
            every = chosen(experiment, tuned, store.load_all(folder))
        evaluated = jobs(experiment, [*every, *defaults], "evaluation")
        session.want([*tuned, *evaluated])
        session.make(evaluated, "evaluation")
        book.end()
    return store.load(folder)


def _hyperparameters(cells: Iterable[Cell]) -> dict[str, type]:
    """Each hyperparameter of the experiment: a word if any of its values is one."""
    found: dict[str, type] = {}
    for cell in cells:
        for name, value in cell.hyperparameters.items():
            found[name] = str if isinstance(value, str) else found.get(name, float)
    return found


def chosen(experiment: Experiment, tuned: Sequence[Job], found: store.Results) -> list[Task]:
    """The best task of each line, by its runs of tuning; none for a line of which no run lasted."""
    from optilab.analysis.best import best_cells  # and pandas with it

    assert experiment.tuning is not None
    by_run = {job.run_id: job.task for job in tuned}
    by = experiment.tuning.column
    best = best_cells(found.of(store.marked(wanted_table(tuned), control="", by=by)).runs, by)
    return [by_run[run] for run in best.loc[np.isfinite(best["score"]), "run_id"]]
