"""Searches with samplers that learn, and an observer of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from optilab import store
from optilab.experiment.experiment import Experiment
from optilab.runner.observer import Observer
from optilab.runner.rows import Finished

SAMPLERS = '''
"""Samplers that remember what they are told, or give nonsense."""

import json
from pathlib import Path

from optilab import hookimpl, sampler
from optilab.search.sampler import Sampler

TOLD = Path({told!r})


class Halving(Sampler):
    """Ask near the best, nearer and nearer; the first points lie evenly."""

    def __init__(self, ranges):
        self.ranges, self.best, self.width, self.told = ranges, None, 1.0, []

    def ask(self, count):
        centre = self.best or {{n: (r.low * r.high) ** 0.5 for n, r in self.ranges.items()}}
        self.width *= 0.5
        return [
            {{n: min(max(c * 10 ** (self.width * (k - count / 2)), self.ranges[n].low), self.ranges[n].high)
              for n, c in centre.items()}}
            for k in range(count)
        ]

    def tell(self, trials):
        self.told += [[dict(t.point), t.cost, t.given_up_after] for t in trials]
        TOLD.write_text(json.dumps(self.told))
        best = min(self.told, key=lambda told: told[1] if told[2] is None else float("inf"))
        self.best = best[0]


@sampler
def halving(ranges, samples, seed):
    """A sampler that learns."""
    return Halving(ranges)


@sampler
def few(ranges, samples, seed):
    """One point too few."""
    return [{{name: found.low for name, found in ranges.items()}}] * (samples - 1)


@sampler
def other_names(ranges, samples, seed):
    """Points of something else."""
    return [{{"nonsense": 0.1}}] * samples


class Blank(Sampler):
    """Points that are no numbers."""

    def ask(self, count):
        return [{{name: float("nan") for name in self.ranges}}] * count

    def tell(self, trials):
        pass


@sampler
def blank(ranges, samples, seed):
    """A sampler whose points are no numbers."""
    made = Blank()
    made.ranges = ranges
    return made


class Breaking(Halving):
    """Fails at the second generation."""

    def tell(self, trials):
        raise KeyError("lr")


@sampler
def breaking(ranges, samples, seed):
    """A sampler that fails once it is told."""
    return Breaking(ranges)


@sampler
def hopeless(ranges, samples, seed):
    """A sampler that fails at once."""
    return [None] * (1 // 0)


@sampler
def nothing(ranges, samples, seed):
    """Points that are none."""
    return [None] * samples


@sampler
def words(ranges, samples, seed):
    """Points of words."""
    return [{{name: "large" for name in ranges}}] * samples


@hookimpl
def optilab_samplers():
    return [halving, few, other_names, blank, breaking, hopeless, nothing, words]
'''


class Counted(Observer):
    """Remembers which runs were made, and what it was told of the stages."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.stages: list[tuple[str, int, int, int]] = []

    def started(self, role: str, missing: int, done: int, stale: int, later: int) -> None:
        self.stages.append((role, missing, done, later))

    def finished(self, runs: Sequence[Finished], running: int) -> None:
        self.made += [run.job.run_id for run in runs]


class Interrupting(Counted):
    """Interrupts once so many runs have been made."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self._after = after

    def finished(self, runs: Sequence[Finished], running: int) -> None:
        super().finished(runs, running)
        if len(self.made) >= self._after:
            raise KeyboardInterrupt


def experiment(method: str = "halving", prune_after: float | None = None, **changes: Any) -> Experiment:
    """Twenty learning rates of two optimizers and one more beside, on a curved valley."""
    search = {"method": method, "generation": 6} | ({} if prune_after is None else {"prune_after": prune_after})
    given = {
        "name": "searched",
        "seeds": 2,
        "budget": {"steps": 40},
        "measure": {"steps": 4},
        "problem": {"use": "rosenbrock", "start": "random"},
        "tuning": {"seeds": 2},
        "search": search,
        "optimizers": [
            {"use": "sgd", "lr": {"log_uniform": [1e-6, 1.0]}, "samples": 20},
            {"use": "adam", "lr": {"log_uniform": [1e-5, 10.0]}, "samples": 20},
            {"use": "momentum", "lr": [1e-4, 1e-3]},
        ],
    }
    return Experiment.model_validate({**given, **changes})


def table(results: store.Results) -> pd.DataFrame:
    """All measurements, clocks aside, with how each run ended."""
    off = ["seconds", "cpu_seconds"]
    kept = results.runs[["run_id", "role", "label", "status", "message", "steps"]]
    return results.history.drop(columns=off).merge(kept, on="run_id").sort_values(["run_id", "step"], ignore_index=True)
