"""Two results folders into one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from optilab.errors import InputError
from optilab.measurements import COLUMNS
from optilab.stopping import LASTED
from optilab.store.reading import live_tables
from optilab.store.schema import hyperparameters_of, united
from optilab.store.writing import Store

_CLOCKS = ("seconds", "cpu_seconds")


@dataclass(frozen=True)
class Merged:
    """What came of a merge.

    added: runs that were in the other folder alone. replaced: runs that had failed here, and not there.
    in_both: runs that were in both. differing: of those made by the same code, how many have other measurements, clocks aside.
    notes: what was mended on the way.
    """

    added: int
    replaced: int
    in_both: int
    differing: int
    notes: tuple[str, ...]


def merge(into: Path, source: Path) -> Merged:
    """Bring the runs of `source` into the results folder `into`; `source` stays as it is.

    InputError if one of them isn't a results folder, or is the other.
    """
    if into.resolve() == source.resolve():
        raise InputError(f"{str(into)!r} and {str(source)!r} are the same folder")
    theirs, their_history = live_tables(source)
    ours, our_history = live_tables(into)
    mine, other = (dict(zip(*_columns(t), strict=True)) for t in (ours, theirs))
    both = [run for run in other if run in mine]
    replaced = [run for run in both if mine[run][0] not in _GOOD and other[run][0] in _GOOD]
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
    return Merged(len(wanted) - len(replaced), len(replaced), len(both), differing, notes)


_GOOD = (*LASTED, "diverged")


def _columns(runs: pa.Table) -> tuple[list[str], list[tuple[str, str]]]:
    pairs = zip(runs.column("status").to_pylist(), runs.column("code").to_pylist(), strict=True)
    return runs.column("run_id").to_pylist(), list(pairs)


def _measured(history: pa.Table, run: str) -> bytes:
    """What was measured of a run, but the clocks."""
    rows = history.filter(pc.equal(history.column("run_id"), run))
    return b"".join(np.asarray(rows.column(n), np.float64).tobytes() for n in COLUMNS if n not in _CLOCKS)
