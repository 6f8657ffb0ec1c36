"""An experiment from its first missing run to its results."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pyarrow as pa

from optilab import store
from optilab.analysis.summary import best_cells
from optilab.errors import InputError
from optilab.executors import ExecutorKind, Pool
from optilab.experiment import Experiment, evaluation_seeds, stored
from optilab.grid import cells
from optilab.lifting import compile_update
from optilab.plugins import registry
from optilab.runner.dispatch import Dispatch
from optilab.runner.jobs import Job, Rerun, Role, Task, jobs, missing, stale, tasks
from optilab.runner.listening import listen, stop
from optilab.runner.logbook import Logbook, open_logbook
from optilab.runner.observer import Observer
from optilab.runner.rows import Finished, history_table, runs_table
from optilab.stopping import FAILURES
from optilab.training import compile_loop

_COMMIT_EVERY = 0.4  # seconds; with a batch's, less than a second of finished work is at risk

WANTED = pa.schema(
    [
        *((name, pa.string()) for name in ("run_id", "experiment", "problem", "label", "schedule", "role")),
        ("seed", pa.int64()),
        ("code", pa.string()),
    ]
)


class FailedFast(Exception):  # noqa: N818
    """A run has failed, and the experiment was to stop at the first that does."""


@dataclass(frozen=True)
class Way:
    """How the runs of an experiment are made: nothing of it changes a result.

    executor: its name, "local" or "inline" or a plugin's. workers, address: the executor's options.
    rerun: which runs are made again although they are there: "stale" (made by other code than today's), "failed" (crashed
        and timed out as well), "diverged" or "all".
    fail_fast: stop at the first run that fails.
    log: loggers that are told what happens, each as NAME or NAME=WHERE.
    """

    executor: str = "local"
    workers: int | None = None
    address: str | None = None
    rerun: Rerun | None = None
    fail_fast: bool = False
    log: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.workers is not None and self.workers < 1:
            raise InputError(f"workers = {self.workers}: accepted is a whole number above zero")

    @property
    def kind(self) -> ExecutorKind:
        """The executor; InputError for an unknown one."""
        return registry().executor(self.executor, "executor")

    @contextmanager
    def pool(self) -> Iterator[Pool]:
        """Its pool, ended when the block is left. InputError for options that it doesn't take."""
        with self.kind.open(workers=self.workers, address=self.address) as pool:
            yield pool


def folder_of(experiment: Experiment, results: str | Path | None) -> Path:
    """Where the results of an experiment go: the folder given, or results/NAME here."""
    return Path(results) if results is not None else Path("results") / experiment.name


def run_experiment(
    experiment: Experiment,
    results: str | Path | None = None,
    way: Way | None = None,
    observer: Observer | None = None,
) -> store.Results:
    """Run what is missing of an experiment, and return all its results.

    results: folder of the results; results/NAME in the current folder where none is given.
    way: how the runs are made; on the cores of this machine where it isn't given.

    InputError for anything in the experiment that doesn't fit, before anything runs. FailedFast if that was asked for. On
    KeyboardInterrupt, what is finished is in the folder.
    """
    observer, way = observer or Observer(), way or Way()
    folder = folder_of(experiment, results)
    evaluation_seeds(experiment)  # complains of seeds that are used twice
    every = tasks(experiment, cells(experiment), folder)
    way.kind.open(workers=way.workers, address=way.address)  # complains of its options
    with ExitStack() as stack:
        keep = stack.enter_context(store.Store(folder, _hyperparameters(every), stored(experiment, folder)))
        for note in keep.notes:
            observer.noted(note)
        book = stack.enter_context(open_logbook(way.log, folder, observer.noted))
        session = _Session(keep, way, observer, book, stack)
        wanted: list[Job] = []
        if experiment.tuning:
            wanted = jobs(experiment, every, "tuning")
            keep.want(_wanted(wanted))
            session.make(wanted, "tuning")
            every = chosen(experiment, wanted, store.load(folder))
        evaluated = jobs(experiment, every, "evaluation")
        keep.want(_wanted([*wanted, *evaluated]))
        session.make(evaluated, "evaluation")
        book.end()
    return results_of(store.load(folder))


def _hyperparameters(every: Sequence[Task]) -> dict[str, type]:
    """Each hyperparameter of the experiment: a word if any of its values is one."""
    found: dict[str, type] = {}
    for task in every:
        for name, value in task.cell.hyperparameters.items():
            found[name] = str if isinstance(value, str) else found.get(name, float)
    return found


