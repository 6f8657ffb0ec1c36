"""Tuning: the cells that are known beforehand, and those that samplers choose, generation by generation.

All runs of a generation end before the next is chosen, and a sampler is told their results in the order in which it asked for
them: neither the number of workers nor an interruption changes anything. Started again, a search goes through its generations
from the first, and finds the runs that it has finished in the results folder.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import numpy as np

from optilab import store
from optilab.errors import InputError
from optilab.experiment.cell import Cell
from optilab.experiment.experiment import Experiment, Tuning
from optilab.experiment.grid import Grid, SearchSpace, refuse_two_labels
from optilab.experiment.seeds import tuning_seeds
from optilab.records.columns import as_costs
from optilab.records.histories import history_of
from optilab.records.statuses import LASTED, UNFINISHED, cost_or_infinity
from optilab.runner.jobs import Job, Task, jobs, tasks
from optilab.runner.session import Session
from optilab.search.median_rule import Costs, Limits, costs_of, limits_of
from optilab.search.sampler import Point, Sampler, Trial
from optilab.training.chance import seeds_that_differ


def tune(grid: Grid, known: Sequence[Task], session: Session) -> list[Job]:
    """Run all jobs of tuning that are missing; returns all jobs of tuning, finished ones included.

    InputError if a sampler chooses a point that doesn't fit, or that another line of the comparison has as well.
    """
    experiment = grid.experiment
    assert experiment.tuning is not None
    searches = [_Search(space, experiment, session.folder) for space in grid.spaces]
    wanted: list[Job] = []
    cells: dict[str, Cell] = {}
    fresh = jobs(experiment, known, "tuning")
    while fresh := [*fresh, *(job for search in searches for job in search.next())]:
        for job in fresh:
            refuse_two_labels(job.task.cell, cells.setdefault(job.run_id, job.task.cell))
        session.want([*wanted, *fresh], more=True)
        later = sum(search.left * search.seeds for search in searches)
        session.make(fresh, "tuning", _settled(fresh, session), before=len({job.run_id for job in wanted}), later=later)
        if searches:
            made = _made({job.run_id for job in fresh}, session.folder, experiment.tuning.measured)
            for search in searches:
                search.learn(made)
        wanted, fresh = [*wanted, *fresh], []
    return wanted


@dataclass(frozen=True)
class _Made:
    """The result of a run: its status, and its costs."""

    status: str
    costs: Costs


def _made(ids: Collection[str], folder: Path, measure: str) -> dict[str, _Made]:
    """The results of the runs with these run_ids."""
    found = store.load(folder)
    runs = found.runs[found.runs["run_id"].isin(ids)]
    if len(runs) < len(set(ids)):
        raise InputError(f"{str(folder)!r} has lost runs that it had; the same command makes them again")
    history = history_of(found.history, ids)
    by_run = history.groupby("run_id", observed=True)
    costs = {str(run): costs_of(measure, rows["step"], rows[measure]) for run, rows in by_run}
    return {run: _Made(status, costs.get(run, {})) for run, status in zip(runs["run_id"], runs["status"], strict=True)}


def _settled(wanted: Sequence[Job], session: Session) -> set[str]:
    """Pruned runs whose pruning still stands: today's limits prune them at the same step."""
    there = session.done()
    given_up = [job for job in wanted if there.get(job.run_id, ("", ""))[0] in UNFINISHED]
    limits = {
        job.run_id: job.limits for job in reversed(given_up)
    }  # for a run that is wanted twice, those of the first job
    known = {run: found for run, found in limits.items() if found is not None}
    if not known:
        return set()
    made = _made(known, session.folder, next(iter(known.values())).measure)
    return {run for run, found in known.items() if found.first_beyond(made[run].costs) == max(made[run].costs)}


