"""The leaderboard: what whole results come to, a row a method and problem, the best first."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from optilab.analysis.answer import answered
from optilab.analysis.best import of_line
from optilab.analysis.cells import LINE, varying
from optilab.analysis.comparison import chosen_text
from optilab.analysis.effort import tuning_effort
from optilab.analysis.findings import Findings
from optilab.analysis.given import Given, WithRuns, given
from optilab.analysis.goal import goal, lateness
from optilab.analysis.intervals import interval, median_ranks
from optilab.analysis.measured import as_compared
from optilab.analysis.ranking import ranks
from optilab.records.chosen import nothing_chosen
from optilab.records.columns import as_costs
from optilab.records.question import Question

_KINDS = {  # the columns, with their types
    "rank": "Int64",
    "problem": "object",
    "label": "object",
    "hyperparameters": "object",
    "measure": "object",
    "median": "float64",
    "low": "float64",
    "high": "float64",
    "n": "int64",
    "difference": "float64",
    "difference_low": "float64",
    "difference_high": "float64",
    "p_holm": "float64",
    "outcome": "object",
    "statuses": "object",
    "trials": "Int64",
    "epochs": "float64",
    "seconds": "float64",
    "mean_rank": "float64",
}


def leaderboard(
    results: pd.DataFrame | WithRuns,
    measure: str | None = None,
    control: str | None = None,
    *,
    which: Literal["final", "best"] = "final",
    confidence: float | None = None,
    question: Question | None = None,
) -> pd.DataFrame:
    """A row for each method on each problem, at its best hyperparameters, best first; several problems one after the other.

    Only the ends of runs count, never a point in the middle of one. The numbers are those of `verdict`, whose arguments these are.

    Returns the columns
        rank: of the median on its problem, from 1; methods that tie share the best; missing where nothing could be chosen. Where runs
            ended at a target, their last values happened to come first beyond it and are not ranked: the rank is that of the median
            time to the target, and a run that missed it is infinitely late.
        problem, label: the line.
        hyperparameters: those that vary, as text, * at an end of the values tried; or why nothing could be chosen.
        measure: the name of the measure.
        median, low, high: of the measure over seeds, with its exact interval (`optilab.analysis.interval`), whose ends are missing
            where seeds are too few for one (6 at 95%). A run that did not last is infinitely bad.
        n: number of seeds.
        difference, difference_low, difference_high: the median difference from the control on the same seeds, with its interval, whose
            ends are missing where pairs of seeds are too few; missing for the control, and where there is none.
        p_holm: of the sign-flip test, after Holm's correction over the whole table; missing where nothing is tested.
        outcome: "control", "better", "worse" or "undecided"; "" where nothing is tested: nothing is random, no seed is common to
            both, or runs ended at a target.
        statuses: number of runs by status, as text; "" where that isn't known.
        trials, epochs: of tuning (`optilab.analysis.tuning_effort`): cells that were tried, and epochs that they took together; missing
            where hyperparameters aren't known.
        seconds: median training time of a run.
        mean_rank: of the same over problems (`optilab.analysis.ranks`), of methods that have a value on each; missing with fewer than two
            problems or two methods.

    Raises InputError as `verdict` does.

    >>> cost = [0.30, 0.31, 0.29, 0.33, 0.30, 0.28, 0.32, 0.31]
    >>> base = pd.DataFrame({"problem": "p", "label": "base", "seed": range(8), "final_test_cost": cost})
    >>> ours = base.assign(label="ours", final_test_cost=base["final_test_cost"] - 0.05)
    >>> leaderboard(pd.concat([base, ours]))[["rank", "label", "median", "n", "outcome"]].values.tolist()
    [[1, 'ours', 0.255, 8, 'better'], [2, 'base', 0.305, 8, 'control']]
    """
    found = given(results, measure, control, question, which)
    if confidence is not None:
        found = replace(found, question=replace(found.question, confidence=confidence))
    return board(found, answered(found, which=which, always=True), which=which)


def board(found: Given, told: Findings, *, which: Literal["final", "best"] = "final") -> pd.DataFrame:
    """The leaderboard of results that are ready, and of what the verdict has found in them; see `leaderboard`.

    >>> runs = pd.DataFrame({"problem": "p", "label": "ours", "seed": range(8), "final_test_cost": 0.5})
    >>> board(given(runs), answered(given(runs)))[["label", "median", "outcome"]].values.tolist()
    [['ours', 0.5, 'control']]
    """
    compared = {(row["problem"], row["label"]): row for row in told.comparisons.to_dict("records")}
    names = varying(found.runs) if found.cells else []
    effort = {}
    if found.cells:
        effort = {
            (row["problem"], row["label"]): row for row in tuning_effort(found.runs, found.history).to_dict("records")
        }
    clock = _seconds(found)
    runs_of = dict(iter(found.runs.groupby(LINE, sort=False))) if names else {}
    rows = []
    for _, group in found.chosen.groupby(LINE, sort=False):
        first = group.iloc[0]
        key = str(first["problem"]), str(first["label"])
        values = as_compared(group, found.measure, f"{which}_{found.measure}")
        middle = interval(values, "median", found.question.confidence)
        rows.append(
            {
                "problem": key[0],
                "label": key[1],
                "hyperparameters": chosen_text(runs_of[first[LINE[0]], first[LINE[1]]], first, names) if names else "",
                "median": middle.estimate,
                "low": middle.low if middle.method == "order" else np.nan,
                "high": middle.high if middle.method == "order" else np.nan,
                "n": len(group),
                **_against(compared.get(key), key[1] == told.control, found.question.confidence),
                "statuses": _counts(group),
                "seconds": clock.reindex(group["run_id"]).median() if "run_id" in group else np.nan,
                **_spent(effort.get(key)),
            }
        )
    for line in found.lost.to_dict("records"):
        key = str(line["problem"]), str(line["label"])
        tried = _counts(of_line(found.runs, line))
        rows.append(
            {
                "problem": key[0],
                "label": key[1],
                "hyperparameters": nothing_chosen(found.question.chosen_by),
                "n": 0,
                **_against(None, key[1] == told.control, found.question.confidence),
                "statuses": tried,
                **_spent(effort.get(key)),
            }
        )
    table = pd.DataFrame(rows, columns=list(_KINDS)).assign(measure=str(found.measure))
    costs = _costs(found, table)
    table["rank"] = costs.groupby(table["problem"]).rank(method="min")
    table["mean_rank"] = table["label"].map(_mean_ranks(table.assign(cost=costs)))
    order = table.assign(unknown=table["rank"].isna()).sort_values(["problem", "unknown", "rank", "label"])
    return table.loc[order.index].reset_index(drop=True).astype(_KINDS)


def _against(row: Mapping[Any, Any] | None, is_control: bool, confidence: float) -> dict[str, Any]:
    """What a line's comparison with the control has shown; nothing where there is none."""
    if row is None:
        return {"outcome": "control" if is_control else ""}
    tested = row["random"] and row["n"] > 0
    exact = median_ranks(row["n"], confidence) is not None and not math.isnan(row["difference"])
    return {
        "difference": row["difference"],
        "difference_low": row["low"] if exact else np.nan,
        "difference_high": row["high"] if exact else np.nan,
        "p_holm": row["p_holm"] if tested else np.nan,
        "outcome": row["outcome"] if tested else "",
    }


