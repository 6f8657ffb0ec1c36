"""Trials of tuning: how good each set of hyperparameters was that was tried."""

from __future__ import annotations

import pandas as pd

from optilab.analysis.cells import LINE, NAMES, cell_numbers, identified, tried
from optilab.records.columns import as_costs
from optilab.records.measures import measure_behind
from optilab.records.statuses import cost_or_infinity


def trial_values(runs: pd.DataFrame, by: str) -> pd.DataFrame:
    """The median over seeds of each cell that was tried; a run that did not last counts as infinitely bad.

    runs: optilab's table. The runs of tuning count where there are any, else those of evaluation. by: a final or best value, a column of `runs`.

    Returns LINE, NAMES and value (in the unit of `by`; an accuracy that is infinitely bad is -inf), a row a cell, in the order of `runs`.

    >>> runs = pd.DataFrame({"lr": [0.1, 0.1, 0.2], "seed": [0, 1, 0], "status": ["budget", "budget", "diverged"]})
    >>> runs = runs.assign(problem="p", label="ours", optimizer="o", schedule="constant", batch_size=32, role="tuning")
    >>> trial_values(runs.assign(final_train_cost=[3.0, 4.0, 9.0]), "final_train_cost")["value"].tolist()
    [3.5, inf]
    """
    found = tried(identified(runs))
    measure = measure_behind(by)
    number = cell_numbers(found)
    costs = pd.Series(cost_or_infinity(as_costs(measure, found[by]), found["status"]), found.index)
    middles = costs.groupby(number).median()
    cells = found.loc[~number.duplicated(), [*LINE, *NAMES]]
    return cells.assign(value=as_costs(measure, middles)).reset_index(drop=True)
