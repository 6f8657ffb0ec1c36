"""The functions of a notebook: train, run, load, and get problems, optimizers and schedules by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from optilab.errors import InputError
from optilab.guarding.calls import trusted
from optilab.optimizers.optimizer import Optimizer
from optilab.parameters.arguments import (
    BATCH_SIZE,
    COUNT,
    FUNCTION,
    NUMBER,
    PATH,
    PRECISION,
    RESULTS,
    SEED,
    SWITCH,
    TABLE,
    TEXT,
    TEXTS,
    WHOLE,
    ArgumentKind,
    one_of,
    takes,
)
from optilab.plugins.chain import chain
from optilab.plugins.loading import registry
from optilab.records.columns import COLUMNS

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from optilab.experiment.experiment import Experiment
    from optilab.problems.problem import Precision, Problem
    from optilab.report.notebook import Results
    from optilab.schedules.schedule import BoundSchedule
    from optilab.training.run import Run


OPTIMIZER = ArgumentKind(
    "the name of an optimizer, a list of names, or an Optimizer",
    lambda value: (
        isinstance(value, (str, Optimizer))
        or (isinstance(value, (list, tuple)) and all(isinstance(name, str) for name in value))
    ),
)


def _is_problem(value: object) -> bool:
    from optilab.problems.problem import Problem

    return isinstance(value, (str, Problem))


PROBLEM = ArgumentKind("the name of a problem, or a Problem", _is_problem)


def _is_experiment(value: object) -> bool:
    from optilab.experiment.experiment import Experiment

    return PATH.fits(value) or isinstance(value, Experiment) or TABLE.fits(value)


_EXPERIMENT = ArgumentKind(
    "the path of a TOML file, a dict with what such a file holds, or an Experiment", _is_experiment
)


@takes(
    problem=PROBLEM,
    optimizer=OPTIMIZER,
    precision=PRECISION,
    batch_size=BATCH_SIZE,
    epochs=NUMBER,
    steps=WHOLE,
    examples=WHOLE,
    gradient_evaluations=WHOLE,
    seconds=NUMBER,
    seed=SEED,
    measure_epochs=NUMBER,
    measure_steps=WHOLE,
    stop=TABLE,
    callback=FUNCTION,
)
def train(
    problem: Problem | str,
    optimizer: str | list[str] | Optimizer,
    *,
    w: ArrayLike | Sequence[ArrayLike] | None = None,
    precision: Precision | None = None,
    batch_size: int | Literal["full"] | None = None,
    epochs: float | None = None,
    steps: int | None = None,
    examples: int | None = None,
    gradient_evaluations: int | None = None,
    seconds: float | None = None,
    schedule: Any = None,
    seed: int = 0,
    measure_epochs: float | None = None,
    measure_steps: int | None = None,
    measure_gradient_norm: bool = True,
    stop: Mapping[str, Any] | None = None,
    callback: Callable[[dict[str, float]], bool | None] | None = None,
    **hyperparameters: Any,
) -> Run:
    """Train once, and return the run with its `.history`, `.w` and `.status`.

    problem: from `get_problem`, or a name, for that problem with its default parameters.
    optimizer: a name, several for a chain, or an optimizer.
    w: first weights, instead of the problem's: a vector, or a list of matrices (fan-in by fan-out) and biases in turn. They are
        copied.
    precision: "float32" or "float64", for a problem given by name; the problem's default if None.
    batch_size: examples per step, or "full"; the optimizer's default if None.
    epochs, steps, examples, gradient_evaluations, seconds: the budget; the first that is reached ends the run.
    schedule: a name, a table such as {"use": "cosine", "floor": 0.1, "of": "lr"}, or a list of them, followed together.
    measure_epochs, measure_steps: how often to measure; once an epoch if neither is given.
    measure_gradient_norm: whether the history has the norm of the gradient; without it a measurement takes about half as long.
    stop: what else ends the run, as in an experiment: {"gradient_norm": 1e-6}, {"target": {"test_accuracy": 0.95}}, ...
    callback: called with each measurement, a dict with the columns of the history; if it returns False, the run ends as "pruned".
        Its exceptions propagate.
    hyperparameters: those of the rules, by name.

    InputError for anything that doesn't fit, and for a function that writes outside its arrays or whose gradient is not that of
    its cost (`get_problem(..., check_gradient=False)` leaves out the latter check). Exceptions of a plugin's code propagate.
    """
    from optilab.parameters.numeric import as_whole
    from optilab.parameters.tables import validated
    from optilab.problems.derivatives import spot_check
    from optilab.problems.given_weights import given_weights
    from optilab.schedules.binding import from_spec
    from optilab.training.checks import checked
    from optilab.training.plan import Plan, usual_batch_size
    from optilab.training.stopping import Budget, Measure, Stop
    from optilab.training.training import train as train_plan

    chain = get_optimizer(optimizer)
    specs = [] if schedule is None else schedule if isinstance(schedule, list) else [schedule]
    chosen = get_problem(problem, precision) if isinstance(problem, str) else problem
    if precision not in (None, chosen.precision):
        raise InputError(f"precision = {precision!r}: the problem computes in {chosen.precision}")
    limits = {
        "epochs": epochs,
        "steps": steps,
        "examples": examples,
        "gradient_evaluations": gradient_evaluations,
        "seconds": seconds,
    }
    without = None if measure_gradient_norm is True else measure_gradient_norm
    given = {"steps": measure_steps, "epochs": measure_epochs, "gradient_norm": without}
    measure = {name: value for name, value in given.items() if value is not None}
    plan = checked(
        Plan(
            problem=chosen,
            optimizer=chain,
            hyperparameters=chain.fill(hyperparameters),
            schedules=[from_spec(spec, "schedule", registry().schedule) for spec in specs],
            batch_size=usual_batch_size(chain, chosen) if batch_size is None else batch_size,
            budget=validated(Budget, limits),
            measure=validated(Measure, measure, "measure") if measure else None,
            stop=validated(Stop, dict(stop or {}), "stop"),
        )
    )
    spot_check(chosen)
    made = train_plan(
        plan, as_whole(seed, "seed", 0), None if w is None else given_weights(w, chosen), _heard(callback)
    )
    if made.status == "pruned":
        made.message += ": the callback returned False"
    return made


def _heard(callback: Callable[[dict[str, float]], bool | None] | None) -> Callable[[Run], bool] | None:
    """A listener for runs that calls the callback with each measurement."""
    if callback is None:
        return None

    def tell(run: Run) -> bool:
        answer = callback(dict(zip(COLUMNS, run.log[-1].tolist(), strict=True)))
        return not (isinstance(answer, (bool, np.bool_)) and not answer)

    return tell


@takes(
    experiment=_EXPERIMENT,
    results=PATH,
    executor=TEXT,
    workers=COUNT,
    address=TEXT,
    rerun=one_of("stale", "failed", "diverged", "all"),
    fail_fast=SWITCH,
    log=TEXTS,
)
def run(
    experiment: str | Path | Mapping[str, Any] | Experiment,
    results: str | Path | None = None,
    *,
    executor: str = "local",
    workers: int | None = None,
    address: str | None = None,
    rerun: Literal["stale", "failed", "diverged", "all"] | None = None,
    fail_fast: bool = False,
    log: Sequence[str] = (),
) -> Results:
    """Run what is missing of an experiment, and return its results.

    experiment: the path of a TOML file, an `Experiment`, or a dict with what such a file holds; paths in a dict are seen from the
        current folder.
    results: folder of the results; results/NAME in the current folder if None.
    executor: "local" (processes on this machine), "inline" (this process), or a plugin's.
    workers, address: options of the executor; by default one process per core.
    rerun: which of the runs that are done to repeat; "failed" includes those that crashed or timed out.
    fail_fast: raise `FailedFast` at the first run that fails.
    log: loggers to record with, each as "NAME" or "NAME=WHERE".

    InputError for anything that doesn't fit, before anything runs.
    """
    from optilab.experiment.experiment import Experiment
    from optilab.experiment.file import experiment_of, read
    from optilab.runner.run import run_experiment
    from optilab.runner.session import Way

    if isinstance(experiment, Experiment):
        chosen = experiment
    else:
        chosen = experiment_of(experiment) if isinstance(experiment, Mapping) else read(experiment)
    from optilab.report.notebook import shown

    return shown(run_experiment(chosen, results, Way(executor, workers, address, rerun, fail_fast, tuple(log))), _again)


@takes(results=RESULTS, every=SWITCH, measure=TEXT, best=one_of("highest", "lowest"), control=TEXT, confidence=NUMBER)
def load(
    results: str | Path | pd.DataFrame,
    *,
    every: bool = False,
    measure: str | None = None,
    best: Literal["highest", "lowest"] | None = None,
    control: str | None = None,
    confidence: float | None = None,
) -> Results:
    """Results: the DataFrames `.runs` and `.history`, `.leaderboard()`, `.verdict()`, `.plot()`.

    results: a folder as `run` made it, or anybody's table of runs: a DataFrame, or a file such as runs.csv, with a row a run or a
        measurement: columns optimizer, seed, maybe problem, step or epoch, hp.lr, and measures (`optilab.store.tidy` says more).
    every: return all runs in the folder, also those that the experiment, as it was last run, no longer wants.
    measure, control, confidence: in place of what the experiment says of its comparison, or of the first ones of a table.
    best: which value of the measure is the best, where its name doesn't say it.

    InputError if it is neither, with line and column of what can't be used in a table.
    """
    from optilab.report.loading import load_any
    from optilab.report.notebook import shown

    found = load_any(results, every=every, measure=measure, best=best, control=control, confidence=confidence)
    return shown(found, _again)


def _again(plan: Any, seed: int, heard: Callable[[Run], bool] | None = None) -> Run:
    """Repeat a run for its weights."""
    from optilab.runner.remaking import made_again

    return made_again(plan, seed, heard)


@takes(name=TEXT, precision=PRECISION)
def get_problem(name: str, precision: Precision | None = None, **parameters: Any) -> Problem:
    """The problem `name` with these parameters, in "float32" or "float64" (its default if None).

    InputError for an unknown name or parameters that don't fit.
    """
    kind = registry().problem(name)
    with trusted(f"the problem {name}"):
        return kind.build(parameters, precision)


@takes(name=OPTIMIZER)
def get_optimizer(name: str | list[str] | Optimizer) -> Optimizer:
    """The optimizer `name`; a list of names, or names joined by " | ", is a chain.

    "name on matrices" applies the optimizer to those layers alone, as `Optimizer.on` does. InputError for an unknown name.
    """
    if isinstance(name, Optimizer):
        return name
    return chain([name] if isinstance(name, str) else list(name))


@takes(name=TEXT)
def get_schedule(name: str, **parameters: Any) -> BoundSchedule:
    """The schedule `name` with these parameters. InputError for an unknown name or parameters that don't fit."""
    from optilab.schedules.binding import from_spec

    return from_spec({"use": name, **parameters}, "", registry().schedule)
