"""optilab's side: one run by an interval of its training loop, and a grid by its runner, as a person would run it."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import optilab
from optilab.training.plan import Plan
from optilab.training.setup import computing
from optilab.training.stopping import Budget
from optilab.training.training import Training
from speed.cases import Case
from speed.data import data, problem_table
from speed.timing import Attempt, Done, timed

SEED = 0
Weights = NDArray[np.floating]
CostOf = Callable[[Weights], float]


def rates(case: Case) -> list[float]:
    """The learning rates of a case: one, or a grid of two powers of ten up to three times that of a single run."""
    if case.runs == 1:
        return [case.rate]
    return [float(rate) for rate in np.geomspace(case.rate / 30, case.rate * 3, case.runs)]


def training(problem: Any, rule: str, lr: float, batch: int | str, setup: Any = None, **budget: Any) -> Training:
    """A run that is about to start; one epoch, unless the budget says otherwise."""
    optimizer = optilab.get_optimizer(rule)
    plan = Plan(
        problem=problem,
        optimizer=optimizer,
        hyperparameters=optimizer.fill({"lr": lr}),
        schedules=(),
        batch_size=batch,
        budget=Budget(**(budget or {"epochs": 1})),
        measure=None,
    )
    return Training(plan, SEED, setup)


def order_of(problem: Any, batch: int) -> NDArray[np.int64]:
    """Order in which optilab visits the examples in the first epoch."""
    begun = training(problem, "sgd", 1.0, batch)
    return np.asarray(begun.order(0, 1)[0])


def trained(run: Training) -> float:
    """Seconds of the processor from where a run stands to its end, in the state in which runs are computed; nothing is measured."""
    with computing():
        seconds, _ = timed(lambda: run.advance(run.total))
    return seconds


def one_run(problem: Any, case: Case, cost_of: CostOf) -> Attempt:
    """An epoch from fresh weights; making them is off the clock, and so is drawing the order of the examples, which peers are given."""
    kept: list[Any] = [None]

    def attempt() -> Done:
        run = training(problem, case.rule, case.rate, case.batch, kept[0])
        kept[0] = run.setup
        run.order(0, 1)
        seconds = trained(run)
        w = run.run.w
        return Done(seconds, lambda: [cost_of(w)])

    return attempt


def grid(case: Case) -> Attempt:
    """The learning rates as an experiment, by the runner with one worker. Its clock counts training, not measuring."""
    experiment = grid_table(case, rates(case))

    def attempt() -> Done:
        seconds, runs = run_grid(experiment)
        return Done(seconds / case.runs, lambda: runs)

    return attempt


def grid_table(
    case: Case, chosen: Sequence[float], seeds: Sequence[int] = (SEED,), epochs: float = 1
) -> dict[str, Any]:
    """An experiment over learning rates and seeds, measured at the start and after each epoch."""
    return {
        "name": "grid",
        "seeds": list(seeds),
        "problem": {"use": "network", **problem_table(data(case.data).dataset, case.hidden, case.activation)},
        "budget": {"epochs": epochs},
        "measure": {"epochs": 1},
        "optimizers": [{"use": case.rule, "lr": list(chosen), "batch_size": case.batch}],
    }


def run_grid(experiment: dict[str, Any]) -> tuple[float, list[float]]:
    """CPU seconds that all runs of an experiment trained, and their last costs, in the order of the learning rates.

    The seconds are the sum of what runs say of themselves, so runs that advance together have to share their time out among them.
    """
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        results = optilab.run(experiment, Path(folder) / "results", workers=1)
        total = time.perf_counter() - begin
        trained = results.history.groupby("run_id")["cpu_seconds"].max().sum()
        runs = results.runs.sort_values(["lr", "seed"])
    if not 0 < trained <= total:
        raise AssertionError(f"runs tell of {trained:.3g} CPU seconds of training, in {total:.3g} seconds altogether")
    return float(trained), [float(cost) for cost in runs["final_train_cost"]]
