"""The progress of an experiment, read from its results folder alone."""

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
class Progress:
    """How much of an experiment, as it was last run, is in its results folder.

    wanted: runs known to be wanted. more: whether further ones are chosen by the results of these.
    missing: wanted runs that are not in the folder. stale: those whose code has changed since; None if today's code is
    unknown, and then `why` gives the reason, such as a missing plugin or a dataset that may not be read.
    statuses: number of wanted runs by status. failed: those that failed, crashed or timed out.
    others: runs in the folder that are not wanted, or no longer.
    """

    wanted: int
    more: bool
    missing: int
    stale: int | None
    why: str
    statuses: Mapping[str, int]
    failed: pd.DataFrame
    others: int


def status_of(folder: Path) -> Progress:
    """The progress of the experiment in a results folder. InputError if the folder holds no results."""
    runs = store.load_runs(folder)
    table = store.wanted(folder)
    wanted = set(runs["run_id"]) if table is None else set(table.column("run_id").to_pylist())
    there = store.named(runs, table)
    stale, why = _stale(there, folder)
    return Progress(
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
    """The number of runs whose code has changed since; or None, and the reason why today's code is unknown."""
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
    """`code_key` of the column spec of a run; the column's text itself if it is no spec."""
    try:
        return code_key(json.loads(spec))
    except (TypeError, ValueError, KeyError, RecursionError):
        return str(spec)
