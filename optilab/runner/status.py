"""How far an experiment is, by its results folder alone."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from optilab import store
from optilab.cell import stored_cell
from optilab.errors import InputError
from optilab.stopping import FAILURES


@dataclass(frozen=True)
class Status:
    """What a results folder holds of what its experiment, as it was last run, wants.

    wanted: runs that it wants, as far as they are known; more: whether others are chosen by what comes of these.
    missing: not there. stale: there, but made by other code than today's; None where
    today's code can't be told, because a plugin or a dataset is not at hand.
    statuses: how those that are there ended. failed: of these, the runs that failed, crashed or timed out.
    others: runs that are there and not wanted (any more).
    """

    wanted: int
    more: bool
    missing: int
    stale: int | None
    statuses: Mapping[str, int]
    failed: pd.DataFrame
    others: int


def status_of(folder: Path) -> Status:
    """The status of a results folder. InputError if it is none."""
    runs = store.load_runs(folder)
    table = store.wanted(folder)
    wanted = set(runs["run_id"]) if table is None else set(table.column("run_id").to_pylist())
    there = store.named(runs, table)
    return Status(
        wanted=len(wanted),
        more=table is not None and store.wants_more(table),
        missing=len(wanted) - len(there),
        stale=_stale(there, folder),
        statuses=dict(Counter(there["status"].tolist()).most_common()),
        failed=there[there["status"].isin(FAILURES)],
        others=len(runs) - len(there),
    )


def _stale(there: pd.DataFrame, folder: Path) -> int | None:
    """How many runs were made by other code than today's."""
    codes: dict[str, str] = {}
    count = 0
    for spec, code in zip(there["spec"], there["code"], strict=True):
        content = json.loads(spec)
        key = json.dumps([content[n] for n in ("problem", "precision", "optimizer", "schedule")], sort_keys=True)
        if key not in codes:
            try:
                codes[key] = stored_cell(spec, folder).plan(0).code
            except InputError:
                return None
        count += codes[key] != code
    return count
