"""How far an experiment is, by its results folder alone."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from optilab import store
from optilab.errors import InputError
from optilab.experiment.cell import code_key, stored_plan
from optilab.records.statuses import FAILURES


@dataclass(frozen=True)
class Status:
    """What a results folder holds of what its experiment, as it was last run, wants.

    wanted: runs that it wants, as far as they are known; more: whether others are chosen by what comes of these.
    missing: not there. stale: there, but made by other code than today's; None where
    today's code can't be told, for the reason `why`: a plugin or a dataset is not at hand, or may not be read.
    statuses: how those that are there ended. failed: of these, the runs that failed, crashed or timed out.
    others: runs that are there and not wanted (any more).
    """

    wanted: int
    more: bool
    missing: int
    stale: int | None
    why: str
    statuses: Mapping[str, int]
    failed: pd.DataFrame
    others: int


def status_of(folder: Path) -> Status:
    """The status of a results folder. InputError if it is none."""
    runs = store.load_runs(folder)
    table = store.wanted(folder)
    wanted = set(runs["run_id"]) if table is None else set(table.column("run_id").to_pylist())
    there = store.named(runs, table)
    stale, why = _stale(there, folder)
    return Status(
        wanted=len(wanted),
        more=table is not None and store.wants_more(table),
        missing=len(wanted) - len(there),
        stale=stale,
        why=why,
        statuses=dict(Counter(there["status"].tolist()).most_common()),
        failed=there[there["status"].isin(FAILURES)],
        others=len(runs) - len(there),
    )


def _stale(there: pd.DataFrame, folder: Path) -> tuple[int | None, str]:
    """How many runs were made by other code than today's; or None, and why that can't be told."""
    codes: dict[str, str] = {}
    count = 0
    for spec, code in zip(there["spec"], there["code"], strict=True):
        key = _code_key(spec)
        if key not in codes:
            try:
                codes[key] = stored_plan(spec, folder).code
            except InputError as error:
                return None, str(error)
        count += codes[key] != code
    return count, ""


def _code_key(spec: Any) -> str:
    """`code_key` of the column spec of a run; the column's text itself where it is no spec."""
    try:
        return code_key(json.loads(spec))
    except (TypeError, ValueError, KeyError, RecursionError):
        return str(spec)
