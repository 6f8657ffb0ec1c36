"""The comparison: best hyperparameters of each line, and its results over seeds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from optilab.analysis.best import best_runs, endings, of_line, unchosen
from optilab.analysis.cells import LINE, NAMES, identified, varying
from optilab.analysis.measured import as_compared, first_measured
from optilab.records.chosen import nothing_chosen
from optilab.records.columns import as_costs
from optilab.records.labels import told_apart
from optilab.records.statuses import LASTED

COMPARED = ("train_cost", "valid_cost", "valid_accuracy", "test_cost", "test_accuracy")


def chosen_text(runs: pd.DataFrame, chosen: pd.Series[Any], names: Sequence[str]) -> str:
    """Hyperparameters `names` of a chosen run as text; a star marks the lowest or highest value tried.

    A star means that the best value may lie beyond. Values have enough digits to tell them apart.
    """
    runs = identified(runs)
    named = set(LINE) <= set(chosen.index)
    line = of_line(runs, chosen) if named else runs[(runs[NAMES] == chosen[NAMES]).all(axis=1)]
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
    """The number with three digits, or as many as tell it from the others."""
    near = [float(v) for v in among.dropna().unique() if f"{v:.3g}" == f"{value:.3g}"]
    return f"{value:.3g}" if len(near) < 2 else told_apart([value, *near])[0]


def comparison(
    results_runs: pd.DataFrame, history: pd.DataFrame, by: str = "final_train_cost", measure: str | None = None
) -> pd.DataFrame:
    """One row per line, the best median of the measure first: chosen hyperparameters, medians and ranges over seeds.

    by: the column by which hyperparameters were chosen. measure: None for the first that was measured (`first_measured`); that
    stands in too for one that was not measured. Columns: problem, label, hyperparameters (text), seeds, random (whether seeds make a difference), ended (number
    of runs by status, without those that used up their budget, as text), epochs, seconds (medians), and for train_cost, valid_cost,
    valid_accuracy, test_cost and test_accuracy, and for `measure` if it is another, the median, lowest and highest final value; and
    measure (by which lines are ordered). Where runs ended at a target, lines are ordered by the median number of epochs until then,
    for their last values happened to come first beyond it; a run that ended otherwise is infinitely late. A run that did not last is infinitely bad. A line without a best cell has 0 seeds and NaN values.
    """
    results_runs = identified(results_runs)
    runs = best_runs(results_runs, by)
    ends = history.groupby("run_id")[["epoch", "seconds"]].last()
    runs = runs.join(ends, on="run_id")
    names = varying(results_runs)
    first = first_measured(runs if len(runs) else results_runs)
    if measure is None or (_measured(results_runs, [first]) and not _measured(results_runs, [measure])):
        measure = first
    measures = dict.fromkeys([*COMPARED, measure])
    known = _measured(results_runs, measures)
    tried = dict(iter(results_runs.groupby(LINE, sort=False))) if names else {}
    of_line = [runs[name] for name in LINE]
    spread = {
        name: _finals(runs, name, [name == measure or (problem, name) in known for problem in runs["problem"]])
        .groupby(of_line, sort=False)
        .agg(["median", "min", "max"])
        .to_dict("index")
        for name in measures
    }
    rows = []
    for key, group in runs.groupby(LINE, sort=False):
        head = group.iloc[0]
        row = {
            "problem": head["problem"],
            "label": head["label"],
            "hyperparameters": chosen_text(tried[key], head, names) if names else "",
            "seeds": len(group),
            "random": is_random(group),
            "ended": endings(group),
            "epochs": group["epoch"].median(),
            "seconds": group["seconds"].median(),
            "late": group["epoch"].where(group["status"].eq("target"), np.inf).median(),
        }
        for name in measures:
            found_of = spread[name][key]
            row |= {
                name: found_of["median"],
                f"{name}_low": found_of["min"],
                f"{name}_high": found_of["max"],
            }
        rows.append(row)
    for line in unchosen(results_runs, by).to_dict("records"):
        numbers = [f"{name}{end}" for name in measures for end in ("", "_low", "_high")]
        rows.append(
            {
                "problem": line["problem"],
                "label": line["label"],
                "hyperparameters": nothing_chosen(by),
                "seeds": 0,
                "random": True,
                "ended": line["ended"],
                **dict.fromkeys(["epochs", "seconds", "late", *numbers], np.nan),
            }
        )
    if not rows:
        return pd.DataFrame()
    found = pd.DataFrame(rows)
    order = found["late"] if runs["status"].eq("target").any() else as_costs(measure, found[measure])
    found = found.assign(measure=str(measure), order=order)
    return found.sort_values(["problem", "order"], ignore_index=True).drop(columns=["late", "order"])


def _measured(runs: pd.DataFrame, measures: Iterable[str]) -> set[tuple[Any, str]]:
    """The problems and measures of which some run has a final value."""
    counts = {name: runs.groupby("problem")[f"final_{name}"].count() for name in measures if f"final_{name}" in runs}
    return {(problem, name) for name, found in counts.items() for problem, count in found.items() if count}


def _finals(runs: pd.DataFrame, measure: str, is_measured: Sequence[bool]) -> pd.Series[float]:
    """Final values of runs: infinitely bad where one did not last, NaN where the measure was not measured.

    is_measured: for each run, whether it was on its problem. A line that has no value of it then has none because nothing lasted, or else
    it alone was not measured.
    """
    column = f"final_{measure}"
    if column not in runs:  # earlier results lack some
        runs = runs.assign(**{column: np.nan})
    of_line = [runs[name] for name in LINE]
    some = runs[column].notna().groupby(of_line, sort=False).transform("any")
    lasted = runs["status"].isin(LASTED).groupby(of_line, sort=False).transform("any")
    counts = some | (np.array(is_measured, bool) & ~lasted)
    return pd.Series(np.where(counts, as_compared(runs, measure, column), runs[column].astype(float)), runs.index)


def is_random(runs: pd.DataFrame) -> bool:
    """Whether seeds can make a difference to some of the runs; True if that was not recorded."""
    return "is_random" not in runs or bool(runs["is_random"].ne(False).any())
