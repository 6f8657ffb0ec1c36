"""Runs of a batch that advance together in a worker: which do, and what happens where one of them fails."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from optilab.cli.main import main
from optilab.executors import Pool
from optilab.experiment.cell import stored_plan
from optilab.experiment.experiment import Experiment
from optilab.experiment.grid import grid_of
from optilab.figures.captions import seeds_text
from optilab.plugins import loading
from optilab.records.columns import COLUMNS
from optilab.records.specs import share_order
from optilab.runner.dispatch import Dispatch
from optilab.runner.jobs import Job, jobs, side_by_side, tasks
from optilab.runner.run import run_experiment
from optilab.runner.session import Way
from optilab.training.lockstep import MOST, Lockstep, company, how_many
from optilab.training.training import Training
from optilab.workers.local import _AtOnce
from optilab.workers.maker import Maker
from optilab.workers.messages import Batch, Outcome, unpack
from optilab.workers.supervisor import Supervisor

SCHEDULES = '''
import os

from optilab import feedback, hookimpl


@feedback()
def raises():
    """Answer twice, and then fail."""
    yield 1.0
    yield 1.0
    raise RuntimeError("no more answers")


@feedback()
def dies():
    """Answer twice, and then take the process down."""
    yield 1.0
    yield 1.0
    os._exit(1)


@hookimpl
def optilab_schedules():
    return [raises, dies]
'''


@pytest.fixture
def schedules(tmp_path: Path) -> Iterator[None]:
    """A plugin with schedules that fail."""
    path = tmp_path / "failing_schedules.py"
    path.write_text(SCHEDULES, "utf-8")
    loading.forget()
    loading.use_file(path)
    yield
    loading.forget()


def make_experiment(folder: Path, *optimizers: dict[str, Any], **given: Any) -> Experiment:
    """A network on sixty examples of two classes, three measurements a run."""
    random = np.random.default_rng(0)
    x = random.normal(size=(60, 3))
    path = folder / "points.npz"
    np.savez(path, x_train=x, y_train=(x[:, 0] > 0).astype(int))
    content = {
        "name": "n",
        "seeds": 1,
        "problem": {"use": "network", "dataset": {"path": str(path)}, "hidden": [4], "cost": "cross_entropy"},
        "budget": {"epochs": 3},
        "measure": {"epochs": 1},
        "optimizers": list(optimizers),
        **given,
    }
    return Experiment.model_validate(content)


def make_jobs(folder: Path, *optimizers: dict[str, Any], **given: Any) -> list[Job]:
    """The jobs of such an experiment."""
    experiment = make_experiment(folder, *optimizers, **given)
    return jobs(experiment, tasks(experiment, grid_of(experiment).cells, folder), "evaluation")


def batch_of(todo: Sequence[Job]) -> Batch:
    """The jobs as a batch."""
    return Dispatch(Pool(_AtOnce(), lambda: 1))._batch(todo)


@pytest.fixture
def groups(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many runs advanced together to their end, each time that some did."""
    found: list[int] = []
    finish = Lockstep.finish

    def counted(self: Lockstep, heard: Any) -> None:
        finish(self, heard)
        found.append(len(heard))

    monkeypatch.setattr(Lockstep, "finish", counted)
    return found


def results(outcome: Outcome) -> tuple[Any, ...]:
    """All of an outcome but what clocks say, and where in the code an exception came from."""
    log = outcome.log.copy()
    log[:, [COLUMNS.index("seconds"), COLUMNS.index("cpu_seconds")]] = 0
    facts = {
        name: value for name, value in outcome.facts.items() if not name.endswith("seconds") and name != "traceback"
    }
    return json.dumps(facts, sort_keys=True), log.tobytes()


