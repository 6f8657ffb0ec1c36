"""Numbers of pictures of hyperparameters: what each trial came to."""

from __future__ import annotations

import numpy as np
import pandas as pd

from optilab.analysis.best_of_k import tuning_curve
from optilab.analysis.cells import is_number, varying
from optilab.analysis.sensitivity import sensitivity as along
from optilab.analysis.trials import trial_values
from optilab.analysis.two_parameters import matter_most, over_two
from optilab.records.chosen import by_in_words
from optilab.records.columns import in_words
from optilab.records.measures import measure_behind, summary
from optilab.records.shown import Shown
from optilab.report.points import ROWS, Numbers, figures, laid_out, name, ranged, told
from optilab.report.source import Source
from optilab.report.tables import Cell

_COLUMNS = 13  # of a heat map's table


def _as_shown(source: Source) -> tuple[pd.DataFrame, list[str], Shown]:
    """The runs with final values as pictures show them, the numeric hyperparameters that vary, and how the measure is shown."""
    view = source.view
    runs, shown = view.results.runs, Shown.of(view.y)
    column = f"final_{view.y}"
    if column not in runs or runs[column].isna().all():
        return runs, [], shown
    names = [one for one in varying(runs) if is_number(runs, one)]
    return runs.assign(**{column: shown.values(runs[column])}), names, shown


def sensitivity(source: Source) -> list[Numbers]:
    """The final value at each value of each hyperparameter that varies."""
    runs, names, shown = _as_shown(source)
    sign = -1 if shown.flipped else 1
    made = []
    for parameter in names:
        points = along(runs, parameter, source.view.y)
        points = points[points.groupby(["problem", "label"])["x"].transform("nunique") > 1]
        if points.empty:
            continue
        texts = [
            told(sign * middle) + (f" ({n - finite:g} of {n:g} not finite)" if finite < n else "")
            for middle, n, finite in points[["median", "seeds", "finite"]].to_numpy(np.float64).tolist()
        ]
        points = points.assign(text=texts)
        keys = {"label": "method"} | ({"problem": "problem"} if runs["problem"].nunique() > 1 else {})
        what = in_words(parameter) if parameter == "lr" else name(parameter)
        caption = f"Median final {shown.axis} over seeds by {what}, at the best of all other hyperparameters."
        made.append(laid_out(points, keys, what, shown.axis, caption, each=_COLUMNS))
    return made


def heatmap(source: Source) -> list[Numbers]:
    """The final value over two hyperparameters, a table a line and problem."""
    runs, names, shown = _as_shown(source)
    sign = -1 if shown.flipped else 1
    made = []
    for label, own in runs.groupby("label", sort=False):
        vary = [one for one in varying(own) if one in names]
        most = matter_most(own, vary, source.view.y)[:2]
        if len(most) < 2:
            continue
        first, second = (one for one in vary if one in most)
        for problem, cells in over_two(own, first, second, source.view.y).groupby("problem", sort=False):
            where = f" on {name(problem)}" if runs["problem"].nunique() > 1 else ""
            caption = f"{name(label)}{where}: median final {shown.axis} over {name(first)} and {name(second)}."
            made.append(_matrix(cells.assign(median=sign * cells["median"]), first, second, caption))
    return made


def _matrix(cells: pd.DataFrame, first: str, second: str, caption: str) -> Numbers:
    """Cells as of `over_two`: a column a value of the first, a row a value of the second; of sampled ones the best, below each other."""
    values = cells[["x", "y", "median"]].to_numpy(np.float64).tolist()
    across, up = sorted(set(cells["x"])), sorted(set(cells["y"]))
    if len(across) <= _COLUMNS and len(up) <= ROWS and 2 * len(cells) >= len(across) * len(up):
        there = {(a, b): told(middle) for a, b, middle in values}
        rows = [[told(b), *(Cell(there.get((a, b), ""), class_="number") for a in across)] for b in up]
        return Numbers(caption, [name(second), *(f"{name(first)} {told(a)}" for a in across)], rows)
    caption += f" Shown: the lowest {ROWS} of {len(cells)}." if len(cells) > ROWS else ""
    best = sorted(values, key=lambda row: row[2])[:ROWS]
    listed = [[told(a), figures(b), figures(middle)] for a, b, middle in best]
    return Numbers(caption, [name(first), name(second), "median"], listed)


def tuning(source: Source) -> list[Numbers]:
    """The best of k trials: its median with a band, and its mean."""
    view, question = source.view, source.question
    which = question.chosen_by.partition("_")[0]
    by = question.chosen_by if view.y == "train_cost" else summary(view.y, "best" if which == "best" else "final")
    runs, shown = view.results.runs, Shown.of(measure_behind(by))
    if by not in runs or runs[by].isna().all():
        return []
    trials = trial_values(runs, by)
    trials = trials.assign(value=shown.values(trials["value"]))
    sign = -1 if shown.flipped else 1
    parts = []
    for (problem, label), own in trials.groupby(["problem", "label"], sort=False):
        curve = tuning_curve(own["value"].to_numpy(), confidence=question.confidence)
        curve = curve[curve["k"].isin({*2 ** np.arange(20), len(own)})]
        texts = []
        for middle, mean, low, high in curve[["median", "expected", "low", "high"]].to_numpy(np.float64).tolist():
            ends = (low, high) if max(abs(low), abs(high)) < np.inf else (np.nan, np.nan)
            ends = ends if sign > 0 else (-ends[1], -ends[0])
            texts.append(f"{ranged(sign * middle, *ends)}; mean {told(sign * mean)}")
        named = {"problem": problem, "label": label, "end": curve["median"].iloc[-1]}
        parts.append(pd.DataFrame({**named, "x": curve["k"], "text": texts}))
    if not parts:
        return []
    points = pd.concat(parts, ignore_index=True)
    points["_problem"] = points["problem"].map({p: k for k, p in enumerate(dict.fromkeys(points["problem"]))})
    points = points.sort_values(["_problem", "end", "label", "x"], kind="stable")
    keys = {"label": "method"} | ({"problem": "problem"} if points["problem"].nunique() > 1 else {})
    caption = f"The best of k trials, by {by_in_words(by)}{' (error in %)' if shown.unit else ''}: the median"
    caption += f" ({100 * question.confidence:g} % band where trials are enough for one), and the mean."
    return [laid_out(points, keys, "k =", shown.axis, caption, each=12)]
