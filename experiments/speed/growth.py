"""How time grows with the work: exponents fitted to times over a range of sizes, and hours of a large experiment from them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

import optilab
from optilab.experiment.experiment import Experiment
from speed import ours
from speed.cases import SMALL, Case
from speed.data import data, problem_of
from speed.returns import returns
from speed.setting import EVERY_CORE
from speed.table import OURS, Row
from speed.timing import timed

PART = "growth"
_DENSE = "10,000 x 20"
RUNS, EPOCHS, CORES = 50_000, 10, (2, 16, 64)  # of the large experiment
SPEEDUP = 1.9  # of two workers, aimed at

Clock = Callable[[], float]


def fitted(x: Sequence[float], y: Sequence[float]) -> float:
    """Exponent b of y = a x^b, by least squares of logarithms."""
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])


def curve(name: str, clocks: dict[float, Clock], rounds: int, unit: str = "ms") -> Iterator[Row]:
    """Rows of a curve: its points, then the exponent with its spread over rounds, each of which visits every size."""
    for clock in clocks.values():
        clock()  # compiles
    times: dict[float, list[float]] = {x: [] for x in clocks}
    for _ in range(rounds):
        for x, clock in clocks.items():
            times[x].append(1e3 * clock())
    for x, values in times.items():
        yield Row(PART, f"{name}: {x:g}", OURS, unit, values, series=name, x=x)
    for said, chosen in (("", list(clocks)), (", the larger half", list(clocks)[len(clocks) // 2 :])):
        if len(chosen) > 1:
            found = [fitted(chosen, [times[x][turn] for x in chosen]) for turn in range(rounds)]
            yield Row(PART, f"exponent of time against {name}{said}", OURS, "", found)


def an_epoch(problem: Any, rule: str = "sgd", batch: int = 32) -> Clock:
    """Clock of an epoch from fresh weights."""
    setup: list[Any] = [None]

    def clock() -> float:
        run = ours.training(problem, rule, 0.01, batch, setup[0])
        setup[0] = run.setup
        return ours.trained(run)

    return clock


def sizes(quick: bool) -> dict[str, list[int]]:
    """Where each curve is measured."""
    top = 3 if quick else 6
    return {
        "examples": [60_000 >> k for k in range(top - 1, -1, -1)],
        "neurons of a layer": [16 << k for k in range(top)],
        "hidden layers": [1 << k for k in range(top)],
        "runs of a grid": [1 << k for k in range(top + 1)],
        "rows of history": [1000 << 2 * k for k in range(top if quick else 5)],
    }


def rows(rounds: int, quick: bool = False) -> Iterator[Row]:
    """Rows of this part; curves are measured three times at most."""
    rounds, wanted = min(rounds, 3), sizes(quick)
    digits, dense = data("digits").dataset, data(_DENSE).dataset
    fewer = {n: {} if n == 60_000 else {"validation": 60_000 - n} for n in wanted["examples"]}
    problems = {n: problem_of(digits, SMALL, **more) for n, more in fewer.items()}
    yield from curve("examples", {n: an_epoch(problem) for n, problem in problems.items()}, rounds)
    for name, widths in (
        ("neurons of a layer", {n: (n, n) for n in wanted["neurons of a layer"]}),
        ("hidden layers", {n: (32,) * n for n in wanted["hidden layers"]}),
    ):
        yield from curve(name, {n: an_epoch(problem_of(dense, hidden)) for n, hidden in widths.items()}, rounds)
    case = Case("grid", _DENSE if quick else "digits", SMALL, "sgd", 32)
    yield from curve("runs of a grid", {n: a_grid(replace(case, runs=n)) for n in wanted["runs of a grid"]}, rounds)
    yield from curve("rows of history", {n: measuring(n) for n in wanted["rows of history"]}, rounds)
    yield from workers(rounds, quick)


def a_grid(case: Case) -> Clock:
    """Clock of all runs of a grid."""
    attempt = ours.grid(case)
    return lambda: attempt().seconds * case.runs


def measuring(count: int) -> Clock:
    """Clock of a run on two weights with so many measurements, ten steps each: making, keeping and reading its history."""

    def clock() -> float:
        made: list[Any] = []
        seconds, _ = timed(
            lambda: made.append(optilab.train("rosenbrock", "sgd", lr=1e-4, steps=10 * count, measure_steps=10).history)
        )
        if len(made[0]) != count + 1:
            raise AssertionError(f"{len(made[0])} rows of history, not {count + 1}")
        return seconds

    return clock


def workers(rounds: int, quick: bool) -> Iterator[Row]:
    """Runs of digits, measured once an epoch, on one worker and on more, up to one a core; then hours of the large experiment."""
    counts = [count for count in (1, 2, 4, 8, 16, 32, 64) if count <= len(EVERY_CORE)]
    seeds, epochs = (4, 1) if quick else (12, EPOCHS)
    case = Case("grid", "digits", SMALL, "sgd", 32, runs=4)
    table = ours.grid_table(case, ours.rates(case), range(seeds), epochs)
    chosen, total = Experiment.model_validate(table), seeds * case.runs
    throughput: dict[int, list[float]] = {count: [] for count in counts}
    for _ in range(rounds):
        for count in counts:
            throughput[count].append(returns(chosen, count).throughput() * epochs)
    for count, values in throughput.items():
        yield Row(PART, f"workers: {count}", OURS, "epochs/s", values, series="workers", x=count)
    for count in counts[1:]:
        speedup = [many / one for many, one in zip(throughput[count], throughput[1], strict=True)]
        aim = SPEEDUP if count == 2 else None
        yield Row(PART, f"{count} workers, times the work of one, {total} runs", OURS, "x", speedup, target=aim)
    most = counts[-1]
    each = [value / most for value in throughput[most]]  # epochs a second of a worker beside as many as there are cores
    for count in CORES:
        hours = [RUNS * EPOCHS / value / count / 3600 for value in each]
        told = f"{RUNS:,} runs of digits 16-16, {EPOCHS} epochs, extrapolated to {count} cores"
        yield Row(PART, told, OURS, "h", hours)
