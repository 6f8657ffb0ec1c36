"""Training, running and loading, as a notebook asks for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from optilab.lookup import get_optimizer, get_problem
from optilab.optimizers import Optimizer
from optilab.plugins import registry

if TYPE_CHECKING:
    from optilab.experiment import Experiment
    from optilab.problems import Problem
    from optilab.store import Results
    from optilab.training import Run


def train(
    problem: Problem | str,
    optimizer: str | list[str] | Optimizer,
    *,
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
    stop: Mapping[str, Any] | None = None,
    **hyperparameters: Any,
) -> Run:
    """Train once, and return the run with its `.history`, `.w` and `.status`.

    problem: from `get_problem`, or a name for the problem as it is by default.
    optimizer: a name, several for a chain, or an optimizer.
    batch_size: examples a step, or "full"; the optimizer's own default where it isn't given.
    epochs, steps, examples, gradient_evaluations, seconds: the budget; the first that is reached ends the run.
    schedule: a name, a table such as {"use": "cosine", "floor": 0.1, "of": "lr"}, or a list of them, followed together.
    measure_epochs, measure_steps: how often to measure; once an epoch where neither is given.
    stop: what else ends the run, as in an experiment: {"gradient_norm": 1e-6}, {"target": {"test_accuracy": 0.95}}, ...
    hyperparameters: as in the signature of the rules.

    InputError for anything that doesn't fit. An exception in the plugin's own code is raised as it is.
    """
    from optilab.plan import Plan, usual_batch_size
    from optilab.schedules import from_spec
    from optilab.stopping import Budget, Length, Stop
    from optilab.training import train as train_plan
    from optilab.validation import validated

    chain = get_optimizer(optimizer)
    specs = [] if schedule is None else schedule if isinstance(schedule, list) else [schedule]
    chosen = get_problem(problem) if isinstance(problem, str) else problem
    limits = {
        "epochs": epochs,
        "steps": steps,
        "examples": examples,
        "gradient_evaluations": gradient_evaluations,
        "seconds": seconds,
    }
    cadence = {"steps": measure_steps, "epochs": measure_epochs}
    measured = any(value is not None for value in cadence.values())
    plan = Plan(
        problem=chosen,
        optimizer=chain,
        hyperparameters=chain.fill(hyperparameters),
        schedules=[from_spec(spec, "schedule", registry().schedule) for spec in specs],
        batch_size=usual_batch_size(chain, chosen) if batch_size is None else batch_size,
        budget=validated(Budget, limits),
        measure=validated(Length, cadence, "measure") if measured else None,
        seed=seed,
        stop=validated(Stop, dict(stop or {}), "stop"),
    )
    return train_plan(plan)


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
    """Run what is missing of an experiment, given as a TOML file, a dictionary or an `Experiment`, and return its results.

    results: folder of the results; results/NAME in the current folder where none is given.
    executor: "local" (processes on this machine), "inline" (this process), or a plugin's.
    workers, address: options of the executor; one process a core where none is given.
    rerun: which runs are made again although they are there; "failed" are crashed and timed out ones as well.
    fail_fast: raise `FailedFast` at the first run that fails.
    log: loggers that are told what happens, each as "NAME" or "NAME=WHERE".

    InputError for anything that doesn't fit, before anything runs.
    """
    from optilab.experiment import Experiment, read
    from optilab.runner.run import run_experiment
    from optilab.runner.session import Way
    from optilab.validation import validated

    if isinstance(experiment, Mapping):
        experiment = validated(Experiment, dict(experiment))
    chosen = experiment if isinstance(experiment, Experiment) else read(experiment)
    return run_experiment(chosen, results, Way(executor, workers, address, rerun, fail_fast, tuple(log)))


def load(folder: str | Path, *, every: bool = False) -> Results:
    """The results in a folder, `.runs` and `.history`, as DataFrames: what `run` returned, under the names it gave.

    every: all runs that the folder holds, also those that its experiment, as it was last run, doesn't want any more.

    InputError if it is not a results folder.
    """
    from optilab import store

    return store.load_all(folder) if every else store.load(folder)
