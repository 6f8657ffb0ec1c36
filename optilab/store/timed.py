"""When each run first reached a target, as a column of `runs`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from optilab.records.columns import TIME_TO_TARGET, as_costs

if TYPE_CHECKING:
    import pandas as pd


def timed(runs: pd.DataFrame, history: pd.DataFrame, measure: str, target: float) -> pd.DataFrame:
    """The runs with the column time_to_target: the epoch (where there are none, the step) of the first measurement as good as the target.

    It is infinite where there was none. target: a value of `measure`, a column of the history.
    """
    if measure not in history:
        return runs.assign(**{TIME_TO_TARGET: np.inf})
    reached = as_costs(measure, history[measure]) <= as_costs(measure, target)
    times = history["epoch"].fillna(history["step"])[reached].groupby(history["run_id"][reached]).min()
    return runs.assign(**{TIME_TO_TARGET: runs["run_id"].map(times).astype(float).fillna(np.inf)})
