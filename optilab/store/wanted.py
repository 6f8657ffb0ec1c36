"""Of the runs that a folder holds, those of the experiment as it was last run, under the names that it gives them."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from optilab.errors import ResultsWarning
from optilab.files import read_plain
from optilab.store.locking import WANTED_RUNS
from optilab.store.schema import ROLES

if TYPE_CHECKING:
    import pandas as pd

_MORE = b"more"  # in the metadata of the table: see `wants_more`
_NAMES = ("experiment", "problem", "label", "schedule", "role")  # what an experiment calls a run; words
_OWN = ("run_id", "seed", "code")  # columns that are no names


def wanted(folder: Path) -> pa.Table | None:
    """The runs that the experiment wants, as it was last run into the folder; None if that isn't known.

    A ResultsWarning where it isn't known because the file is damaged.
    """
    try:
        table = pq.read_table(pa.BufferReader(read_plain(folder / WANTED_RUNS)))
        table.validate(full=True)
        words = [name for name in ("run_id", *_NAMES) if name == "run_id" or name in table.column_names]
        if any(table.schema.field(n).type != pa.string() or table.column(n).null_count for n in words):
            raise ValueError("other columns")
        if "role" in words and not ROLES.issuperset(table.column("role").to_pylist()):
            raise ValueError("other roles")
    except FileNotFoundError:
        return None
    except Exception:  # whatever a library says of bytes that are no table
        warnings.warn(
            f"{WANTED_RUNS} is damaged: which runs the experiment wants isn't known, and all are taken; the next start of "
            "the experiment writes it again",
            ResultsWarning,
            stacklevel=3,
        )
        return None
    more = (table.schema.metadata or {}).get(_MORE)
    return table.replace_schema_metadata({_MORE: more} if more else None)


def with_more(table: pa.Table) -> pa.Table:
    """The table of wanted runs of an experiment that chooses others once these are made."""
    return table.replace_schema_metadata({_MORE: b"yes"})


def wants_more(table: pa.Table) -> bool:
    """Whether others are chosen once the runs of such a table are made."""
    return _MORE in (table.schema.metadata or {})


def named(runs: pd.DataFrame, table: pa.Table | None) -> pd.DataFrame:
    """Those of some runs that a table wants, in the same order, under the names it gives them; all where there is no table."""
    if table is None:
        return runs
    names = table.replace_schema_metadata(None).to_pandas().drop_duplicates("run_id").set_index("run_id")
    found = runs[runs["run_id"].isin(names.index)].reset_index(drop=True)
    for column in names.columns.difference(_OWN).intersection(found.columns):
        found[column] = names[column].reindex(found["run_id"]).to_numpy(dtype=object)
    return found