def _spent(row: Mapping[Any, Any] | None) -> dict[str, Any]:
    return {} if row is None else {"trials": row["trials"], "epochs": row["epochs"]}


def _seconds(found: Given) -> pd.Series[float]:
    """Training time of each run by its run_id: that of its last measurement."""
    if "run_id" not in found.history or "seconds" not in found.history:
        return pd.Series(dtype=float)
    last: pd.Series[float] = found.history.groupby("run_id")["seconds"].last()
    return last


def _counts(runs: pd.DataFrame) -> str:
    """Number of runs by status, as text."""
    if "status" not in runs:
        return ""
    return ", ".join(f"{n} {status}" for status, n in runs["status"].value_counts().items())


def _costs(found: Given, table: pd.DataFrame) -> pd.Series[float]:
    """By what the lines of the table are ranked, the lowest first: the time to the target at which runs ended, or else the median."""
    to = goal(found)
    if to is None or not to.ended_there:
        return pd.Series(as_costs(found.measure, table["median"].astype(float)), table.index)
    late = lateness(found, to)
    keys = zip(table["problem"], table["label"], strict=True)
    return pd.Series([late.get(key, math.nan) for key in keys], table.index, dtype=float)


def _mean_ranks(table: pd.DataFrame) -> dict[str, float]:
    """Mean rank of cost by label, of those with one on each problem; nothing with fewer than two problems or labels."""
    scores = table.pivot(index="problem", columns="label", values="cost").astype(float).dropna(axis="columns")
    if len(scores) < 2 or scores.shape[1] < 2:
        return {}
    return {str(label): float(rank) for label, rank in ranks(scores).mean_ranks.items()}