def test_runs_of_a_batch_advance_together(tmp_path: Path, groups: list[int]) -> None:
    """As many as the limit at a time, each with the outcome that it has by itself."""
    todo = make_jobs(
        tmp_path, {"use": "sgd", "lr": [0.1, 0.2, 0.3, 0.4, 0.5]}, {"use": "adam", "lr": [0.01, 0.02, 0.03, 0.04, 0.05]}
    )
    batch = batch_of(todo)
    together = list(Maker().make(replace(batch, quantum=60)))
    assert groups == [MOST, 2]
    alone = list(Maker().make(replace(batch, quantum=60, apart=True)))
    assert groups == [MOST, 2]
    assert [results(outcome) for outcome in together] == [results(outcome) for outcome in alone]
    assert len({outcome.log.tobytes() for outcome in together}) == len(todo)


def test_a_run_that_fails_costs_no_other(tmp_path: Path, schedules: None, groups: list[int]) -> None:
    """The others have their results, it has its message and what was measured before, and everything is told once."""
    todo = make_jobs(
        tmp_path,
        {"use": "sgd", "lr": [0.1, 0.2]},
        {"use": "sgd", "lr": 0.3, "schedule": "raises"},
        {"use": "momentum", "lr": 0.1},
    )
    told: list[tuple[int, int]] = []

    def listener(number: int) -> Any:
        return lambda run: told.append((number, len(run.log)))

    batch = replace(batch_of(todo), quantum=60)
    outcomes = list(Maker().make(batch, listener))
    assert groups == []
    assert [outcome.status for outcome in outcomes] == ["budget", "budget", "failed", "budget"]
    assert outcomes[2].message == "RuntimeError: no more answers"
    assert len(outcomes[2].log) == 2
    heard, told = told, []
    alone = list(Maker().make(replace(batch, apart=True), listener))
    assert [results(outcome) for outcome in outcomes] == [results(outcome) for outcome in alone]
    assert sorted(heard) == sorted(told)
    assert len(told) == 4 + 4 + 1 + 4


def test_a_run_that_kills_its_worker_costs_no_other(tmp_path: Path, schedules: None) -> None:
    """It has crashed, and those that it advances with are made one by one, in one go however long they take."""
    lines = (
        {"use": "sgd", "lr": 0.1},
        {"use": "sgd", "lr": 0.3, "schedule": "dies", "label": "deadly"},
        {"use": "sgd", "lr": 0.2},
    )
    todo = make_jobs(tmp_path, *lines)
    assert how_many([(job.task.plan, job.seed) for job in todo]) == 3
    watching = Supervisor("s")
    found: list[Outcome] = []
    try:
        batch = replace(batch_of(todo), session="s", quantum=1e-9)
        while len(found) < len(todo):
            found += unpack(watching.work(batch.after(len(found))).outcomes)
            assert len(found) in (2, 3)  # the first and the deadly one, then the last
    finally:
        watching.close()
    assert [outcome.status for outcome in found] == ["budget", "crashed", "budget"]
    assert "died twice" in found[1].message


def test_runs_of_one_company_stand_side_by_side(tmp_path: Path) -> None:
    """Those of one seed, over all lines; on functions the order stays."""
    lines = ({"use": "sgd", "lr": [0.1, 0.2]}, {"use": "adam", "lr": 0.1})
    todo = make_jobs(tmp_path, *lines, seeds=3)
    assert [job.seed for job in todo] == [0, 1, 2] * 3
    found = side_by_side(todo)
    assert [job.seed for job in found] == [0] * 3 + [1] * 3 + [2] * 3
    assert sorted(job.run_id for job in found) == sorted(job.run_id for job in todo)
    on_bowl = make_jobs(
        tmp_path, *lines, seeds=3, problem={"use": "bowl", "start": "random"}, budget={"steps": 9}, measure=None
    )
    assert side_by_side(on_bowl) == on_bowl