class _Search:
    """The state of the search in one search space."""

    def __init__(self, space: SearchSpace, experiment: Experiment, folder: Path) -> None:
        self._space, self._experiment, self._folder = space, experiment, folder
        found = space.sampler()
        self._sampler = found if isinstance(found, Sampler) else _Listed(found)
        self._jobs: dict[tuple[float, ...], list[Job]] = {}  # of each point that was ever chosen
        self._asked: list[Point] = []  # in this generation
        self._lasted: dict[int, dict[str, Costs]] = {}  # by seed: costs of the runs that came to their end
        self.left = space.samples
        self.seeds = len(seeds_that_differ(space.low.plan, tuning_seeds(experiment)))  # runs of a point

    def next(self) -> list[Job]:
        """The jobs of the next generation; none after the last. InputError if the sampler fails, or gives points that don't fit."""
        count = min(self.left, self._experiment.search.generation)
        self.left -= count
        self._asked = self._ask(count) if count else []
        limits = {seed: self._limits(seed) for seed in tuning_seeds(self._experiment)}
        for point in self._asked:
            if (key := tuple(point.values())) not in self._jobs:
                made = jobs(self._experiment, tasks(self._experiment, [self._space.at(point)], self._folder), "tuning")
                self._jobs[key] = [replace(job, limits=limits[job.seed]) for job in made]
        return [job for point in self._asked for job in self._jobs[tuple(point.values())]]

    def _ask(self, count: int) -> list[Point]:
        kind = self._space.kind
        with kind.trusted():
            points = self._sampler.ask(count)
        return kind.checked(points, self._space.sampled, count)

    def _limits(self, seed: int) -> Limits | None:
        tuning, after = self._experiment.tuning, self._experiment.search.prune_after
        if tuning is None or after is None:
            return None
        return limits_of(tuning.measured, [*self._lasted.get(seed, {}).values()], after)

    def learn(self, made: Mapping[str, _Made]) -> None:
        """Tell the sampler the results of the generation. InputError if it fails."""
        if not self._asked:
            return
        tuning = self._experiment.tuning
        assert tuning is not None
        trials = [_trial(point, self._jobs[tuple(point.values())], made, tuning) for point in self._asked]
        for job in (job for point in self._asked for job in self._jobs[tuple(point.values())]):
            what = made[job.run_id]
            if what.status in LASTED and _given_up_after(job, what) is None:
                self._lasted.setdefault(job.seed, {})[job.run_id] = what.costs
        with self._space.kind.trusted():
            self._sampler.tell(trials)


def _given_up_after(job: Job, made: _Made) -> int | None:
    """The step at which its costs prune a run, even one that another experiment has run to its end; None if they don't."""
    step = job.limits.first_beyond(made.costs) if job.limits else None
    came_to_its_end = made.status not in UNFINISHED and step == next(reversed(made.costs), None)
    return None if came_to_its_end else step


def _trial(point: Point, of: Sequence[Job], made: Mapping[str, _Made], tuning: Tuning) -> Trial:
    """The result of a point: the median over its seeds, as when the best cell is chosen."""
    costs, given_up = [], []
    for job in of:
        what = made[job.run_id]
        if (step := _given_up_after(job, what)) is not None:
            given_up.append((step, what.costs[step]))
        cost = _cost(what.costs, tuning) if step is None and what.costs else math.inf
        costs.append(float(cost_or_infinity(cost, what.status)))
    cost = median(costs)
    if math.isfinite(cost) or not given_up:
        return Trial(point, cost)
    return Trial(point, median(cost for _, cost in given_up), min(step for step, _ in given_up))


def _cost(costs: Costs, tuning: Tuning) -> float:
    """The cost of a run by which it is compared; a time to a target is counted in steps, which order runs as epochs do."""
    values = list(costs.values())
    if tuning.measure is not None and tuning.target is not None:
        target = float(as_costs(tuning.measure, tuning.target))
        return next((float(step) for step, cost in costs.items() if cost <= target), math.inf)
    return values[-1] if tuning.which == "final" else float(np.fmin.reduce(values))


class _Listed(Sampler):
    """The points of a sampler that doesn't learn, in generations, so that runs can be pruned."""

    def __init__(self, points: Sequence[Point]) -> None:
        self._points = list(points)

    def ask(self, count: int) -> Sequence[Point]:
        asked, self._points = self._points[:count], self._points[count:]
        return asked

    def tell(self, trials: Sequence[Trial]) -> None:
        pass
