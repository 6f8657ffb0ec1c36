"""The comparison as a table: for each line its best hyperparameters, and how well they did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from optilab.labels import numbered, told_apart
from optilab.stopping import LASTED
from optilab.store import RESERVED

LINE = ["problem_id", "line_id"]  # what is compared: one line of a plot, one row of the table
NAMES = ["problem", "label"]  # how these are called
NOTHING = "nothing could be chosen: no value lasted"
_COMPARED = ("train_cost", "test_cost", "test_accuracy")


def identified(runs: pd.DataFrame) -> pd.DataFrame:
    """The runs with the columns LINE, and with names of which each stands for one of them.

    Where an earlier version put down no identities, the names stand for them: that of the only line which has the name today, if there
    is one.
    """
    found = runs.copy(deep=False)
    for identity, name in zip(LINE, NAMES, strict=True):
        if identity not in found:
            found[identity] = found[name]
        elif found[identity].isna().any():
            known = found[[name, identity]].dropna().drop_duplicates().drop_duplicates(name, keep=False)
            today = found[name].map(known.set_index(name)[identity].to_dict())
            found[identity] = found[identity].fillna(today).fillna(found[name])
        pairs = found[[name, identity]].drop_duplicates()
        if pairs[name].duplicated().any():
            names = numbered(pairs[name].tolist(), pairs[identity].tolist())
            found[name] = found[identity].map(dict(zip(pairs[identity], names, strict=True)))
    return found


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

    Returns LINE, NAMES, run_id (of one run of the cell), score (the median) and cells (how many there are to choose from), in the
    order of `runs`. An infinite score says that no cell came to anything: it is no choice.
    """
    runs = identified(runs)
    lasted = runs["status"].isin(LASTED) & np.isfinite(runs[by].astype(float))
    scored = runs.assign(_score=runs[by].where(lasted, np.inf))
    # a group key must not be missing, as a hyperparameter is that a line doesn't have
    scored = scored.fillna({name: -np.inf if is_number(runs, name) else "" for name in hyperparameter_columns(runs)})
    cells = scored.groupby(cell_columns(runs), sort=False, dropna=False).agg(
        run_id=("run_id", "first"), score=("_score", "median"), **{name: (name, "first") for name in NAMES}
    )
    cells = cells.reset_index()
    of_line = cells.groupby(LINE, sort=False)["score"]
    cells["cells"] = of_line.transform("size")
    return cells.loc[of_line.idxmin(), [*LINE, *NAMES, "run_id", "score", "cells"]]


def best_runs(runs: pd.DataFrame, by: str = "final_train_cost") -> pd.DataFrame:
    """Evaluation runs of the best cell of each line, chosen on the tuning seeds where there are some.

    A line of which several cells were tried and none lasted has none.
    """
    runs = identified(runs)
    evaluation = runs[runs["role"] == "evaluation"]
    if not len(evaluation):
        return evaluation
    best = best_cells(evaluation, by)
    best = best[np.isfinite(best["score"]) | (best["cells"] == 1)]
    columns = cell_columns(runs)
    cells = evaluation[evaluation["run_id"].isin(best["run_id"])][columns]
    return evaluation.merge(cells, on=columns, how="inner")


def unchosen(runs: pd.DataFrame, by: str = "final_train_cost") -> pd.DataFrame:
    """Lines of which nothing could be chosen: no cell lasted on at least half of its seeds.

    Returns LINE, NAMES and ended (how their runs did, as text).
    """
    runs = identified(runs)
    tuned = runs["role"] == "tuning"
    tried = runs[tuned] if tuned.any() else runs
    best = best_cells(tried, by)
    evaluated = pd.MultiIndex.from_frame(best_runs(runs, by)[LINE])
    none = best[np.isinf(best["score"]) & ~pd.MultiIndex.from_frame(best[LINE]).isin(evaluated)]
    rows = [
        {**{name: line[name] for name in [*LINE, *NAMES]}, "ended": _endings(_of_line(tried, line))}
        for line in none.to_dict("records")
    ]
    return pd.DataFrame(rows, columns=[*LINE, *NAMES, "ended"])