def test_seeds_share_an_order_where_they_are_told_to(tmp_path: Path) -> None:
    """They stand side by side, their specification says so, and so do the caption and the table; replays keep to it."""
    grid = make_experiment(tmp_path, {"use": "sgd", "lr": 0.1}, seeds=3, data_order="shared")
    todo = jobs(grid, tasks(grid, grid_of(grid).cells, tmp_path), "evaluation")
    assert len({company(job.task.plan, job.seed) for job in todo}) == 1
    results = run_experiment(grid, tmp_path / "r", Way(workers=1))
    assert seeds_text(results) == "Median and each of 3 seeds (0 to 2, in one order of the examples)."
    assert share_order(results.runs)
    shown = CliRunner().invoke(main, ["table", str(tmp_path / "r")])
    assert "Median over 3 seeds in one order of the examples; in brackets the lowest and the highest." in " ".join(
        shown.output.split()
    )
    plan = stored_plan(results.runs["spec"].iloc[0], tmp_path / "r")
    assert plan.data_order == "shared"
    single = Training(plan, int(results.runs["seed"].iloc[0]))
    single.finish()
    assert single.run.history["train_cost"].iloc[-1] == results.runs["final_train_cost"].iloc[0]


def came_back(seconds: float) -> Outcome:
    """A run that has taken so long."""
    return Outcome("budget", "", "", 1, 1, 0.0, seconds, 0.0, np.zeros((1, len(COLUMNS))))


def test_long_runs_are_sent_together(tmp_path: Path) -> None:
    """Runs of more than a quantum each are sent by as many as advance together, if these take less than a minute."""
    todo = make_jobs(tmp_path, {"use": "sgd", "lr": [0.1 * k for k in range(1, 13)]})

    def first_batch(seconds: float | None) -> int:
        dispatch = Dispatch(Pool(_AtOnce(), lambda: 1))
        dispatch._left.extend(todo)
        if seconds is not None:
            dispatch._durations.note(todo[0], came_back(seconds))
        return len(dispatch._next(1))

    assert [first_batch(seconds) for seconds in (None, 0.01, 0.09, 2.0, 25.0, 61.0)] == [MOST, 12, MOST, MOST, 2, 1]


@pytest.mark.parametrize(("slots", "count"), [(2, 12), (2, 16), (3, 9), (4, 20), (4, 24), (8, 36), (8, 40)])
def test_several_workers_have_the_same_share(tmp_path: Path, slots: int, count: int) -> None:
    """Runs of equal length are sent so that no worker has one more than another, although four advance together at first."""
    todo = make_jobs(tmp_path, {"use": "sgd", "lr": [0.1 * k for k in range(1, count + 1)]})
    dispatch = Dispatch(Pool(_AtOnce(), lambda: slots))
    dispatch._left.extend(todo)
    dispatch._durations.note(todo[0], came_back(2.0))
    made, sizes = [0] * slots, []
    ends: dict[Any, int] = {}
    while dispatch._left:
        if len(dispatch._running) == 2 * slots:
            del dispatch._running[min(dispatch._running, key=ends.__getitem__)]
        batch, worker, future = dispatch._next(slots), made.index(min(made)), Future[Any]()
        made[worker] += len(batch)
        ends[future] = made[worker]
        dispatch._running[future] = batch
        sizes.append(len(batch))
    assert max(made) == -(-count // slots)
    assert max(sizes) > 2


def test_runs_wait_for_the_first_of_their_kind(tmp_path: Path) -> None:
    """It says how long they take, and so how many to send at once: no second one waits alone for the same worker."""

    class Waiting(_AtOnce):
        """Takes batches and makes nothing."""

        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            """Keep it."""
            return Future()

    lines = ({"use": "sgd", "lr": [0.1, 0.2, 0.3]}, {"use": "adam", "lr": [0.1, 0.2]})
    todo = make_jobs(tmp_path, *lines, problem={"use": "bowl"}, budget={"steps": 9}, measure=None)

    def sent(slots: int) -> int:
        dispatch = Dispatch(Pool(Waiting(), lambda: slots))
        dispatch._left.extend(todo)
        dispatch._send()
        return dispatch.running

    assert [sent(slots) for slots in (1, 2, 3, 5)] == [1, 2, 4, 5]  # the fourth is the first of another kind
