"""The final value over two hyperparameters, and which two matter most."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from optilab.analysis.cells import LINE, NAMES, cell_numbers, identified
from optilab.analysis.sensitivity import cells_measured, over_one
from optilab.records.statuses import cost_or_infinity


def over_two(runs: pd.DataFrame, first: str, second: str, y: str) -> pd.DataFrame:
    """Final `y` of each line over two hyperparameters, at the best of all others: the lowest median over seeds.

    A run that did not last counts as infinite. Tuning seeds are used if there are any. Cells with a pruned run and no finite median
    have no final value, and are left out; so are lines that don't vary both.

    Returns LINE, NAMES, x (the first hyperparameter), y (the second), median, seeds, finite (how many are finite), a row a pair of
    values, in the order of NAMES, x and y.
    """
    runs = identified(runs)
    role = "tuning" if (runs["role"] == "tuning").any() else "evaluation"
    made = runs[(runs["role"] == role) & runs[first].notna() & runs[second].notna()]
    made = made.assign(
        value=cost_or_infinity(made[f"final_{y}"], made["status"]), cell=cell_numbers(runs).reindex(made.index)
    )
    made = made.assign(is_pruned=made["status"].eq("pruned"), is_finite=np.isfinite(made["value"]))
    cells = made.groupby("cell", sort=False).agg(
        **{name: (name, "first") for name in [*LINE, *NAMES]},
        x=(first, "first"),
        y=(second, "first"),
        median=("value", "median"),
        seeds=("value", "size"),
        finite=("is_finite", "sum"),
        pruned=("is_pruned", "any"),
    )
    cells = cells[~(cells["pruned"] & ~np.isfinite(cells["median"]))].drop(columns="pruned")
    of_line = cells.groupby(LINE, sort=False)
    both = (of_line["x"].transform("nunique") > 1) & (of_line["y"].transform("nunique") > 1)
    best = cells[both].sort_values(["median", "finite"], ascending=[True, False], kind="stable")
    found: pd.DataFrame = best.drop_duplicates([*LINE, "x", "y"]).sort_values([*NAMES, "x", "y"], ignore_index=True)
    return found


def matter_most(runs: pd.DataFrame, names: Sequence[str], y: str) -> list[str]:
    """The hyperparameters, those first over whose values the best final `y` of a line ranges most.

    The range is that of the logarithms of costs above 0, else of the costs, in ranges of the line's; the mean over lines. What is not
    finite counts as the worst finite cost.
    """
    ranges = {}
    cells = cells_measured(runs, y)
    for name in names:
        points = over_one(cells, name)
        found = []
        for _, line in points.groupby(LINE, sort=False):
            finite = line.loc[np.isfinite(line["median"]), "median"]
            if line["x"].nunique() > 1 and len(finite):
                found.append(float(np.ptp(np.log(finite)) if (finite > 0).all() else np.ptp(finite)))
        ranges[name] = float(np.mean(found)) if found else -1.0
    return sorted(names, key=lambda name: -ranges[name])
