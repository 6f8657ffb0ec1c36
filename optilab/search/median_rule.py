"""The median stopping rule: prunes runs of a search that do worse than those of earlier generations.

Golovin et al., 2017, "Google Vizier: A Service for Black-Box Optimization", section 3.2.1; the lowest cost of a run up to a step
is compared with the median, over the runs before it, of the costs at that step, as Optuna's MedianPruner does. The runs before it are
those of earlier generations, so that it doesn't matter which of the runs under way are faster.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optilab.records.columns import ASCENDING, COLUMNS, as_costs

ENOUGH = 5  # runs that a median is taken of, as in Optuna
Costs = dict[int, float]  # of one run: the measure, as a cost, at each step at which it was measured, in order


@dataclass(frozen=True)
class Limits:
    """Cost limits above which a run is pruned.

    measure: a column of the history. at: the limit at each step. runs: number of runs whose median it is.
    """

    measure: str
    at: Costs
    runs: int

    def first_beyond(self, costs: Costs) -> int | None:
        """The step after which a run with these costs is pruned, or None."""
        watch = Watch(self)
        return next((step for step, cost in costs.items() if not watch.goes_on(step, cost)), None)

    def as_json(self) -> dict[str, Any]:
        """The limits as values that JSON can hold."""
        return {"measure": self.measure, "steps": list(self.at), "costs": list(self.at.values()), "runs": self.runs}

    @classmethod
    def of_json(cls, content: Mapping[str, Any]) -> Limits:
        """Inverse of `as_json`."""
        return cls(content["measure"], dict(zip(content["steps"], content["costs"], strict=True)), content["runs"])


def limits_of(measure: str, before: Sequence[Costs], after: float) -> Limits | None:
    """Limits from earlier runs; None if they are fewer than five. A run that ended early keeps its last cost.

    after: share of the longest run's steps before the first limit, in [0, 1).
    """
    if len(before) < ENOUGH:
        return None
    steps = sorted({step for costs in before for step in costs})
    at = {}
    for step in (s for s in steps if s >= after * steps[-1]):
        reached = [_standing(costs, step) for costs in before]
        known = [cost for cost in reached if cost is not None]
        if len(known) >= ENOUGH:
            at[step] = float(np.median(known))
    return Limits(measure, at, len(before))


def _standing(costs: Costs, step: int) -> float | None:
    """The cost at a step, or at the end of a run that ended before; None if it wasn't measured there."""
    end = next(reversed(costs))
    return costs[end] if step > end else costs.get(step)


class Watch:
    """Compares one run with its limits as it goes."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._lowest = math.inf
        self.reason = ""

    def sees(self, measured: NDArray[np.float64]) -> bool:
        """Whether the run goes on after this row of its history, [column]."""
        measure = self._limits.measure
        return self.goes_on(int(measured[0]), float(as_costs(measure, measured[COLUMNS.index(measure)])))

    def goes_on(self, step: int, cost: float) -> bool:
        """Whether the run goes on after this measurement; if not, `reason` says why."""
        self._lowest = min(self._lowest, cost)
        limit = self._limits.at.get(step, math.inf)
        if self._lowest <= limit:
            return True
        measure, runs = self._limits.measure, self._limits.runs
        best, beyond = ("highest", "below") if measure in ASCENDING else ("lowest", "above")
        values = as_costs(measure, [self._lowest, limit])
        self.reason = (
            f"its {best} {measure} up to there, {values[0]:.4g}, is {beyond} {values[1]:.4g}, the median of "
            f"{runs} runs before it"
        )
        return False


def costs_of(measure: str, steps: Iterable[float], values: ArrayLike) -> Costs:
    """The costs of a run by the values of a measure in its history."""
    return {int(step): float(cost) for step, cost in zip(steps, as_costs(measure, values), strict=True)}
