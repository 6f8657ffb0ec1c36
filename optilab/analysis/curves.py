"""Learning curves: histories of many seeds as a median with a band."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from optilab.analysis.cells import LINE, NAMES, identified
from optilab.records.statuses import LASTED

_ENORMOUS = 1e300  # stands in for infinity while quantiles are interpolated


def bands(history: pd.DataFrame, runs: pd.DataFrame, x: str, y: str) -> pd.DataFrame:
    """Median and quartiles of `y` over seeds, for each line at each measurement.

    Seeds are matched by the number of the measurement, and stand at their median `x`. A run that did not
    last counts as infinite from its end on: it raises the median, and is not left out. A run that lasted but ended before the
    others stays at its last value.

    Returns problem, label, their identities, x, median, low, high (quartiles), seeds, finite (how many of them still are).
    """
    runs = identified(runs)
    columns = list(dict.fromkeys(["run_id", x, y]))
    rows = history[columns].merge(runs[["run_id", *LINE, *NAMES, "status"]], on="run_id")
    rows = rows.assign(measurement=rows.groupby("run_id").cumcount())
    rows["y"] = rows[y].where(np.isfinite(rows[y]), np.inf)
    lines = []
    for (problem, line_id), line in rows.groupby(LINE, sort=False):
        values = line.pivot_table(index="measurement", columns="run_id", values="y", dropna=False)
        own = runs[(runs["problem_id"] == problem) & (runs["line_id"] == line_id) & ~runs["status"].isin(LASTED)]
        for run in set(own["run_id"]) - set(values.columns):
            values[run] = np.inf
        positions = line.groupby("measurement")[x].median()
        lasted = line.groupby("run_id")["status"].first().isin(LASTED).reindex(values.columns, fill_value=False)
        values = values.where(values.notna() | lasted.to_numpy(), np.inf).ffill()
        low, middle, high = quantiles(values.to_numpy(), [0.25, 0.5, 0.75])
        lines.append(
            pd.DataFrame(
                {
                    "problem": line["problem"].iloc[0],
                    "label": line["label"].iloc[0],
                    "problem_id": problem,
                    "line_id": line_id,
                    "x": positions.to_numpy(),
                    "median": middle,
                    "low": low,
                    "high": high,
                    "seeds": values.shape[1],
                    "finite": np.isfinite(values.to_numpy()).sum(axis=1),
                }
            )
        )
    columns = [*NAMES, *LINE, "x", "median", "low", "high", "seeds", "finite"]
    return pd.concat(lines, ignore_index=True) if lines else pd.DataFrame(columns=columns)


def quantiles(values: NDArray[Any], levels: list[float]) -> NDArray[Any]:
    """Quantiles along the rows; infinity is the largest value, NaN is left out."""
    filled = np.where(np.isinf(values), _ENORMOUS, values)
    found = np.nanquantile(filled, levels, axis=1)
    return np.where(found > _ENORMOUS / 1e6, np.inf, found)


def ranked(lines: pd.DataFrame) -> list[str]:
    """Labels by the last median of their line, lowest first; over several problems by mean rank.

    A line that is missing on a problem ranks last there.
    """
    lines = identified(lines)
    ends = lines.groupby(LINE, sort=False)["median"].last().unstack(0).fillna(np.inf)
    order = ends.rank().mean(axis=1).sort_values(kind="stable").index
    labels = lines.drop_duplicates("line_id").set_index("line_id")["label"]
    return [str(labels[line]) for line in order]
