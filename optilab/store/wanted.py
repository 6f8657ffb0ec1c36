"""The runs of a folder that its experiment, as it was last run, wants, under the names that it gives them."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from optilab.errors import ResultsWarning
from optilab.files import read_plain
from optilab.records.chosen import TimeToTarget
from optilab.records.columns import MEASURES
from optilab.store.locking import WANTED_RUNS
from optilab.store.schema import ROLES

if TYPE_CHECKING:
    import pandas as pd

# Names that an experiment gives a run.
NAMES = ("experiment", "problem", "label", "schedule", "role", "problem_id", "line_id")
_TEXTS = ("run_id", *NAMES)
WANTED = pa.schema(  # of wanted.parquet
    [*((name, pa.string()) for name in _TEXTS), ("seed", pa.int64()), ("code", pa.string())]
)
_MORE, _CONTROL, _TIMED = b"more", b"control", b"timed"  # in the metadata of the table: see `marked`


def wanted(folder: Path) -> pa.Table | None:
    """The runs that the experiment wants, as it was last run into the folder, as a table like WANTED; None if unknown.

    Warns with a ResultsWarning where it is unknown because the file is damaged.
    """
    try:
        table = pq.read_table(pa.BufferReader(read_plain(folder / WANTED_RUNS)))
        _check(table)
    except FileNotFoundError:
        return None
    except Exception:  # bytes that are no table may make pyarrow raise anything
        warnings.warn(
            f"{WANTED_RUNS} is damaged: which runs the experiment wants isn't known, and all are taken; the next start of "
            "the experiment writes it again",
            ResultsWarning,
            stacklevel=3,
        )
        return None
    ours = {key: value for key, value in (table.schema.metadata or {}).items() if key in (_MORE, _CONTROL, _TIMED)}
    return table.replace_schema_metadata(ours or None)


def _check(table: pa.Table) -> None:
    """Raise an exception of whatever kind unless a table has the columns of WANTED, or those of an earlier version."""
    table.validate(full=True)
    texts = [name for name in _TEXTS if name == "run_id" or name in table.column_names]
    if any(table.schema.field(name).type != pa.string() or table.column(name).null_count for name in texts):
        raise ValueError("other columns")
    if "role" in texts and not ROLES.issuperset(table.column("role").to_pylist()):
        raise ValueError("other roles")


def marked(table: pa.Table, *, control: str, more: bool = False, by: str = "") -> pa.Table:
    """A table of wanted runs with what is to be known of them.

    control: the label that the others are compared with. more: whether further runs are chosen by these. by: the column of `runs` by
    which hyperparameters are chosen; a time to a target is found when the runs are loaded.
    """
    facts = {_CONTROL: control.encode("utf-8", "surrogatepass")} | ({_MORE: b"yes"} if more else {})
    if isinstance(by, TimeToTarget):
        facts[_TIMED] = json.dumps([by.measure, by.target]).encode()
    return table.replace_schema_metadata(facts)


def wants_more(table: pa.Table) -> bool:
    """Whether further runs are chosen by the results of those in a table of wanted runs."""
    return _MORE in (table.schema.metadata or {})


def control_of(table: pa.Table) -> str | None:
    """The label that the others are compared with; None where an earlier version wrote the table."""
    found = (table.schema.metadata or {}).get(_CONTROL)
    return None if found is None else str(found.decode("utf-8", "replace"))


def target_of(table: pa.Table) -> tuple[str, float] | None:
    """The measure and the target, the time to which hyperparameters are chosen by; None where they are chosen by something else."""
    try:
        measure, target = json.loads((table.schema.metadata or {}).get(_TIMED, b"null"))
        return (measure, float(target)) if measure in MEASURES else None
    except (TypeError, ValueError, RecursionError):
        return None


def named(runs: pd.DataFrame, table: pa.Table | None) -> pd.DataFrame:
    """The runs that a table wants, under the names it gives them, in their order in `runs`; all runs if it is None.

    The one answer to which runs count: loading, plotting, exporting, status, replay and the choice of the best use it.
    """
    if table is None:
        return runs
    names = table.replace_schema_metadata(None).to_pandas().drop_duplicates("run_id").set_index("run_id")
    found = runs[runs["run_id"].isin(names.index)].reset_index(drop=True)
    for column in names.columns.intersection(NAMES).intersection(found.columns):
        found[column] = names[column].reindex(found["run_id"]).to_numpy(dtype=object)
    return found