def _of_line(runs: pd.DataFrame, line: Mapping[Any, Any] | pd.Series[Any]) -> pd.DataFrame:
    """The runs of a line, given by one of its rows."""
    problem, own = LINE
    found: pd.DataFrame = runs[(runs[problem] == line[problem]) & (runs[own] == line[own])]
    return found


def _endings(runs: pd.DataFrame) -> str:
    """How many runs ended otherwise than by their budget."""
    return ", ".join(f"{n} {status}" for status, n in runs["status"].value_counts().items() if status != "budget")


def varying(runs: pd.DataFrame) -> list[str]:
    """Hyperparameters that take more than one value in the grid of some line."""
    names = hyperparameter_columns(runs)
    counts = identified(runs).groupby(LINE)[names].nunique().max() if names else pd.Series(dtype=int)
    return [name for name in names if counts[name] > 1]


def chosen_text(runs: pd.DataFrame, chosen: pd.Series[Any], names: Sequence[str]) -> str:
    """The hyperparameters `names` of a chosen run, each with a star where it is at an end of what its line has tried.

    A star says that the best value may lie beyond. A value has as many digits as tell it from the others.
    """
    runs = identified(runs)
    named = set(LINE) <= set(chosen.index)
    line = _of_line(runs, chosen) if named else runs[(runs[NAMES] == chosen[NAMES]).all(axis=1)]
    parts = []
    for name in names:
        value = chosen[name]
        if isinstance(value, str):
            parts.append(f"{name}={value}")
        elif pd.notna(value):
            tried = line[name]
            at_end = tried.nunique() > 1 and value in (tried.min(), tried.max())
            parts.append(f"{name}={_number(float(value), tried)}" + ("*" if at_end else ""))
    return ", ".join(parts)


def _number(value: float, among: pd.Series[Any]) -> str:
    """A number with three digits, or as many as tell it from the others."""
    near = [float(v) for v in among.dropna().unique() if f"{v:.3g}" == f"{value:.3g}"]
    return f"{value:.3g}" if len(near) < 2 else told_apart([value, *near])[0]


def comparison(results_runs: pd.DataFrame, history: pd.DataFrame, by: str = "final_train_cost") -> pd.DataFrame:
    """One row a line, best first: hyperparameters that were chosen, medians and ranges over seeds.

    Columns: problem, label, hyperparameters (text), seeds, random (whether they make a difference), ended (how many of them
    otherwise than by their budget, as text), epochs, seconds (median), and for train_cost, test_cost and test_accuracy the median,
    lowest and highest final value. A line of which nothing could be chosen has no seeds, and says so.
    """
    results_runs = identified(results_runs)
    runs = best_runs(results_runs, by)
    ends = history.groupby("run_id")[["epoch", "seconds"]].last()
    runs = runs.join(ends, on="run_id")
    names = varying(results_runs)
    rows = []
    for _, group in runs.groupby(LINE, sort=False):
        first = group.iloc[0]
        row = {
            "problem": first["problem"],
            "label": first["label"],
            "hyperparameters": chosen_text(results_runs, first, names),
            "seeds": len(group),
            "random": is_random(group),
            "ended": _endings(group),
            "epochs": group["epoch"].median(),
            "seconds": group["seconds"].median(),
        }
        for measure in _COMPARED:
            values_of = group[f"final_{measure}"]
            if measure.endswith("cost") and values_of.notna().any():
                values_of = values_of.mask(~group["status"].isin(LASTED), np.inf)
            row |= {
                measure: values_of.median(),
                f"{measure}_low": values_of.min(),
                f"{measure}_high": values_of.max(),
            }
        rows.append(row)
    for line in unchosen(results_runs, by).to_dict("records"):
        numbers = [f"{measure}{end}" for measure in _COMPARED for end in ("", "_low", "_high")]
        rows.append(
            {
                "problem": line["problem"],
                "label": line["label"],
                "hyperparameters": NOTHING,
                "seeds": 0,
                "random": True,
                "ended": line["ended"],
                **dict.fromkeys(["epochs", "seconds", *numbers], np.nan),
            }
        )
    return pd.DataFrame(rows).sort_values(["problem", "train_cost"], ignore_index=True) if rows else pd.DataFrame()


def is_random(runs: pd.DataFrame) -> bool:
    """Whether the seeds of some runs can make a difference; so it is where that was not put down."""
    return "is_random" not in runs or bool(runs["is_random"].ne(False).any())
