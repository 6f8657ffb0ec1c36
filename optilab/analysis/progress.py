"""Progress: how many of a problem's targets a run has reached, so that problems with costs of other sizes can be joined."""

from __future__ import annotations

import numpy as np
import pandas as pd

from optilab.analysis.targets import log_targets
from optilab.records.columns import as_costs


def target_counts(
    history: pd.DataFrame, problems: pd.Series[str], measure: str, by: str = "epoch", count: int = 50
) -> pd.DataFrame:
    """For each measurement the number of its problem's targets that its value has reached, from 0 to `count`.

    The targets of a problem are its own, in equal steps of the logarithm from where runs begin to the best value of all
    (`optilab.analysis.log_targets`). A problem on which no value is better than the first ones has one target, which counts as all of them. Of the
    result `optilab.analysis.ecdf` takes the targets 1 to `count`, of all problems together.

    history: optilab's table. problems: the problem of each run, by run_id; rows of other runs are left out. measure, by: columns
    of the history. count: number of targets, >= 1.

    Returns run_id, `by`, and reached (a number of targets, 0 where the value is missing or infinite).

    Raises InputError as `log_targets` does.

    >>> history = pd.DataFrame({"run_id": "r", "step": [0, 1, 2], "train_cost": [10.0, 1.0, 0.1]})
    >>> target_counts(history, pd.Series({"r": "bowl"}), "train_cost", "step", 3)["reached"].tolist()
    [1.0, 2.0, 3.0]
    """
    problem = history["run_id"].map(problems)
    found = []
    for _, own in history[problem.notna()].groupby(problem, sort=False):
        targets = log_targets(own, measure, count, by)
        values = own[measure].to_numpy(np.float64)
        costs = np.where(np.isfinite(values), as_costs(measure, values), np.inf)
        reached = np.searchsorted(as_costs(measure, -targets), -costs, "right").astype(np.float64)
        found.append(own[["run_id", by]].assign(reached=reached * (count / len(targets))))
    return pd.concat(found) if found else pd.DataFrame(columns=["run_id", by, "reached"])
