"""The jobs of an experiment, and which of them a results folder lacks."""

from __future__ import annotations

import json
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from optilab.errors import InputError
from optilab.experiment.blocks import Block
from optilab.experiment.cell import Cell, code_key
from optilab.experiment.experiment import Experiment
from optilab.experiment.file import path_from
from optilab.experiment.grid import problem_labels
from optilab.experiment.identity import run_ids
from optilab.experiment.resolve import problem_id, table_key
from optilab.experiment.seeds import Role, seeds_of
from optilab.records.statuses import FAILURES, UNFINISHED
from optilab.search.median_rule import Limits
from optilab.texts import shown
from optilab.training.chance import is_random, seeds_that_differ
from optilab.training.lockstep import company
from optilab.training.plan import Plan

Rerun = Literal["stale", "failed", "diverged", "all"]

Done = Mapping[str, tuple[str, str]]  # status and digest of the code of each run, by run_id


@dataclass(frozen=True)
class Task:
    """A cell with what its runs have in common.

    kind: runs of the same kind take about the same time. spec: the cell's. code: digest of the code that they execute.
    columns: the columns of `runs` that are known before the run.
    """

    cell: Cell
    plan: Plan
    kind: str
    spec: Mapping[str, Any]
    code: str
    columns: Mapping[str, Any]


@dataclass(frozen=True)
class Job:
    """One run to be computed. limits: costs beyond which it is pruned."""

    task: Task
    seed: int
    role: Role
    run_id: str
    limits: Limits | None = None


def tasks(experiment: Experiment, grid: Iterable[Cell], folder: Path) -> list[Task]:
    """One task for each cell; paths in the column `spec` are relative to the results folder.

    InputError for a cell whose parts don't fit together, or whose schedule is not given by its name.
    """
    labels = problem_labels(experiment)
    codes: dict[str, str] = {}
    problems: dict[str, str] = {}
    found = []
    for cell in grid:
        spec, plan = cell.spec, cell.plan
        _check_named(cell)
        key = code_key(spec)
        if key not in codes:
            codes[key], problems[key] = plan.code, problem_id(plan.problem)
        columns = {
            "experiment": experiment.name,
            "problem": labels[table_key(cell.problem)],
            "optimizer": plan.optimizer.name,
            "label": cell.label,
            "problem_id": problems[key],
            "line_id": cell.line_id,
            "is_random": is_random(plan),
            "depends_on_length": plan.depends_on_length,
            **{n: v if isinstance(v, str) else float(v) for n, v in cell.hyperparameters.items()},
            "schedule": cell.schedule_label,
            "batch_size": plan.examples_a_step,
            "code": codes[key],
            "spec": json.dumps({**spec, "problem": path_from(spec["problem"], folder)}, sort_keys=True),
        }
        found.append(Task(cell, plan, f"{key} {plan.examples_a_step}", spec, codes[key], columns))
    return found


def _check_named(cell: Cell) -> None:
    """InputError for a schedule that is given as an object: a worker can only look up names."""
    try:
        json.dumps(cell.schedule)
    except TypeError:
        raise InputError(
            f"{cell.place}.schedule = {shown(cell.schedule)}: in an experiment a schedule is given by its name"
        ) from None


def jobs(experiment: Experiment, wanted: Iterable[Task], role: Role) -> list[Job]:
    """One job for each task and seed of a role; a single one for a task in which nothing is random."""
    seeds = seeds_of(experiment, role)
    found = []
    for task in wanted:
        own = seeds if task.columns["is_random"] else seeds[:1]
        found += [Job(task, seed, role, run) for seed, run in zip(own, run_ids(task.plan, own), strict=True)]
    return found


def missing(wanted: Sequence[Job], there: Done, rerun: Rerun | None = None, settled: Collection[str] = ()) -> list[Job]:
    """The jobs to run now: those without a result, and those that `rerun` asks for.

    A failed run is repeated once the code has changed; a pruned one unless it is in `settled`. Of several jobs with one
    run_id the first counts.
    """
    found: dict[str, Job] = {}
    for job in wanted:
        if _is_due(there.get(job.run_id), job.task.code, rerun, job.run_id in settled):
            found.setdefault(job.run_id, job)
    return list(found.values())


def side_by_side(todo: Sequence[Job]) -> list[Job]:
    """The same jobs, with those that can advance together next to each other, in the order of the first of each company."""
    found: dict[Hashable, list[Job]] = {}
    for job in todo:
        found.setdefault(company(job.task.plan, job.seed) or job.run_id, []).append(job)
    return [job for jobs_of_one in found.values() for job in jobs_of_one]


def count_due(blocks: Iterable[Block], seeds: Sequence[int], there: Done, rerun: Rerun | None = None) -> int:
    """The number of jobs that `missing` would return for blocks of cells, without building them."""
    count = 0
    for block in blocks:
        own = seeds_that_differ(block.plan, seeds)
        if not there or rerun == "all":
            count += len(block) * len(own)
        else:
            code = block.plan.code
            due = (_is_due(there.get(run), code, rerun, settled=False) for ids in block.run_ids(own) for run in ids)
            count += sum(due)
    return count


def _is_due(found: tuple[str, str] | None, wanted: str, rerun: Rerun | None, settled: bool) -> bool:
    """Whether a run is due. found: status and code digest of its result, if there is one. wanted: digest of today's code."""
    if found is None or rerun == "all":
        return True
    status, code = found
    failed, other = status in FAILURES, code != wanted
    unfinished = status in UNFINISHED and not settled
    if unfinished or (failed and (other or rerun == "failed")):
        return True
    return (rerun == "stale" and other) or (rerun == "diverged" and status == "diverged")


def stale(wanted: Sequence[Job], there: Done) -> list[Job]:
    """The jobs that have a result, but of code that has changed since."""
    return [job for job in wanted if job.run_id in there and there[job.run_id][1] != job.task.code]
