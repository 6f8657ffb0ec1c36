"""Sensitivity: the final cost as a function of one hyperparameter."""

from __future__ import annotations

import numpy as np
import pandas as pd

from optilab.analysis.aligned import quantiles
from optilab.analysis.cells import LINE, NAMES, cell_columns, cell_numbers, hyperparameter_columns, identified
from optilab.records.statuses import cost_or_infinity


def sensitivity(runs: pd.DataFrame, parameter: str, y: str) -> pd.DataFrame:
    """Final `y` against one hyperparameter: the best over all others, with median and quartiles over seeds.

    Tuning seeds are used if there are any, for they saw the whole grid. Pruned cells have no final value and are left out.

    Returns problem, label, their identities, the parameter as x, cell (its number as of `cells.cell_numbers`), median, low, high,
    seeds, finite (number of seeds with a finite value), and scattered: whether cells of the line differ in other hyperparameters too and no two have the same x, so that points
    must not be joined.
    """
    runs = identified(runs)
    role = "tuning" if (runs["role"] == "tuning").any() else "evaluation"
    chosen = runs[(runs["role"] == role) & runs[parameter].notna()]
    chosen = chosen.assign(y=cost_or_infinity(chosen[f"final_{y}"], chosen["status"]))
    chosen["cell"] = cell_numbers(runs).reindex(chosen.index)
    rows = []
    for keys, cell in chosen.groupby(cell_columns(runs), sort=False, dropna=False):
        named = dict(zip(cell_columns(runs), keys, strict=True))
        low, middle, high = quantiles(cell[["y"]].to_numpy().T, [0.25, 0.5, 0.75])[:, 0]
        if np.isinf(middle) and (cell["status"] == "pruned").any():
            continue
        rows.append(
            {
                **{name: named[name] for name in hyperparameter_columns(runs)},
                **{name: cell[name].iloc[0] for name in NAMES},
                **{name: named[name] for name in LINE},
                "x": named[parameter],
                "cell": int(cell["cell"].iloc[0]),
                "median": middle,
                "low": low,
                "high": high,
                "seeds": len(cell),
                "finite": int(np.isfinite(cell["y"]).sum()),
            }
        )
    numbers = ["x", "cell", "median", "low", "high", "seeds", "finite"]
    table = pd.DataFrame(rows, columns=[*hyperparameter_columns(runs), *NAMES, *LINE, *numbers])
    of_line = table.groupby(LINE, sort=False)
    several = of_line[hyperparameter_columns(runs)].transform("nunique").gt(1).sum(axis=1) > 1
    table["scattered"] = several & of_line["x"].transform("nunique").eq(of_line["x"].transform("size"))
    ordered = table.sort_values(["median", "finite"], ascending=[True, False], kind="stable")
    best = ordered.drop_duplicates([*LINE, "x"])
    best = best.drop(columns=hyperparameter_columns(runs))
    return best.sort_values([*NAMES, "x"], ignore_index=True)
