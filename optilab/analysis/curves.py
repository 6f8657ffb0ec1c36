"""Learning curves: histories of many seeds as a median with a band."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from optilab.analysis.cells import LINE, NAMES, identified
from optilab.records.measures import direction
from optilab.records.statuses import LASTED

_ENORMOUS = 1e300  # stands in for infinity while quantiles are interpolated


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
    runs = identified(runs)
    runs = runs[~runs["run_id"].duplicated()]
    of_run = pd.Index(runs["run_id"]).get_indexer(pd.Index(history["run_id"]))
    order = np.argsort(of_run, kind="stable")
    order = order[np.searchsorted(of_run[order], 0) :]  # without the rows of other runs
    bounds = np.searchsorted(of_run[order], np.arange(len(runs) + 1))
    at, values = (history[name].to_numpy(np.float64)[order] for name in (x, y))
    ascending = direction(y) if lowest is None else not lowest
    bad = -np.inf if ascending else np.inf
    values = np.where(np.isfinite(values), values, bad)
    lasted = runs["status"].isin(LASTED).to_numpy()
    counts = np.diff(bounds)
    lines = []
    # in the order of their first measurement in the history
    first = np.full(len(runs), len(history))
    first[counts > 0] = order[bounds[:-1][counts > 0]]
    place = pd.Series(first, runs.index).groupby([runs[name] for name in LINE], sort=False).transform("min")
    numbers = pd.Series(np.arange(len(runs)), runs.index).iloc[np.argsort(place.to_numpy(), kind="stable")]
    for (problem, line_id), of_line in numbers.groupby([runs[name] for name in LINE], sort=False):
        own = of_line.to_numpy()
        own = own[(counts[own] > 0) | ~lasted[own]]  # one that lasted has a history
        rows = int(counts[own].max(initial=0))
        if not rows:
            continue
        table, places = np.full((rows, len(own)), bad), np.full((rows, len(own)), np.nan)
        for column, run in enumerate(own):
            count, part = counts[run], slice(bounds[run], bounds[run + 1])
            table[:count, column], places[:count, column] = values[part], at[part]
            if lasted[run]:
                table[count:, column] = table[count - 1, column]
        lines.append(
            (
                {name: runs[name].iat[own[0]] for name in NAMES}
                | dict(zip(LINE, (problem, line_id), strict=True))
                | {"seeds": len(own)},
                np.column_stack(
                    [_medians(places), *quantiles(table, [0.5, 0.25, 0.75]), np.isfinite(table).sum(axis=1)]
                ),
            )
        )
    return _table(lines)


def _table(lines: list[tuple[dict[str, Any], NDArray[np.float64]]]) -> pd.DataFrame:
    """One table of all lines, from what each is called and the columns of its values."""
    lengths = [len(values) for _, values in lines]
    texts = {name: np.repeat(np.array([line[name] for line, _ in lines], object), lengths) for name in (*NAMES, *LINE)}
    seeds = np.repeat(np.array([line["seeds"] for line, _ in lines], np.int64), lengths)
    values = np.concatenate([found for _, found in lines]) if lines else np.empty((0, 5))
    numbers = dict(zip(("x", "median", "low", "high"), values.T, strict=False))
    table = pd.DataFrame({**texts, **numbers, "seeds": seeds, "finite": values[:, 4].astype(np.int64)})
    return table.astype(dict.fromkeys((*NAMES, *LINE), "str"))


def _medians(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Medians along the rows; NaN is left out. (NumPy's nanmedian takes a Python step a row.)"""
    count = np.isfinite(values).sum(axis=1)
    ordered, row = np.sort(values, axis=1), np.arange(len(values))  # NaN comes last
    lower, upper = (
        ordered[row, np.maximum(count - 1, 0) // 2],
        ordered[row, np.minimum(count // 2, values.shape[1] - 1)],
    )
    found: NDArray[np.float64] = (lower + upper) / 2
    return found


def quantiles(values: NDArray[np.float64], levels: list[float]) -> NDArray[np.float64]:
    """Quantiles along the rows; infinities are the largest and the smallest value, NaN is left out.

    >>> quantiles(np.array([[1.0, 2.0, np.inf]]), [0.5, 1.0]).tolist()
    [[2.0], [inf]]
    """
    filled = np.clip(values, -_ENORMOUS, _ENORMOUS)
    with_gaps = bool(np.isnan(filled).any())
    found: NDArray[np.float64] = (np.nanquantile if with_gaps else np.quantile)(filled, levels, axis=1)
    return np.where(np.abs(found) > _ENORMOUS / 1e6, np.copysign(np.inf, found), found)


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
