"""Repeats one run, and compares it with its stored measurements."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from optilab import store
from optilab.errors import InputError, unknown
from optilab.experiment.cell import stored_plan
from optilab.experiment.file import absolute_path, dataset_path
from optilab.experiment.identity import run_id
from optilab.records.columns import COLUMNS, REPEATABLE
from optilab.runner.remaking import made_again
from optilab.workers.environment import host, versions


@dataclass(frozen=True)
class Difference:
    """The first measurement that differs: its step, its column, and both values."""

    step: int
    column: str
    before: float
    now: float


@dataclass(frozen=True)
class Replay:
    """A repetition of a run, compared with the stored one.

    measurements: how many were compared. difference: the first, or None if all are identical to the last bit, clocks aside.
    status, message: before and now; the message says why a run ended. changed: code, versions and host where they differ,
    before and now.
    """

    run_id: str
    label: str
    seed: int
    measurements: int
    status: tuple[str, str]
    message: tuple[str, str]
    difference: Difference | None
    changed: dict[str, tuple[str, str]]

    @property
    def identical(self) -> bool:
        """Whether measurements and status agree; of failed runs also the message."""
        failed = self.status == ("failed", "failed")
        return self.difference is None and len({*self.status}) == 1 and (not failed or len({*self.message}) == 1)


def replay(folder: Path, identity: str) -> Replay:
    """Repeat a run of a results folder in this process.

    identity: its run_id, or a beginning that no other run_id shares.

    InputError if there is no such run, if its problem or optimizer can't be built today, if it takes too long, or if it
    crashed its worker: it would crash this process too.
    """
    found = store.load_all(folder)
    row = _row(_under_present_names(found), store.made_once(identity))
    if row["status"] == "crashed":
        raise InputError(
            f"run {row['run_id']} can't be made again here, for it would end this process too: {row['message']}; "
            "`optilab run` with --rerun failed makes it again in a worker"
        )
    before = found.history[found.history["run_id"] == row["run_id"]]
    plan, seed = stored_plan(row["spec"], folder), int(row["seed"])
    if run_id(plan, seed) != row["run_id"]:
        raise InputError(
            f"run {row['run_id']} can't be made again: its problem has other data today, or other defaults"
        )
    given_up = row["status"] == "pruned"
    now = made_again(plan, seed, (lambda run: run.steps < row["steps"]) if given_up else None)
    return Replay(
        run_id=row["run_id"],
        label=row["label"],
        seed=seed,
        measurements=min(len(before), len(now.log)),
        status=(row["status"], now.status),
        message=(row["message"], now.message),
        difference=_first_difference(before[list(COLUMNS)].to_numpy(np.float64), now.log),
        changed=_changed(row, plan.code),
    )


def datasets_of(folder: Path) -> list[Path]:
    """The dataset files that runs of a results folder were trained on. InputError if the folder holds no results."""
    found = set()
    for spec in store.load_runs(folder)["spec"].unique():
        problem = _table(spec).get("problem")
        if isinstance(problem, dict) and (path := dataset_path(absolute_path(problem, folder))):
            found.add(path)
    return sorted(found)


def _under_present_names(found: store.Results) -> pd.DataFrame:
    """All runs; those that the experiment wants have the names that it gives them now."""
    wanted = store.named(found.runs, store.wanted(found.folder))
    return pd.concat([wanted, found.runs[~found.runs["run_id"].isin(wanted["run_id"])]], ignore_index=True)


def _row(runs: pd.DataFrame, identity: str) -> pd.Series:
    matching = runs[runs["run_id"].str.startswith(identity)] if identity else runs[:0]
    if len(matching) > 1 and not (matching["run_id"] == identity).any():
        raise InputError(f"{len(matching)} runs begin with {identity!r}: give more digits")
    if matching.empty:
        raise unknown("run", identity, runs["run_id"])
    return matching.iloc[0]


def _first_difference(before: np.ndarray, now: np.ndarray) -> Difference | None:
    compared = [COLUMNS.index(name) for name in REPEATABLE]
    for one, other in zip(before, now, strict=False):
        for k in compared:
            if one[k].tobytes() != other[k].tobytes() and not (np.isnan(one[k]) and np.isnan(other[k])):
                return Difference(int(other[0]), COLUMNS[k], float(one[k]), float(other[k]))
    if len(before) != len(now):
        longer = before if len(before) > len(now) else now
        step = int(longer[min(len(before), len(now)), 0])
        return Difference(step, "measurements", float(len(before)), float(len(now)))
    return None


def _changed(row: pd.Series, code: str) -> dict[str, tuple[str, str]]:
    """Code, versions and host where they differ, before and now."""
    found = {"code": (row["code"], code), "host": (str(row["host"] or "unknown"), host())}
    before = _table(row["versions"])
    found |= {name: (str(before.get(name, "unknown")), now) for name, now in json.loads(versions()).items()}
    return {name: pair for name, pair in found.items() if pair[0] != pair[1]}


def _table(text: Any) -> dict[str, Any]:
    """The table in a text of JSON; empty where it holds none."""
    try:
        found = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
