"""By which measure runs are compared, where nobody says so, and their values as they are compared and as pictures show them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from optilab.analysis.intervals import interval
from optilab.records.columns import as_costs, summarized
from optilab.records.shown import Shown
from optilab.records.statuses import cost_or_infinity

_BY_DEFAULT = ("test_accuracy", "test_cost", "valid_accuracy", "valid_cost", "train_cost")


def first_measured(runs: pd.DataFrame) -> str:
    """The first measure of which all problems have final values: test accuracy, test cost, validation's, training cost, or another.

    runs: a row a run, with the columns problem and final_... of measures.

    >>> first_measured(pd.DataFrame({"problem": "p", "final_test_cost": [0.5], "final_train_cost": [0.4]}))
    'test_cost'
    """
    known = [name for name in _BY_DEFAULT if f"final_{name}" in runs and _is_known(runs, name)]
    others = [*summarized(map(str, runs)), *(str(n)[6:] for n in runs if str(n).startswith("final_"))]
    return next((name for name in [*known, *others] if _is_known(runs, name)), "train_cost")


def _is_known(runs: pd.DataFrame, measure: str) -> bool:
    there = runs[f"final_{measure}"].notna()
    problems = runs["problem"].dropna()
    return bool(there.all()) or set(problems) == set(problems[there])


def as_compared(runs: pd.DataFrame, measure: str, column: str) -> pd.Series[float]:
    """The values of runs by seed, as they are compared: where statuses are told, a run that did not last is infinitely bad.

    column: of `runs`, the final or best value of the measure.

    >>> runs = pd.DataFrame({"seed": [3, 4], "status": ["budget", "diverged"], "final_test_accuracy": [0.5, 0.75]})
    >>> as_compared(runs, "test_accuracy", "final_test_accuracy").to_dict()
    {3: 0.5, 4: -inf}
    """
    found = pd.Series(runs[column].to_numpy(np.float64), pd.Index(runs["seed"].to_numpy()))
    if "status" not in runs:
        return found
    costs = cost_or_infinity(as_costs(measure, found), runs["status"])
    return pd.Series(as_costs(measure, costs), found.index)  # the sign changes back


def final_values(runs: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Final values of runs as `Shown` shows them; one that did not last, or whose value is not finite, is infinite.

    runs: a row a run, with the columns problem, label, seed, status and final_{measure}.

    Returns problem, label, seed, status and value, in the order of `runs`.

    >>> runs = pd.DataFrame({"problem": "p", "label": "ours", "seed": [0, 1], "status": ["budget", "diverged"]})
    >>> final_values(runs.assign(final_test_accuracy=[0.75, 0.5]), "test_accuracy")["value"].tolist()
    [25.0, inf]
    >>> runs = pd.DataFrame({"problem": "p", "label": "a", "seed": [0, 1], "status": ["budget", "diverged"], "final_score": [3.0, 4.0]})
    >>> final_values(runs, "score")["value"].tolist()
    [-3.0, inf]
    """
    costs = cost_or_infinity(as_costs(measure, runs[f"final_{measure}"]), runs["status"])
    values = Shown.of(measure).values(as_costs(measure, costs))
    return runs[["problem", "label", "seed", "status"]].assign(value=values)


def medians(values: pd.DataFrame, confidence: float = 0.95) -> pd.DataFrame:
    """The median of each method on each problem with its exact interval of order statistics, the best first.

    values: a row a run, with the columns problem, label and value, of which the lowest is best. confidence: of the interval.

    Returns problem, label, median, low, high (NaN where the runs are too few for an exact interval, 6 at 95%), n (number of runs) and lost
    (those that are infinite); problems in their order, and on each the lowest median first, then the lowest mean of finite values,
    then by name.

    >>> table = pd.DataFrame({"problem": "p", "label": ["a"] * 6, "value": [3.0, 1, 4, 1, 5, float("inf")]})
    >>> medians(table).to_dict("list")
    {'problem': ['p'], 'label': ['a'], 'median': [3.5], 'low': [1.0], 'high': [inf], 'n': [6], 'lost': [1]}
    """
    rows = []
    for problem, there in values.groupby("problem", sort=False):
        found = []
        for label, group in there.groupby("label"):
            own = group["value"].to_numpy(np.float64)
            middle = interval(own, "median", confidence)
            exact = middle.method == "order"
            ends = (middle.low, middle.high) if exact else (np.nan, np.nan)
            finite = own[np.isfinite(own)]
            mean = float(np.sort(finite).mean()) if len(finite) else np.inf
            found.append((mean, (problem, label, middle.estimate, *ends, len(own), len(own) - len(finite))))
        found.sort(key=lambda row: (row[1][2], row[0], str(row[1][1])))
        rows += [row for _, row in found]
    return pd.DataFrame(rows, columns=["problem", "label", "median", "low", "high", "n", "lost"])
