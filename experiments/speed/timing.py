"""Contestants that do the same work in turn, round after round in one process; their times, and ratios round by round.

What takes a millisecond or two is done again and again in a round: once, it would mostly be the first touch of what the others left of the
caches.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

PATIENCE = 10.0  # seconds of a round, above which a contestant takes part in a few rounds only
FEW = 3
AT_LEAST = 0.1  # seconds that a contestant has in a round


@dataclass(frozen=True)
class Done:
    """One attempt: CPU seconds of a run, and a function that computes the costs at which the runs ended."""

    seconds: float
    costs: Callable[[], Sequence[float]]


Attempt = Callable[[], Done]


class UnequalWorkError(Exception):
    """A contestant ended at another cost, and so did other work."""


def timed(function: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds of a call in this process, and what it returned."""
    begin = time.process_time()
    result = function()
    return time.process_time() - begin, result


def repeated(attempt: Attempt, at_least: float = AT_LEAST) -> float:
    """The median seconds of an attempt, made as often as begins within so many seconds, at least once."""
    begin = time.perf_counter()
    found = [attempt().seconds]
    while time.perf_counter() - begin < at_least:
        found.append(attempt().seconds)
    return float(np.median(found))


def interleaved(
    attempts: dict[str, Attempt], rounds: int, patience: float = PATIENCE, at_least: float = AT_LEAST
) -> dict[str, list[float]]:
    """Seconds of each contestant in each round, as `repeated` has them. Each begins a round in turn, so that none has the same neighbour in all.

    A contestant that takes longer than `patience` takes part in the first three rounds only.
    """
    names = list(attempts)
    times: dict[str, list[float]] = {name: [] for name in names}
    spent: dict[str, float] = {}
    for turn in range(rounds):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            if turn >= FEW and spent[name] > patience:
                continue
            begin = time.perf_counter()
            times[name].append(repeated(attempts[name], at_least))
            spent[name] = time.perf_counter() - begin
    return times


def ratios(times: Sequence[float], base: Sequence[float]) -> list[float]:
    """How many times as long as the base each round took, over the rounds that both took part in."""
    return [one / other for one, other in zip(times, base, strict=False)]


def same_work(costs: dict[str, Sequence[float]], tolerance: float) -> None:
    """UnequalWorkError if a contestant's costs differ from the first's by more than `tolerance`, relatively."""
    first, *others = costs
    expected = np.asarray(costs[first], float)
    for name in others:
        found = np.asarray(costs[name], float)
        apart = np.abs(found / expected - 1).max() if found.shape == expected.shape else np.inf
        if not apart <= tolerance:
            raise UnequalWorkError(f"{name} ends at cost {costs[name]}, {first} at {costs[first]}")


@dataclass(frozen=True)
class Spread:
    """Median of some values, the lowest and the highest."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """The spread of values; nan of none."""
        if not len(values):
            return cls(np.nan, np.nan, np.nan)
        return cls(float(np.median(values)), float(min(values)), float(max(values)))

    def text(self, unit: str = "") -> str:
        """As "2.31x [2.25, 2.40]"."""
        if np.isnan(self.median):
            return "-"
        return f"{short(self.median)}{unit} [{short(self.low)}, {short(self.high)}]"


def short(value: float) -> str:
    """A number with three significant digits and no exponent."""
    if value == 0 or not np.isfinite(value):
        return f"{value:g}"
    digits = max(0, 2 - int(np.floor(np.log10(abs(value)))))
    return f"{value:,.{digits}f}"
