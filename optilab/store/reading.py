"""Reads a results folder, also while a process writes it."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from optilab.errors import InputError, ResultsWarning
from optilab.records.columns import RESERVED
from optilab.records.histories import history_of
from optilab.records.question import Question
from optilab.store.shared import parted
from optilab.store.survey import Damage, survey
from optilab.store.timed import timed
from optilab.store.wanted import control_of, named, target_of, wanted

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Results:
    """A results folder as read.

    runs: one row a run. history: one row a run and measurement, with run_id to join them.
    control: the label that the others are compared with, where it is known. question: what is asked of them; None where the folder
    holds the experiment that says so. notes: sentences on what was noticed when a table of anybody's was read.
    """

    folder: Path
    runs: pd.DataFrame
    history: pd.DataFrame
    control: str | None = None
    question: Question | None = None
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        statuses = ", ".join(f"{n} {status}" for status, n in self.runs["status"].value_counts().items())
        return f"<Results {self.folder}: {len(self.runs)} runs ({statuses})>"

    def of(self, table: pa.Table | None) -> Results:
        """The results of the runs that a table wants, as by `store.named`; all if it is None. Lines that share a run have a copy each."""
        if table is None:
            return self
        runs = named(self.runs, table)
        history = history_of(self.history, runs["run_id"]).reset_index(drop=True)
        runs, history = parted(runs, history, table)
        if (target := target_of(table)) is not None:
            runs = timed(runs, history, *target)
        return replace(self, runs=runs, history=history, control=control_of(table))


def load(folder: str | Path) -> Results:
    """The results of the experiment as it was last run into a folder, in the order of label, hyperparameters and seed.

    InputError if it is no results folder, or none of the runs is there yet; a ResultsWarning for each part that is damaged.
    """
    every = load_all(folder)
    found = every.of(wanted(every.folder))
    if found.runs.empty:
        raise InputError(
            f"{str(folder)!r} holds no finished runs yet of the experiment as it was last run; with every = True, "
            f"{len(every.runs)} of earlier ones are loaded"
        )
    return found


def load_all(folder: str | Path) -> Results:
    """All runs of a folder, also those that its experiment doesn't want any more. InputError and warnings as for `load`."""
    path = Path(folder)
    runs, history = live_tables(path)
    if not len(runs):
        raise InputError(f"{str(folder)!r} holds no finished runs yet")
    rows = history.drop_columns(["commit"])
    del history
    # Of several pieces each column is copied, and its memory given back at once; of one it would not be copied, and be read-only.
    copied = rows.column(1).num_chunks > 1
    measured = rows.to_pandas(split_blocks=copied, self_destruct=copied)
    del rows
    pa.default_memory_pool().release_unused()
    return Results(path, runs.drop_columns(["commit"]).to_pandas(), measured)


def live_tables(folder: Path) -> tuple[pa.Table, pa.Table]:
    """The tables `runs` and `history` in order, with the column `commit`. InputError and warnings as for `load`."""
    found = survey(folder)
    _warn(found.damaged)
    ordered = replace(found, runs=_sorted(found.runs))
    return ordered.runs, ordered.history()


def _sorted(runs: pa.Table) -> pa.Table:
    names = [name for name in runs.column_names if name not in RESERVED]
    order = ["problem", "label", "schedule", "batch_size", *names, "role", "seed"]
    return runs.sort_by([(name, "ascending") for name in order])


def load_runs(folder: str | Path) -> pd.DataFrame:
    """The table `runs` of all runs of a folder, in no particular order; empty where no run has finished.

    InputError and warnings as for `load`.
    """
    found = survey(Path(folder), rows=False)
    _warn(found.damaged)
    frame: pd.DataFrame = found.runs.drop_columns(["commit"]).to_pandas()
    return frame


def done(folder: Path) -> dict[str, tuple[str, str]]:
    """Status and code digest of each run of a folder, by run_id; empty if there is no such folder. InputError as for `load`."""
    if not folder.exists():
        return {}
    runs = load_runs(folder)
    return dict(zip(runs["run_id"], zip(runs["status"], runs["code"], strict=True), strict=True))


def _warn(damaged: Sequence[Damage]) -> None:
    for damage in damaged:
        rest = "" if damage.covered else "; the next start of the experiment makes them again"
        warnings.warn(f"{damage}{rest}", ResultsWarning, stacklevel=4)
