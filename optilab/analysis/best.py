"""The best hyperparameters of each line, and the runs with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from optilab.analysis.cells import LINE, NAMES, cell_numbers, identified, line_numbers, tried
from optilab.records.chosen import TimeToTarget
from optilab.records.columns import as_costs
from optilab.records.measures import measure_behind, summary
from optilab.records.statuses import cost_or_infinity


def best_cells(runs: pd.DataFrame, by: str) -> pd.DataFrame:
    """The best cell of each line: that with the best median over seeds; a run that did not last counts as infinitely bad.

    by: a final or best value, a column of `runs`; the best cost is the lowest, the best accuracy the highest. By a `TimeToTarget`, cells
    often tie: that with the best final value of its measure is the best of them.

    Returns LINE, NAMES, run_id (of one run of the cell), score (the median, of accuracies with a minus) and cells (number of
    candidates), in the order of `runs`. An infinite score means that no cell lasted on half of its seeds, so that none can be chosen.
    """
    return _best(identified(runs), by)[0]


def _best(runs: pd.DataFrame, by: str) -> tuple[pd.DataFrame, NDArray[np.integer], NDArray[np.integer]]:
    """The best cells, the number of each, and that of the cell of each run."""
    number: NDArray[np.integer] = cell_numbers(runs).to_numpy()
    firsts = np.unique(number, return_index=True)[1]  # a run of each cell
    line = line_numbers(runs)[firsts]
    score = _medians(cost_or_infinity(as_costs(measure_behind(by), runs[by]), runs["status"]), number)
    keys = [score, line]
    if isinstance(by, TimeToTarget) and summary(by.measure, "final") in runs:
        final = cost_or_infinity(as_costs(by.measure, runs[summary(by.measure, "final")]), runs["status"])
        keys.insert(0, _medians(final, number))
    order = np.lexsort(keys)  # by line, score, final value, and the first of equals
    best = order[np.unique(line[order], return_index=True)[1]]
    cells = runs.iloc[firsts[best]][[*LINE, *NAMES, "run_id"]]
    return cells.assign(score=score[best], cells=np.bincount(line)[line[best]] if len(line) else line), best, number


def _medians(values: NDArray[np.float64], number: NDArray[np.integer]) -> NDArray[np.float64]:
    """The median of the values of each number."""
    ordered, counts = values[np.lexsort([values, number])], np.bincount(number)
    ends = np.cumsum(counts)
    lower, upper = ordered[ends - counts + (counts - 1) // 2], ordered[ends - counts + counts // 2]
    return np.asarray(np.where(lower == upper, lower, (lower + upper) / 2))


def best_runs(runs: pd.DataFrame, by: str = "final_train_cost") -> pd.DataFrame:
    """Evaluation runs of the best cell of each line, chosen on the tuning seeds if there are any.

    A line with several cells, none of which lasted, has no best runs.
    """
    runs = identified(runs)
    evaluation = runs[runs["role"] == "evaluation"]
    if not len(evaluation):
        return evaluation
    best, chosen, number = _best(evaluation, by)
    can_be = np.isfinite(best["score"].to_numpy()) | (best["cells"].to_numpy() == 1)
    return evaluation[np.isin(number, chosen[can_be])].reset_index(drop=True)


def unchosen(runs: pd.DataFrame, by: str = "final_train_cost") -> pd.DataFrame:
    """Lines without a best cell: none lasted on at least half of its seeds.

    Returns LINE, NAMES and ended (number of runs by status, as text).
    """
    runs = identified(runs)
    found = tried(runs)
    best = best_cells(found, by)
    best = best[np.isinf(best["score"])]
    if best.empty:
        return pd.DataFrame(columns=[*LINE, *NAMES, "ended"])
    evaluated = pd.MultiIndex.from_frame(best_runs(runs, by)[LINE])
    none = best[~pd.MultiIndex.from_frame(best[LINE]).isin(evaluated)]
    rows = [
        {**{name: line[name] for name in [*LINE, *NAMES]}, "ended": endings(of_line(found, line))}
        for line in none.to_dict("records")
    ]
    return pd.DataFrame(rows, columns=[*LINE, *NAMES, "ended"])


def of_line(runs: pd.DataFrame, line: Mapping[Any, Any] | pd.Series[Any]) -> pd.DataFrame:
    """The runs of a line, given by one of its rows."""
    problem, own = LINE
    found: pd.DataFrame = runs[(runs[problem] == line[problem]) & (runs[own] == line[own])]
    return found


def endings(runs: pd.DataFrame) -> str:
    """Number of runs by status, as text, without those that used up their budget."""
    return ", ".join(f"{n} {status}" for status, n in runs["status"].value_counts().items() if status != "budget")
