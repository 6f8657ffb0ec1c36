"""A score of each method on each problem: what comparisons over many problems begin with."""

from __future__ import annotations

import numpy as np
import pandas as pd

from optilab.analysis.censoring import median_time


def median_scores(values: pd.DataFrame) -> pd.DataFrame:
    """The median over seeds of each method on each problem.

    values: a row a run, with problem, label and value, of which the lowest is best; infinite for a run that did not last.

    Returns a table with a row a problem and a column a method, in the order of their names; NaN where a method has no run.

    >>> values = pd.DataFrame({"problem": ["p", "p", "q"], "label": ["a", "a", "a"], "value": [1.0, 2.0, float("inf")]})
    >>> median_scores(values)["a"].to_dict()
    {'p': 1.5, 'q': inf}
    """
    return values.groupby(["problem", "label"])["value"].median().unstack()


def median_times(times: pd.DataFrame) -> pd.DataFrame:
    """The median time to the target of each method on each problem (Kaplan and Meier's, `optilab.analysis.median_time`).

    times: a row a run, with problem, label, time and reached. Returns a table as `median_scores` does; infinite where the target was
    reached too rarely to know the median.

    >>> times = pd.DataFrame({"problem": "p", "label": ["a", "a", "b"], "time": [3.0, 9, 9], "reached": [True, False, False]})
    >>> median_times(times).to_dict("list")
    {'a': [3.0], 'b': [inf]}
    """
    keys = ["problem", "label"]
    found = {key: median_time(own["time"], own["reached"]).estimate for key, own in times.groupby(keys)}
    return pd.Series(found, dtype=np.float64).rename_axis(keys).unstack()


def everywhere(scores: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The methods that have a score on every problem, and the names of the others.

    >>> everywhere(pd.DataFrame({"a": [1.0, 2.0], "b": [1.0, float("nan")]}))[1]
    ['b']
    """
    missing = scores.isna().any()
    return scores.loc[:, ~missing], [str(name) for name in scores.columns[missing]]
