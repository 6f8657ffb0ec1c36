"""The comparison as a table: for each line its best hyperparameters, and how well they did."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from optilab.stopping import LASTED
from optilab.store import RESERVED

LINE = ["problem", "label"]  # what is compared: one line of a plot, one row of the table


def hyperparameter_columns(runs: pd.DataFrame) -> list[str]:
    """Columns of `runs` that are hyperparameters."""
    return [str(name) for name in runs if name not in RESERVED]


def is_number(runs: pd.DataFrame, name: str) -> bool:
    """Whether a hyperparameter takes numbers, and not words."""
    return pd.api.types.is_numeric_dtype(runs[name])


def cell_columns(runs: pd.DataFrame) -> list[str]:
    """Columns that together name a cell of the grid: all of a run but its seed."""
    return [*LINE, "optimizer", "schedule", "batch_size", *hyperparameter_columns(runs)]


def best_cells(runs: pd.DataFrame, by: str) -> pd.DataFrame:
    """For each line the cell whose median of `by` over its seeds is lowest; a run that did not last counts as infinite.

    Returns problem, label, run_id (of one run of the cell) and the median, in the order of `runs`.
    """
    worst = ~runs["status"].isin(LASTED) | runs[by].isna()
    scored = runs.assign(_score=runs[by].mask(worst, np.inf))
    # a group key must not be missing, as a hyperparameter is that a line doesn't have
    scored = scored.fillna({name: -np.inf if is_number(runs, name) else "" for name in hyperparameter_columns(runs)})
    cells = scored.groupby(cell_columns(runs), sort=False, dropna=False).agg(
        run_id=("run_id", "first"), score=("_score", "median")
    )
    cells = cells.reset_index()
    return cells.loc[cells.groupby(LINE, sort=False)["score"].idxmin(), [*LINE, "run_id", "score"]]


def best_runs(runs: pd.DataFrame, by: str = "final_train_cost") -> pd.DataFrame:
    """Evaluation runs of the best cell of each line, chosen on the tuning seeds where there are some."""
    evaluation = runs[runs["role"] == "evaluation"]
    if not len(evaluation):
        return evaluation
    best = best_cells(evaluation, by)
    columns = cell_columns(runs)
    cells = evaluation[evaluation["run_id"].isin(best["run_id"])][columns]
    return evaluation.merge(cells, on=columns, how="inner")


def varying(runs: pd.DataFrame) -> list[str]:
    """Hyperparameters that take more than one value in the grid of some line."""
    names = hyperparameter_columns(runs)
    counts = runs.groupby(LINE)[names].nunique().max() if names else pd.Series(dtype=int)
    return [name for name in names if counts[name] > 1]


def chosen_text(runs: pd.DataFrame, chosen: pd.Series[Any], names: Sequence[str]) -> str:
    """The hyperparameters `names` of a chosen run, each with a star where it is at an end of what its line has tried.

    A star says that the best value may lie beyond.
    """
    line = runs[(runs["problem"] == chosen["problem"]) & (runs["label"] == chosen["label"])]
    parts = []
    for name in names:
        value = chosen[name]
        if isinstance(value, str):
            parts.append(f"{name}={value}")
        elif pd.notna(value):
            tried = line[name]
            at_end = tried.nunique() > 1 and value in (tried.min(), tried.max())
            parts.append(f"{name}={value:.3g}" + ("*" if at_end else ""))
    return ", ".join(parts)


def comparison(results_runs: pd.DataFrame, history: pd.DataFrame, by: str = "final_train_cost") -> pd.DataFrame:
    """One row a line, best first: hyperparameters that were chosen, medians and ranges over seeds.

    Columns: problem, label, hyperparameters (text), seeds, ended (how many of them otherwise than by their budget, as text),
    epochs, seconds (median), and for train_cost, test_cost and test_accuracy the median, lowest and highest final value.
    """
    runs = best_runs(results_runs, by)
    ends = history.groupby("run_id")[["epoch", "seconds"]].last()
    runs = runs.join(ends, on="run_id")
    names = varying(results_runs)
    rows = []
    for (problem, label), group in runs.groupby(LINE, sort=False):
        first = group.iloc[0]
        values = chosen_text(results_runs, first, names)
        row = {
            "problem": problem,
            "label": label,
            "hyperparameters": values,
            "seeds": len(group),
            "ended": ", ".join(
                f"{n} {status}" for status, n in group["status"].value_counts().items() if status != "budget"
            ),
            "epochs": group["epoch"].median(),
            "seconds": group["seconds"].median(),
        }
        for measure in ("train_cost", "test_cost", "test_accuracy"):
            values_of = group[f"final_{measure}"]
            if measure.endswith("cost") and values_of.notna().any():
                values_of = values_of.mask(~group["status"].isin(LASTED), np.inf)
            row |= {
                measure: values_of.median(),
                f"{measure}_low": values_of.min(),
                f"{measure}_high": values_of.max(),
            }
        rows.append(row)
    return pd.DataFrame(rows).sort_values(["problem", "train_cost"], ignore_index=True) if rows else pd.DataFrame()