def _wanted(wanted: Sequence[Job]) -> pa.Table:
    """The table of what an experiment wants, for whoever looks at its results later."""
    rows = {
        "run_id": [job.run_id for job in wanted],
        "role": [job.role for job in wanted],
        "seed": [job.seed for job in wanted],
        "code": [job.task.code for job in wanted],
    }
    rest = {n: [job.task.columns[n] for job in wanted] for n in WANTED.names if n not in rows}
    return pa.table({name: (rows | rest)[name] for name in WANTED.names}, WANTED)


def results_of(found: store.Results) -> store.Results:
    """Of all runs that a folder holds, those of the experiment as it was last run, under the names it gives them."""
    table = store.wanted(found.folder)
    return found if table is None else _named(found, table)


def _named(found: store.Results, wanted: pa.Table) -> store.Results:
    names = wanted.to_pandas().drop_duplicates("run_id").set_index("run_id")
    runs = found.runs[found.runs["run_id"].isin(names.index)].reset_index(drop=True)
    for column in ("experiment", "problem", "label", "schedule", "role"):
        runs[column] = names[column].reindex(runs["run_id"]).to_numpy(dtype=object)
    history = found.history[found.history["run_id"].isin(names.index)].reset_index(drop=True)
    return store.Results(found.folder, runs, history)


def chosen(experiment: Experiment, tuned: Sequence[Job], found: store.Results) -> list[Task]:
    """The best task of each line, by the runs of tuning that there are."""
    assert experiment.tuning is not None
    by_run = {job.run_id: job.task for job in tuned}
    best = best_cells(_named(found, _wanted(tuned)).runs, f"final_{experiment.tuning.by}")
    return [by_run[run] for run in best["run_id"]]


class _Session:
    """One start of an experiment: its store, and the pool once something is to be made."""

    def __init__(self, keep: store.Store, way: Way, observer: Observer, book: Logbook, stack: ExitStack) -> None:
        self._keep, self._way, self._observer, self._book, self._stack = keep, way, observer, book, stack
        self._pool: Pool | None = None

    def make(self, wanted: Sequence[Job], role: Role) -> None:
        """Make what is missing of a stage."""
        there = self._keep.done()
        todo = missing(wanted, there, self._way.rerun)
        old = 0 if self._way.rerun in ("stale", "all") else len(stale(wanted, there))
        if todo:
            compile_all(todo, self._observer)
            if self._pool is None:
                self._pool = self._stack.enter_context(self._way.pool())
        self._observer.started(role, len(todo), len({job.run_id for job in wanted}) - len(todo), old)
        if self._pool is None or not todo:
            return
        dispatch = Dispatch(self._pool, todo)
        self._book.expect(todo)
        if self._pool.here and not self._book.is_empty:
            listen(dispatch.session, self._book.hear)
            self._stack.callback(stop, dispatch.session)
        try:
            self._take_in(dispatch)
        except (KeyboardInterrupt, FailedFast):
            self._put(dispatch.last())
            raise

    def _take_in(self, dispatch: Dispatch) -> None:
        committed = time.monotonic()
        for finished in dispatch.finished():
            self._put(finished)
            if time.monotonic() - committed > _COMMIT_EVERY:
                self._keep.commit()
                committed = time.monotonic()
            self._observer.finished(finished, dispatch.running)
            self._book.take(finished)
            if self._way.fail_fast and any(one.outcome.status in FAILURES for one in finished):
                raise FailedFast
        self._keep.commit()

    def _put(self, finished: Sequence[Finished]) -> None:
        if finished:
            self._keep.add(runs_table(finished, self._keep.runs_schema), history_table(finished, store.HISTORY))


def compile_all(todo: Sequence[Job], observer: Observer) -> None:
    """Compile everything the jobs need, here and once, before any worker starts. InputError if a plugin doesn't compile."""
    seen = set()
    for task in {id(job.task): job.task for job in todo}.values():
        problem, optimizer = task.plan.problem, task.plan.optimizer
        steps: tuple[tuple[str, Callable[[], object]], ...] = (
            ("the training loop", partial(compile_loop, problem.precision)),
            (problem.name, partial(getattr, problem, "evaluate")),
            (optimizer.name, partial(compile_update, optimizer, problem.precision)),
        )
        for what, compile_it in steps:
            key = f"{what} in {problem.precision}"
            if key not in seen:
                seen.add(key)
                observer.compiling(key)
                compile_it()
