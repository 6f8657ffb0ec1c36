"""When runs of an experiment come back from its workers: throughput, and what a run costs besides its training."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from optilab.experiment.experiment import Experiment
from optilab.runner.observer import Observer
from optilab.runner.rows import Finished
from optilab.runner.run import run_experiment
from optilab.runner.session import Way
from speed.setting import cores


@dataclass
class Returns(Observer):
    """Notes when batches of runs came back: seconds, runs so far, seconds that they trained so far."""

    begun: float = 0.0
    seen: list[tuple[float, int, float]] = field(default_factory=list)

    def started(self, role: str, missing: int, done: int, stale: int, later: int) -> None:
        """Start the clock, before the workers are ready."""
        self.begun = time.perf_counter()

    def finished(self, runs: Sequence[Finished], running: int) -> None:
        """Note a batch."""
        if runs:
            _, count, trained = self.seen[-1] if self.seen else (0.0, 0, 0.0)
            trained += sum(run.outcome.train_seconds for run in runs)
            self.seen.append((time.perf_counter() - self.begun, count + len(runs), trained))

    def overhead(self, workers: int, ready: bool) -> float:
        """Milliseconds of a worker's time a run, less its training; from the first batch's return on if `ready`."""
        seconds, count, trained = self._since(ready)
        return 1e3 * (seconds * workers - trained) / count

    def throughput(self) -> float:
        """Runs a second, from the first batch's return on."""
        seconds, count, _ = self._since(ready=True)
        return count / seconds

    def _since(self, ready: bool) -> tuple[float, int, float]:
        """Seconds, runs and seconds of training since the start, or since the first batch came back, if it was not all."""
        first, last = self.seen[0], self.seen[-1]
        if not ready or first == last:
            return last
        return last[0] - first[0], last[1] - first[1], last[2] - first[2]


def returns(chosen: Experiment, workers: int) -> Returns:
    """Run an experiment in a new folder, on as many workers and cores."""
    seen = Returns()
    with tempfile.TemporaryDirectory() as folder, cores(workers):
        run_experiment(chosen, Path(folder) / "results", Way(workers=workers), seen)
    return seen
