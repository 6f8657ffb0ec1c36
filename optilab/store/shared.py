"""Runs that several lines of an experiment share, such as that at its defaults and that whose tuning has chosen them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from optilab.store.wanted import NAMES

if TYPE_CHECKING:
    import pandas as pd


def parted(runs: pd.DataFrame, history: pd.DataFrame, table: pa.Table | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Runs and history in which every line has its own rows of the runs that it shares with an earlier one.

    A run is made once, and its lines are compared like any others: from the second line on its run_id is that of the run, "+" and a
    number. runs: as of `named`. table: that of the runs that the experiment wants.
    """
    import pandas as pd

    if table is None or "line_id" not in table.column_names:
        return runs, history
    wanted = table.replace_schema_metadata(None).to_pandas().drop_duplicates(["run_id", "line_id"])
    wanted = wanted.assign(number=wanted.groupby("run_id", sort=False).cumcount())
    again = wanted[(wanted["number"] > 0) & wanted["run_id"].isin(runs["run_id"])]
    if again.empty:
        return runs, history
    own = runs.set_index("run_id").loc[again["run_id"]].reset_index()
    for column in NAMES:
        if column in again and column in own:
            own[column] = again[column].to_numpy(dtype=object)
    own["run_id"] = [_name(run, number) for run, number in zip(again["run_id"], again["number"], strict=True)]
    names = {run: again.loc[again["run_id"] == run, "number"] for run in again["run_id"].unique()}
    rows = history[history["run_id"].isin(names)]
    copies = [
        rows[rows["run_id"] == run].assign(run_id=_name(run, number))
        for run, numbers in names.items()
        for number in numbers
    ]
    both = pd.concat([runs, own[runs.columns].astype(runs.dtypes)], ignore_index=True)
    return both, pd.concat([history, *(copy.astype(history.dtypes) for copy in copies)], ignore_index=True)


def made_once(run_id: str) -> str:
    """The run_id under which a run is kept, of one that `parted` may have given it.

    >>> made_once("0123456789abcdef+1"), made_once("0123456789abcdef")
    ('0123456789abcdef', '0123456789abcdef')
    """
    return run_id.partition("+")[0]


def _name(run_id: str, number: int) -> str:
    return f"{run_id}+{number}"
