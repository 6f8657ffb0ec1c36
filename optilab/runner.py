"""Many runs: what is missing is sent to an executor, and what comes back is stored as it comes."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from loky import ProcessPoolExecutor
from loky.process_executor import BrokenProcessPool

from optilab import plugins, store, worker
from optilab.analysis.summary import best_cells
from optilab.errors import InputError
from optilab.experiment import Experiment, evaluation_seeds, tuning_seeds
from optilab.grid import Cell, cells, problem_label
from optilab.identity import run_id
from optilab.kernels import cache
from optilab.lifting import compile_update
from optilab.training import compile_loop

Role = Literal["tuning", "evaluation"]
RERUN = ("failed", "crashed")  # statuses that count as missing when an experiment is started again


@dataclass(frozen=True)
class Job:
    """One run to be made."""

    cell: Cell
    seed: int
    role: Role
    run_id: str
    problem: str
    experiment: str

    @property
    def facts(self) -> dict[str, Any]:
        """The columns of `runs` that are known before the run."""
        cell, plan = self.cell, self.cell.plan(self.seed)
        spec = {
            "problem": dict(plan.problem.parameters, use=plan.problem.name),
            "optimizer": list(cell.optimizer),
            "hyperparameters": dict(cell.hyperparameters),
            "schedule": [s.identity for s in plan.schedules],
            "seed": self.seed,
        }
        return {
            "run_id": self.run_id,
            "experiment": self.experiment,
            "problem": self.problem,
            "optimizer": plan.optimizer.name,
            "label": cell.label,
            **{n: v if isinstance(v, str) else float(v) for n, v in cell.hyperparameters.items()},
            "schedule": cell.schedule_label,
            "batch_size": plan.examples_a_step,
            "seed": self.seed,
            "role": self.role,
            "spec": store.facts(**spec),
        }


class Observer:
    """Told what happens, as it happens; this one keeps silent."""

    def compiling(self, what: str) -> None:
        """Code is being compiled, or loaded from the cache."""

    def started(self, role: Role, missing: int, done: int, workers: int) -> None:
        """A stage begins: so many runs are missing, so many were done before."""

    def noticed_stale(self, count: int) -> None:
        """So many of the runs that were done before were made by other code than today's."""

    def finished(self, row: dict[str, Any]) -> None:
        """A run has ended, well or badly."""


def folder_of(experiment: Experiment, results: str | Path | None) -> Path:
    """Where the results of an experiment go: the folder given, or results/NAME here."""
    return Path(results) if results is not None else Path("results") / experiment.name


def jobs(experiment: Experiment, grid: Iterable[Cell], role: Role) -> list[Job]:
    """One job for each cell and seed of a role."""
    seeds = tuning_seeds(experiment) if role == "tuning" else evaluation_seeds(experiment)
    return [
        Job(cell, seed, role, run_id(cell.plan(seed)), problem_label(experiment, cell), experiment.name)
        for cell in grid
        for seed in seeds
    ]


def missing(wanted: Sequence[Job], folder: Path, rerun_stale: bool = False) -> list[Job]:
    """The jobs whose runs the folder doesn't hold, or holds as failed; with `rerun_stale` those of other code too."""
    there = store.done(folder)
    left = [job for job in wanted if there.get(job.run_id, ("failed", ""))[0] in RERUN]
    return left + (stale(wanted, folder) if rerun_stale else [])


def stale(wanted: Sequence[Job], folder: Path) -> list[Job]:
    """The jobs whose runs the folder holds as they were made by other code than today's."""
    there = store.done(folder)
    codes: dict[int, str] = {}
    found = []
    for job in wanted:
        status, code = there.get(job.run_id, ("failed", ""))
        if status in RERUN:
            continue
        if id(job.cell) not in codes:
            codes[id(job.cell)] = job.cell.plan(job.seed).code
        if code != codes[id(job.cell)]:
            found.append(job)
    return found


def run_experiment(
    experiment: Experiment,
    results: str | Path | None = None,
    workers: int | None = None,
    observer: Observer | None = None,
    rerun_stale: bool = False,
) -> store.Results:
    """Run what is missing of an experiment, and return all its results.

    results: folder of the results; results/NAME in the current folder where none is given.
    workers: processes; as many as there are cores where none is given, 0 for no process but this one.
    rerun_stale: make runs again that were made by other code than today's.

    InputError for anything in the experiment that doesn't fit, before anything runs.
    """
    observer = observer or Observer()
    grid = cells(experiment)
    folder = folder_of(experiment, results)
    names = dict.fromkeys(name for cell in grid for name in cell.hyperparameters)
    words = {name for cell in grid for name, value in cell.hyperparameters.items() if isinstance(value, str)}
    evaluation_seeds(experiment)  # complains of seeds that are used twice
    keep = store.Store(folder, names, json.dumps(experiment.model_dump(mode="json"), indent=2), words)
    count = os.cpu_count() or 1 if workers is None else workers
    if count < 0:
        raise InputError(f"workers = {workers}: accepted is a whole number from 0")
    try:
        if experiment.tuning:
            _stage(jobs(experiment, grid, "tuning"), "tuning", keep, count, observer, rerun_stale)
            grid = chosen(experiment, grid, store.load(folder))
        _stage(jobs(experiment, grid, "evaluation"), "evaluation", keep, count, observer, rerun_stale)
    finally:
        keep.flush()
    keep.compact()
    return results_of(experiment, store.load(folder))


