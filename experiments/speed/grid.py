"""What a run costs besides its training, how busy the cores are kept, and how much memory that takes.

    python experiments/speed/grid.py [--runs 10000] [--digits 24]

- Throughput: runs of a two-weight problem, 1,000 steps each, measured ten times. Overhead is the time of all cores, from the
  first batch to the last commit, less what was spent in the training loop, a run. The start of the workers is told apart.
- Cores: digit runs on one worker for each core, and on one worker; the share of their time that is training and
  measuring, and how much faster several are than one.
- Memory: of the runner and of one worker, at a tenth of the runs and at the last; no worker has a copy of the images.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from optilab.api import get_problem
from optilab.experiment.experiment import Experiment
from optilab.runner.observer import Observer
from optilab.runner.rows import Finished
from optilab.runner.run import run_experiment
from optilab.runner.session import Way
from optilab.workers import supervisor


@dataclass
class Clock(Observer):
    """Adds up the time that runs took, and measures memory now and then."""

    total: int
    runs: int = 0
    begun: float = 0.0
    first: float = 0.0
    early: float = 0.0  # seconds of training and measuring, up to the first
    last: float = 0.0
    training: float = 0.0
    measuring: float = 0.0
    preparing: float = 0.0
    memory: dict[str, list[float]] = field(default_factory=dict)

    def started(self, role: str, missing: int, done: int, stale: int, later: int) -> None:
        """Start the clock, before the workers are ready."""
        self.begun = time.perf_counter()

    def finished(self, runs: Sequence[Finished], running: int) -> None:
        """Count finished runs and their time."""
        if not runs:
            return
        before = self.runs
        self.runs += len(runs)
        self.training += sum(run.outcome.train_seconds for run in runs)
        self.measuring += sum(run.outcome.measure_seconds for run in runs)
        self.preparing += sum(run.outcome.compile_seconds for run in runs)
        self.last = time.perf_counter()
        if not self.first:
            self.first, self.early = self.last, self.training + self.measuring
        if before * 10 // self.total != self.runs * 10 // self.total:
            self._look_at_memory()

    def _look_at_memory(self) -> None:
        """Note the private memory of the runner and of a worker, in MB."""
        processes = {"runner": os.getpid()}
        for one in supervisor.workers():
            processes["worker"] = one
        for name, process in processes.items():
            self.memory.setdefault(name, []).append(private_megabytes(process))


def private_megabytes(process: int) -> float:
    """Memory in MB that a process shares with no other."""
    text = Path(f"/proc/{process}/smaps_rollup").read_text("utf-8")
    pages = {line.split(":")[0]: int(line.split()[1]) for line in text.splitlines()[1:]}
    return (pages["Private_Clean"] + pages["Private_Dirty"]) / 1000


def made(experiment: Experiment, workers: int) -> tuple[Clock, float]:
    """Run an experiment in a new folder; also the seconds from its first batch's return to its last commit."""
    seeds = experiment.seeds if isinstance(experiment.seeds, int) else len(experiment.seeds)
    values = sum(len(o["lr"]) if isinstance(o["lr"], list) else o["lr"]["points"] for o in experiment.optimizers)
    clock = Clock(seeds * values)
    with tempfile.TemporaryDirectory() as folder:
        run_experiment(experiment, Path(folder) / "r", Way(workers=workers), clock)
    return clock, clock.last - clock.begun


def bowl(runs: int) -> Experiment:
    """Short runs on two weights."""
    lr = {"log": [1e-4, 1e-2], "points": 10}
    return Experiment.model_validate(
        {
            "name": "bowl",
            "seeds": runs // 20,
            "problem": {"use": "bowl", "start": "random"},
            "budget": {"steps": 1000},
            "measure": {"steps": 100},
            "optimizers": [{"use": "sgd", "lr": lr}, {"use": "momentum", "lr": lr}],
        }
    )


def digits(runs: int) -> Experiment:
    """Runs of the digit network, four epochs each."""
    return Experiment.model_validate(
        {
            "name": "digits",
            "seeds": runs // 2,
            "problem": {"use": "network", "dataset": "mnist", "hidden": [16, 16]},
            "budget": {"epochs": 4},
            "optimizers": [{"use": "sgd", "lr": [0.1, 1.0], "batch_size": 32}],
        }
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--digits", type=int, default=240)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    cores = os.cpu_count() or 1
    made(bowl(20), cores)  # compiles
    overheads, totals = [], []
    for _ in range(given.rounds):
        clock, seconds = made(bowl(given.runs), cores)
        overheads.append(1e3 * (seconds * cores - clock.training) / clock.runs)
        totals.append(seconds)
    print(f"{given.runs} runs of two weights on {cores} workers: {spread(totals)} s, the workers' start included")
    print(
        f"  overhead a run and core: {spread(overheads)} ms, of which measuring {1e3 * clock.measuring / clock.runs:.2f}"
    )
    for name, values in clock.memory.items():
        print(f"  {name}: {values[0]:.0f} MB of its own at the first tenth, {values[-1]:.0f} MB at the end")
    busy, steady, ratios = [], [], []
    for _ in range(given.rounds):
        _, alone = made(digits(given.digits), 1)
        many, together = made(digits(given.digits), cores)
        work = many.training + many.measuring
        busy.append(100 * work / (cores * together))
        steady.append(100 * (work - many.early) / (cores * (many.last - many.first)))
        ratios.append(alone / together)
    print(
        f"{given.digits} runs of digits in {together:.0f} s: {spread(busy)}% of the cores' time is training and measuring,"
    )
    print(f"  from the first result on {spread(steady)}%; the rest is the workers' start")
    print(f"  {cores} workers do {spread(ratios)} times the work of one")
    for name, values in many.memory.items():
        print(f"  {name}: {values[0]:.0f} MB of its own at the first tenth, {values[-1]:.0f} MB at the end")
    extra = many.memory["worker"][-1] - clock.memory["worker"][-1]
    images = get_problem("network", dataset="mnist").examples.x_train.nbytes / 1e6
    print(f"  the images take {images:.0f} MB, a worker {extra:.0f} MB more of its own than for two weights")


def spread(values: list[float]) -> str:
    """The median, with the lowest and the highest."""
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


if __name__ == "__main__":
    main()
