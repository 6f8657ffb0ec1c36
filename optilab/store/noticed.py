"""What was noticed of anybody's table: runs that diverged, seeds that differ, columns that were left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from optilab.texts import counted, shown

if TYPE_CHECKING:
    import pandas as pd

_LISTED = 6  # of what a sentence names


def noticed(runs: pd.DataFrame, lost: pd.Series[bool], left_out: Sequence[str], compared: str) -> list[str]:
    """Sentences on a table of runs. lost: which of them diverged. left_out: columns. compared: the measure."""
    found = []
    several = runs["problem"].nunique() > 1
    if lost.any():
        groups = runs[lost].groupby(["label", "problem"], sort=False)["seed"].agg(list).reset_index().to_dict("records")
        told = [
            f"{row['label']}{' on ' + str(row['problem']) if several else ''}, seed{'s' * (len(row['seed']) > 1)} {_some(row['seed'])}"
            for row in groups[:_LISTED]
        ]
        found.append(
            f"{counted(int(lost.sum()), 'run')} without a finite {compared} at the end, counted as diverged: "
            f"{'; '.join(told)}{_rest(groups, '; and ')}."
        )
    seeds = runs[runs["role"] == "evaluation"].groupby(["problem", "label"])["seed"].agg(frozenset)
    uneven = [problem for problem, sets in seeds.groupby(level=0) if sets.nunique() > 1]
    if uneven:
        where, sizes = f"on {_some(uneven)}; " if several else "", seeds.map(len)
        found.append(
            f"Not all ran on the same seeds ({where}from {sizes.min()} to {sizes.max()} each): pairs are made of the seeds that two "
            "have in common."
        )
    if left_out:
        names = _some([shown(name) for name in left_out])
        found.append(
            f"Left out, as texts that are none of optilab's columns: {names}; a hyperparameter is called hp.NAME."
        )
    return found


def _some(values: Sequence[Any]) -> str:
    """The first of some values, and how many more there are."""
    return ", ".join(map(str, values[:_LISTED])) + _rest(values, ", and ")


def _rest(values: Sequence[Any], before: str) -> str:
    return f"{before}{len(values) - _LISTED} more" if len(values) > _LISTED else ""
