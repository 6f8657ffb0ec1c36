"""What was noticed of anybody's table: runs that diverged or end early, seeds that differ, columns that were left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from optilab.texts import counted, shown

if TYPE_CHECKING:
    import pandas as pd

_LISTED = 6  # of what a sentence names


def noticed(
    runs: pd.DataFrame, lost: pd.Series[bool], left_out: Sequence[str], compared: str, at: str = ""
) -> list[str]:
    """Sentences on a table of runs.

    lost: which of them diverged. left_out: columns. compared: the measure. at: "epoch" or another column of `runs`, with the place at
    which each run ends; "" if that isn't known.
    """
    from optilab.analysis.tables import uneven_seeds

    found = []
    if lost.any():
        found.append(
            f"{counted(int(lost.sum()), 'run')} without a finite {compared} at the end, counted as diverged: {_named(runs, lost)}."
        )
    if at:
        ends = runs[at].where(runs["role"].eq("evaluation") & runs["status"].eq("budget"))
        early = ends < ends.groupby(runs["problem"]).transform("max")
        if early.any():
            found.append(
                f"Not all runs end at the same {at}: {int(early.sum())} of {int(ends.notna().sum())} end before others, and count as "
                f"finished, unless a column status says otherwise: {_named(runs, early)}."
            )
    if uneven := uneven_seeds(runs[runs["role"] == "evaluation"]):
        found.append(uneven)
    if left_out:
        names = _some([shown(name) for name in left_out])
        found.append(
            f"Left out, as texts that are none of optilab's columns: {names}; a hyperparameter is called hp.NAME."
        )
    return found


def _named(runs: pd.DataFrame, which: pd.Series[bool]) -> str:
    """Some of the runs by optimizer, problem if there are several, and seeds."""
    several = runs["problem"].nunique() > 1
    groups = runs[which].groupby(["label", "problem"], sort=False)["seed"].unique().reset_index().to_dict("records")
    told = [
        f"{row['label']}{' on ' + str(row['problem']) if several else ''}, seed{'s' * (len(row['seed']) > 1)} {_some(row['seed'])}"
        for row in groups[:_LISTED]
    ]
    return f"{'; '.join(told)}{_rest(groups, '; and ')}"


def _some(values: Sequence[Any]) -> str:
    """The first of some values, and how many more there are."""
    return ", ".join(map(str, values[:_LISTED])) + _rest(values, ", and ")


def _rest(values: Sequence[Any], before: str) -> str:
    return f"{before}{len(values) - _LISTED} more" if len(values) > _LISTED else ""
