"""Merges one results folder into another."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from optilab.errors import InputError
from optilab.records.columns import REPEATABLE
from optilab.records.statuses import CONCLUSIVE
from optilab.store.reading import live_tables
from optilab.store.schema import hyperparameters_of, united
from optilab.store.succession import are_others, experiment_in
from optilab.store.wanted import wanted as runs_wanted
from optilab.store.writing import Store


@dataclass(frozen=True)
class Merged:
    """The result of a merge; all fields but notes are numbers of runs.

    added: only in the source. replaced: inconclusive here, conclusive in the source.
    in_both: in both folders. differing: of those, of the same code with other measurements, clocks aside.
    unwanted: of the runs that were taken over, those that the experiment here doesn't want: `load` leaves them out.
    notes: repairs on the way.
    """

    added: int
    replaced: int
    in_both: int
    differing: int
    notes: tuple[str, ...]
    unwanted: int = 0


def merge(into: Path, source: Path) -> Merged:
    """Bring the runs of `source` into the results folder `into`; `source` stays as it is.

    What `source` wants is wanted in `into` as well, unless it holds results of another experiment (`store.succession`).

    InputError if one of them isn't a results folder, or is the other.
    """
    if into.resolve() == source.resolve():
        raise InputError(f"{str(into)!r} and {str(source)!r} are the same folder")
    theirs, their_history = live_tables(source)
    ours, our_history = live_tables(into)
    mine, other = (dict(zip(*_columns(t), strict=True)) for t in (ours, theirs))
    both = [run for run in other if run in mine]
    replaced = [run for run in both if mine[run][0] not in CONCLUSIVE and other[run][0] in CONCLUSIVE]
    wanted = {run for run in other if run not in mine} | set(replaced)
    same_code = [run for run in both if mine[run] == other[run]]
    differing = sum(_measured(our_history, run) != _measured(their_history, run) for run in same_code)
    names = united(hyperparameters_of(ours.schema), hyperparameters_of(theirs.schema))
    with Store(into, names) as store:
        notes = tuple(store.notes)
        chosen = pa.array(sorted(wanted), pa.string())
        store.add(
            *(t.filter(pc.is_in(t.column("run_id"), chosen)).drop_columns(["commit"]) for t in (theirs, their_history))
        )
        table = _wanted_of_both(into, source)
        if table is not None:
            store.want_also(table)
    unwanted = 0 if table is None else len(wanted - set(table.column("run_id").to_pylist()))
    return Merged(len(wanted) - len(replaced), len(replaced), len(both), differing, notes, unwanted)


def _wanted_of_both(into: Path, source: Path) -> pa.Table | None:
    """The table of runs wanted in `into` after the merge; None if that is unknown."""
    ours, theirs = runs_wanted(into), runs_wanted(source)
    if ours is None or theirs is None or are_others(experiment_in(into), experiment_in(source)):
        return ours
    if any(
        field.name not in theirs.column_names or theirs.schema.field(field.name).type != field.type
        for field in ours.schema
    ):
        return ours
    more = theirs.filter(pc.invert(pc.is_in(theirs.column("run_id"), ours.column("run_id").combine_chunks())))
    more = more.select(ours.column_names).replace_schema_metadata(ours.schema.metadata)
    return pa.concat_tables([ours, more.cast(ours.schema)])


def _columns(runs: pa.Table) -> tuple[list[str], list[tuple[str, str]]]:
    pairs = zip(runs.column("status").to_pylist(), runs.column("code").to_pylist(), strict=True)
    return runs.column("run_id").to_pylist(), list(pairs)


def _measured(history: pa.Table, run: str) -> bytes:
    """The measurements of a run, clocks left out."""
    rows = history.filter(pc.equal(history.column("run_id"), run))
    return b"".join(np.asarray(rows.column(n), np.float64).tobytes() for n in REPEATABLE)
