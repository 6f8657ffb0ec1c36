"""Histories of many runs, matched by the number of the measurement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from optilab.analysis.cells import LINE, NAMES, identified
from optilab.records.histories import run_numbers
from optilab.records.measures import direction
from optilab.records.statuses import LASTED

_ENORMOUS = 1e300  # stands in for infinity while quantiles are interpolated


@dataclass(frozen=True, eq=False)
class Aligned:
    """The histories of the runs of some lines, found once for as many columns as are wanted.

    runs: a row a run. history: the table. order: numbers of the rows of history, run by run. bounds: where those of each run begin, and
    where the last ends. lines: for each line that was measured, in the order of its first measurement, the numbers of its runs.
    """

    runs: pd.DataFrame
    history: pd.DataFrame
    order: NDArray[np.intp]
    bounds: NDArray[np.intp]
    lines: list[NDArray[np.intp]]

    @classmethod
    def of(cls, history: pd.DataFrame, runs: pd.DataFrame) -> Aligned:
        """The histories of these runs, in the order of their rows.

        >>> runs = pd.DataFrame({"problem": "p", "label": "ours", "run_id": ["r", "s"], "status": "budget"})
        >>> history = pd.DataFrame({"run_id": ["s", "r", "s"], "step": [0, 0, 5]})
        >>> Aligned.of(history, runs).rows(1).tolist()
        [0, 2]
        """
        runs = identified(runs)
        runs = runs[~runs["run_id"].duplicated()]
        of_run = run_numbers(history["run_id"], runs["run_id"])
        order = np.argsort(of_run, kind="stable")
        order = order[np.searchsorted(of_run[order], 0) :]  # without the rows of other runs
        bounds = np.searchsorted(of_run[order], np.arange(len(runs) + 1))
        counts, lasted = np.diff(bounds), runs["status"].isin(LASTED).to_numpy()
        first = np.full(len(runs), len(history))
        first[counts > 0] = order[bounds[:-1][counts > 0]]
        keys = [runs[name] for name in LINE]
        place = pd.Series(first, runs.index).groupby(keys, sort=False).transform("min").to_numpy()
        numbers = pd.Series(np.arange(len(runs)), runs.index).iloc[np.argsort(place, kind="stable")]
        lines = (group.to_numpy() for _, group in numbers.groupby(keys, sort=False))
        lines = (own[(counts[own] > 0) | ~lasted[own]] for own in lines)  # a run that lasted has a history
        return cls(runs, history, order, bounds, [own for own in lines if counts[own].any()])

    def rows(self, run: int) -> NDArray[np.intp]:
        """The numbers of the rows of history of the run of a number."""
        return self.order[self.bounds[run] : self.bounds[run + 1]]

    def positions(self, x: str) -> list[NDArray[np.float64]]:
        """For each line the median of a column over its runs, at each measurement."""
        return [_medians(places) for places in self._tables(x, np.nan, last=False)]

    def bands(self, x: str, y: str, *, lowest: bool | None = None) -> pd.DataFrame:
        """The median and quartiles of `y` for each line at each measurement; see `analysis.curves.bands`."""
        ascending = direction(y) if lowest is None else not lowest
        tables = self._tables(y, -np.inf if ascending else np.inf, last=True)
        values = [
            np.column_stack([places, *quantiles(table, [0.5, 0.25, 0.75]), np.isfinite(table).sum(axis=1)])
            for places, table in zip(self.positions(x), tables, strict=True)
        ]
        lengths = [len(found) for found in values]
        texts = {
            name: np.repeat(np.array([self.runs[name].iat[own[0]] for own in self.lines], object), lengths)
            for name in (*NAMES, *LINE)
        }
        seeds = np.repeat(np.array([len(own) for own in self.lines], np.int64), lengths)
        every = np.concatenate(values) if values else np.empty((0, 5))
        numbers = dict(zip(("x", "median", "low", "high"), every.T, strict=False))
        table = pd.DataFrame({**texts, **numbers, "seeds": seeds, "finite": every[:, 4].astype(np.int64)})
        return table.astype(dict.fromkeys((*NAMES, *LINE), "str"))

    def _tables(self, name: str, missing: float, *, last: bool) -> list[NDArray[np.float64]]:
        """For each line a column, one row a measurement, one column a run.

        missing: stands for values that aren't finite, and for those after the end of a run; with `last`, a run that lasted stays at its
        last value.
        """
        values = self.history[name].to_numpy(np.float64)[self.order]
        values = np.where(np.isfinite(values), values, missing)
        counts, lasted = np.diff(self.bounds), self.runs["status"].isin(LASTED).to_numpy()
        found: list[Any] = []
        for own in self.lines:
            table = np.full((int(counts[own].max()), len(own)), missing)
            for column, run in enumerate(own):
                count = counts[run]
                table[:count, column] = values[self.bounds[run] : self.bounds[run + 1]]
                if last and lasted[run]:
                    table[count:, column] = table[count - 1, column]
            found.append(table)
        return found


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
