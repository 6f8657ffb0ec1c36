"""Learning curves: histories of many seeds as a median with a band."""

from __future__ import annotations

import numpy as np
import pandas as pd

from optilab.analysis.aligned import Aligned
from optilab.analysis.cells import LINE, identified


def bands(history: pd.DataFrame, runs: pd.DataFrame, x: str, y: str, *, lowest: bool | None = None) -> pd.DataFrame:
    """Median and quartiles of `y` over seeds, for each line at each measurement.

    Seeds are matched by the number of the measurement, and stand at their median `x`. A run that did not
    last counts as infinitely bad from its end on, and is not left out: as infinite, or as minus infinity where the highest value
    is the best. A run that lasted but ended before the others stays at its last value.

    lowest: whether the lowest value is the best; None for what the name of `y` says.

    Returns problem, label, their identities, x, median, low, high (quartiles), seeds, finite (how many of them still are).

    >>> runs = pd.DataFrame({"problem": "p", "label": "ours", "run_id": ["r", "s"], "status": "budget"})
    >>> history = pd.DataFrame({"run_id": ["r", "r", "s", "s"], "step": [0, 5, 0, 5], "train_cost": [4.0, 1.0, 6.0, 2.0]})
    >>> bands(history, runs, "step", "train_cost")[["x", "median", "low", "high", "seeds"]].values.tolist()
    [[0.0, 5.0, 4.5, 5.5, 2.0], [5.0, 1.5, 1.25, 1.75, 2.0]]
    """
    return Aligned.of(history, runs).bands(x, y, lowest=lowest)


def ranked(lines: pd.DataFrame) -> list[str]:
    """Labels by the last median of their line, lowest first; over several problems by mean rank.

    A line that is missing on a problem ranks last there.

    >>> lines = pd.DataFrame({"problem": "p", "label": ["a", "a", "b"], "median": [9.0, 2.0, 1.0]})
    >>> ranked(lines)
    ['b', 'a']
    """
    lines = identified(lines)
    ends = lines.groupby(LINE, sort=False)["median"].last().unstack(0).fillna(np.inf)
    order = ends.rank().mean(axis=1).sort_values(kind="stable").index
    labels = lines.drop_duplicates("line_id").set_index("line_id")["label"]
    return [str(labels[line]) for line in order]