def results_of(experiment: Experiment, found: store.Results) -> store.Results:
    """Of all runs that a folder holds, those of the experiment as it is now."""
    grid = cells(experiment)
    wanted = []
    if experiment.tuning:
        wanted = jobs(experiment, grid, "tuning")
        grid = chosen(experiment, grid, found)
    return _named(found, [*wanted, *jobs(experiment, grid, "evaluation")])


def _named(found: store.Results, wanted: Sequence[Job]) -> store.Results:
    """The runs of `wanted`, under the names that the present experiment gives them."""
    by_run = {job.run_id: job for job in wanted}
    runs = found.runs[found.runs["run_id"].isin(by_run)].reset_index(drop=True)
    for column in ("experiment", "problem", "label", "schedule", "role"):
        runs[column] = [by_run[run].facts[column] for run in runs["run_id"]]
    history = found.history[found.history["run_id"].isin(by_run)].reset_index(drop=True)
    return store.Results(found.folder, runs, history)


def chosen(experiment: Experiment, grid: Sequence[Cell], found: store.Results) -> list[Cell]:
    """The best cell of each line, by the runs of tuning that there are."""
    assert experiment.tuning is not None
    tuned = jobs(experiment, grid, "tuning")
    by_run = {job.run_id: job.cell for job in tuned}
    best = best_cells(_named(found, tuned).runs, f"final_{experiment.tuning.by}")
    return [by_run[run] for run in best["run_id"]]


def _stage(
    wanted: Sequence[Job], role: Role, keep: store.Store, workers: int, observer: Observer, rerun_stale: bool
) -> None:
    todo = missing(wanted, keep.folder, rerun_stale)
    if todo:
        compile_all(todo, observer)
    count = min(workers, len(todo))
    observer.started(role, len(todo), len(wanted) - len(todo), count)
    observer.noticed_stale(0 if rerun_stale else len(stale(wanted, keep.folder)))
    for row, measurements in _made(todo, count):
        keep.add(row, measurements)
        observer.finished(row)
    keep.flush()


def compile_all(todo: Iterable[Job], observer: Observer) -> None:
    """Compile everything the jobs need, here and once, before any worker starts. InputError if a plugin doesn't compile."""
    seen = set()
    for job in todo:
        plan = job.cell.plan(job.seed)
        precision = plan.problem.precision
        for key, compile_it in (
            (f"the training loop in {precision}", lambda precision=precision: compile_loop(precision)),
            (f"{plan.problem.name} in {precision}", lambda problem=plan.problem: problem.evaluate),
            (
                f"{plan.optimizer.name} in {precision}",
                lambda plan=plan, precision=precision: compile_update(plan.optimizer, precision),
            ),
        ):
            if key not in seen:
                seen.add(key)
                observer.compiling(key)
                compile_it()


class InlineExecutor(Executor):
    """Runs each job in this process, at once."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run it, and return its future, which is done."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


@contextmanager
def open_executor(workers: int) -> Iterator[Executor]:
    """An executor: for 0 workers this process, else processes of one thread each, ended when the block is left."""
    if workers == 0:
        yield InlineExecutor()
        return
    pool = ProcessPoolExecutor(
        max_workers=workers,
        env=worker.ONE_THREAD,
        initializer=worker.begin,
        initargs=([str(file) for file in plugins.files()],),
    )
    try:
        yield pool
    except BaseException:
        pool.shutdown(kill_workers=True)
        raise
    pool.shutdown()


def _made(todo: Sequence[Job], workers: int) -> Iterator[tuple[dict[str, Any], list[dict[str, float]]]]:
    """The runs of `todo` as they finish.

    A worker that dies takes the whole pool with it. What was under way then is tried once more, each run alone on a fresh
    worker, so that only the run that kills it again is recorded as crashed.
    """
    left = {job.run_id: job for job in todo}
    begun: set[str] = set()
    while left:
        suspect = next((job for run, job in left.items() if run in begun), None)
        queue, count = ([suspect], min(workers, 1)) if suspect else (list(left.values()), workers)
        try:
            with open_executor(count) as executor:
                for job, made in _completed(executor, queue, count, begun):
                    row, measurements, compiled = made
                    cache.LOG.compiled += compiled if count else 0
                    del left[job.run_id]
                    yield row, measurements
        except BrokenProcessPool as error:
            if suspect is not None:
                del left[suspect.run_id]
                yield (
                    {**suspect.facts, "status": "crashed", "message": f"its worker died twice: {error}", "steps": 0},
                    [],
                )


def _completed(
    executor: Executor, queue: list[Job], workers: int, begun: set[str]
) -> Iterator[tuple[Job, tuple[dict[str, Any], list[dict[str, float]], int]]]:
    """Keep the workers busy with a short queue, so that few runs are under way when one of them dies."""
    queue = queue[::-1]
    running: dict[Future[Any], Job] = {}
    while queue or running:
        while queue and len(running) < max(1, 2 * workers):
            job = queue.pop()
            begun.add(job.run_id)
            running[executor.submit(worker.work, job.cell, job.seed, job.facts)] = job
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            job = running.pop(future)
            yield job, future.result()
