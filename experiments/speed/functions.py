"""Plain functions of two weights: nanoseconds a step, and what ten thousand tiny runs cost besides their training."""

from __future__ import annotations

from collections.abc import Iterator

import optilab
from optilab.experiment.experiment import Experiment
from speed import ours
from speed.returns import returns
from speed.setting import EVERY_CORE
from speed.table import OURS, Row

STEPS = {"sgd": (1e-4, 60.0), "adam": (1e-3, 100.0)}  # learning rate, nanoseconds aimed at
OVERHEAD = 0.4  # milliseconds a run, aimed at


def nanoseconds(rule: str, steps: int, rounds: int) -> list[float]:
    """Of a step on Rosenbrock's valley, in the training loop without measuring."""
    problem, (lr, _) = optilab.get_problem("rosenbrock"), STEPS[rule]
    found, setup = [], None
    for turn in range(rounds + 1):
        run = ours.training(problem, rule, lr, "full", setup, steps=steps)
        setup = run.setup
        seconds = ours.trained(run)
        if run.run.steps != steps:
            raise AssertionError(f"{rule} took {run.run.steps} steps of {steps}")
        if turn:  # the first is a warm-up
            found.append(1e9 * seconds / steps)
    return found


def tiny(runs: int) -> Experiment:
    """Runs of a thousand steps on two weights, measured ten times."""
    lr = {"log": [1e-4, 1e-2], "points": 10}
    table = {
        "name": "tiny",
        "seeds": max(1, runs // 20),
        "problem": {"use": "bowl", "start": "random"},
        "budget": {"steps": 1000},
        "measure": {"steps": 100},
        "optimizers": [{"use": "sgd", "lr": lr}, {"use": "momentum", "lr": lr}],
    }
    return Experiment.model_validate(table)


def rows(rounds: int, quick: bool = False) -> Iterator[Row]:
    """Rows of this part; runs on all cores are repeated three times at most."""
    for rule, (_, aim) in STEPS.items():
        found = nanoseconds(rule, 100_000 if quick else 1_000_000, rounds)
        yield Row("functions", f"a step of {rule} on two weights", OURS, "ns", found, target=aim)
    count, workers = 1000 if quick else 10_000, len(EVERY_CORE)
    returns(tiny(20), workers)  # compiles
    seen = [returns(tiny(count), workers) for _ in range(min(rounds, 1 if quick else 3))]
    for ready, said in ((True, "once workers are ready"), (False, "with the start of the workers")):
        found = [one.overhead(workers, ready) for one in seen]
        aim = OVERHEAD if ready else None
        yield Row("functions", f"overhead of a run, {count:,} tiny ones, {said}", OURS, "ms", found, target=aim)
