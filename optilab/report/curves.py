"""What the page's interactive picture draws: medians with bands, and each seed, of the best cell of every line."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from optilab.analysis.aligned import Aligned
from optilab.analysis.best import best_runs
from optilab.analysis.cells import LINE, identified
from optilab.analysis.length import bound_to_length
from optilab.analysis.measured import first_measured
from optilab.records.columns import X, Y, as_costs, in_words, is_linear, summarized
from optilab.records.histories import history_of
from optilab.records.measures import direction
from optilab.records.question import Question
from optilab.store import Results
from optilab.texts import printable

_DIGITS = 5  # of a median: more than a picture shows, and as many as a table should have
_LINES = 200  # that are drawn, the best ones of each problem
# Numbers of all medians and bands together, and points of all seeds, so that a thousand runs stay below a megabyte.
_NUMBERS, _OF_SEEDS = 45_000, 70_000
_POINTS, _FEWEST, _FEWEST_OF_SEEDS = 200, 25, 12  # of a line at most, at least; of a seed at least
_LARGEST = 65_534  # of a coded value; the next stands for what is not finite


@dataclass(frozen=True)
class Curves:
    """Curves for the page's script.

    lines: for each line problem, label, n (runs), count (measurements), bound (whether its schedule depends on the length of the run, so
    that only its end is a result), by column of the history x (the number of its `places`) and y
    ([median, low, high], with None for what is not finite), and seeds (its runs, coded, with a value for each of the measures).
    places: where lines are measured; many share them. measures, axes: names of the columns that there are.
    """

    lines: list[dict[str, Any]]
    places: list[list[float | None]]
    measures: list[dict[str, Any]]
    axes: list[dict[str, str]]
    left: int = 0


def curves(results: Results, question: Question) -> Curves:
    """The curves of results: every measure that was taken, over every axis."""
    runs = identified(results.runs)
    every = best_runs(runs, question.chosen_by)
    best = _drawn(every, question)
    history = history_of(results.history, best["run_id"])
    known = [*Y, *(name for name in summarized(map(str, runs)) if name not in Y)]
    measures = [name for name in known if name in history and history[name].notna().any()]
    axes = [name for name in X if name in history and history[name].notna().any()]
    if best.empty or not measures or not axes:
        return Curves([], [], [], [])
    aligned = Aligned.of(history, best)
    positions = {name: aligned.positions(name) for name in axes}
    rising = {name: bool(direction(named(name, question))) for name in measures}
    drawn = {name: aligned.bands(axes[0], name, lowest=not rising[name]) for name in measures}
    values = {name: history[name].to_numpy(np.float64) for name in measures}
    most = min(_POINTS, max(_FEWEST, _NUMBERS // (3 * len(aligned.lines) * len(measures))))
    each = max(_FEWEST_OF_SEEDS, _OF_SEEDS // (len(best) * len(measures)))
    bound = set(bound_to_length(best))
    found: list[dict[str, Any]] = []
    places: dict[tuple[float | None, ...], int] = {}
    start = 0
    for k, own in enumerate(aligned.lines):
        count = len(positions[axes[0]][k])
        kept = _thinned(count, most)
        first = aligned.runs.iloc[own[0]]
        found.append(
            {
                "problem": printable(str(first["problem"])),
                "label": printable(str(first["label"])),
                "count": count,
                "n": len(own),
                "bound": str(first["label"]) in bound,
                "x": {name: places.setdefault(_numbers(at[k][kept]), len(places)) for name, at in positions.items()},
                "y": {
                    name: [_numbers(table[column].to_numpy()[start + kept]) for column in ("median", "low", "high")]
                    for name, table in drawn.items()
                },
                "seeds": [_seed(aligned, run, values, each) for run in own if len(aligned.rows(run))],
            }
        )
        start += count
    about = [
        {
            "key": name,
            "name": in_words(name),
            "log": not is_linear(named(name, question)),
            "share": name.endswith("accuracy"),
            "rises": rising[name],
            "falls": name.endswith(("cost", "loss", "error", "accuracy")),  # as it is drawn
        }
        for name in measures
    ]
    left = every.groupby(LINE).ngroups - best.groupby(LINE).ngroups
    named_axes = [{"key": name, "name": in_words(name)} for name in axes]
    return Curves(found, [list(one) for one in places], about, named_axes, left)


def named(measure: str, question: Question) -> str:
    """A measure with what is known of its direction, where the question says it."""
    return question.measure if question.measure == measure else measure


def _drawn(best: pd.DataFrame, question: Question) -> pd.DataFrame:
    """The runs of the lines that are drawn: those with the best medians on each problem, as many of each, where there are very many."""
    if best.groupby(LINE).ngroups <= _LINES:
        return best
    measure = question.measure or first_measured(best)
    costs = pd.Series(as_costs(measure, best[f"final_{measure}"]), best.index)
    ends = costs.fillna(np.inf).groupby([best[name] for name in LINE]).median().sort_values(kind="stable")
    places = (
        ends.groupby(level="problem_id").cumcount().sort_values(kind="stable")
    )  # costs of two problems don't compare
    return best[pd.MultiIndex.from_frame(best[LINE]).isin(places.index[:_LINES])]


def _seed(aligned: Aligned, run: int, values: Mapping[str, NDArray[np.float64]], most: int) -> dict[str, Any]:
    rows = aligned.rows(run)
    kept = rows[_thinned(len(rows), most)]
    return {
        "seed": int(aligned.runs["seed"].to_numpy()[run]),
        "status": str(aligned.runs["status"].iat[run]),
        "of": len(rows),
        "y": [coded(column[kept]) for column in values.values()],
    }


def _thinned(count: int, most: int) -> NDArray[np.intp]:
    """Numbers of at most `most` of `count` measurements, evenly spaced, with the first and the last."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round()).astype(np.intp)


def _numbers(values: NDArray[np.float64]) -> tuple[float | None, ...]:
    """Values with few digits; None for what is not finite."""
    return tuple(float(f"{value:.{_DIGITS}g}") if np.isfinite(value) else None for value in values.tolist())


def coded(values: NDArray[np.float64]) -> list[Any]:
    """Values as [low, high, logarithmic, base64 of little-endian uint16]: 0 stands for low, 65534 for high, 65535 for not finite.

    Positive values that differ by more than a factor of a hundred are coded by their logarithms, so that each is exact to 0.1 % over 28
    powers of ten.
    """
    finite = np.isfinite(values)
    if not finite.any():
        return [0, 0, 0, _base64(np.full(len(values), _LARGEST + 1))]
    low, high = (float(f"{value:.6g}") for value in (values[finite].min(), values[finite].max()))
    values = np.clip(values, low, high)  # ends are written with few digits
    log = low > 0 and high > 100 * low
    scaled = np.log(np.where(finite, values, low)) if log else np.where(finite, values, low)
    bottom, top = (np.log(low), np.log(high)) if log else (low, high)
    with np.errstate(over="ignore"):
        span = top - bottom
    share = (scaled - bottom) / span if 0 < span < np.inf else np.zeros(len(values))
    return [low, high, int(log), _base64(np.where(finite, np.rint(share * _LARGEST), _LARGEST + 1))]


def _base64(values: NDArray[Any]) -> str:
    return base64.b64encode(values.astype("<u2").tobytes()).decode("ascii")
