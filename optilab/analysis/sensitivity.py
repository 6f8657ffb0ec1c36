"""Sensitivity: the final cost as a function of one hyperparameter."""

from __future__ import annotations

import numpy as np
import pandas as pd

from optilab.analysis.aligned import quantiles
from optilab.analysis.cells import LINE, NAMES, cell_numbers, hyperparameter_columns, identified
from optilab.records.statuses import cost_or_infinity

_NUMBERS = ["cell", "median", "low", "high", "seeds", "finite"]


def sensitivity(runs: pd.DataFrame, parameter: str, y: str) -> pd.DataFrame:
    """Final `y` against one hyperparameter: the best over all others, with median and quartiles over seeds.

    Tuning seeds are used if there are any, for they saw the whole grid. Pruned cells have no final value and are left out.

    Returns problem, label, their identities, the parameter as x, cell (its number as of `cells.cell_numbers`), median, low, high,
    seeds, finite (number of seeds with a finite value), and scattered: whether cells of the line differ in other hyperparameters too and no two have the same x, so that points
    must not be joined.
    """
    return over_one(cells_measured(runs, y), parameter)


def cells_measured(runs: pd.DataFrame, y: str) -> pd.DataFrame:
    """The final `y` of each cell, with median and quartiles over seeds; without cells that were pruned.

    Returns LINE, NAMES, the hyperparameters, cell, median, low, high, seeds and finite, in the order of `runs`; see `sensitivity`.
    """
    runs = identified(runs)
    number = cell_numbers(runs).to_numpy()
    is_tuning = (runs["role"] == "tuning").to_numpy()
    counts = is_tuning if is_tuning.any() else (runs["role"] == "evaluation").to_numpy()
    runs, number = runs[counts], number[counts]
    values = cost_or_infinity(runs[f"final_{y}"], runs["status"])
    cells, firsts, cell = np.unique(number, return_index=True, return_inverse=True)
    size, finite = np.bincount(cell, minlength=len(cells)), np.bincount(cell, np.isfinite(values), len(cells))
    pruned = np.bincount(cell, runs["status"] == "pruned", len(cells)) > 0
    ordered = values[np.argsort(cell, kind="stable")]
    begins = np.cumsum(size) - size
    found = np.empty((3, len(cells)))
    for count in np.unique(size):  # cells of as many seeds, at once
        of_it = np.flatnonzero(size == count)
        found[:, of_it] = quantiles(ordered[begins[of_it, None] + np.arange(count)], [0.25, 0.5, 0.75])
    low, median, high = found
    numbers = {"cell": cells, "median": median, "low": low, "high": high, "seeds": size, "finite": finite.astype(int)}
    table = runs.iloc[firsts][[*LINE, *NAMES, *hyperparameter_columns(runs)]].assign(**numbers)
    return table.iloc[[k for k in np.argsort(firsts) if not (np.isinf(median[k]) and pruned[k])]]


def over_one(cells: pd.DataFrame, parameter: str) -> pd.DataFrame:
    """The best cells over the values of a hyperparameter, as of `sensitivity`. cells: as of `cells_measured`."""
    names = [name for name in cells if name not in {*LINE, *NAMES, *_NUMBERS}]
    table = cells[cells[parameter].notna()]
    table = table.assign(x=table[parameter])
    of_line = table.groupby(LINE, sort=False)
    several = of_line[names].transform("nunique").gt(1).sum(axis=1) > 1
    table["scattered"] = several & of_line["x"].transform("nunique").eq(of_line["x"].transform("size"))
    ordered = table.sort_values(["median", "finite"], ascending=[True, False], kind="stable")
    best = ordered.drop_duplicates([*LINE, "x"]).sort_values([*NAMES, "x"], ignore_index=True)
    return best[[*NAMES, *LINE, "x", *_NUMBERS, "scattered"]]
