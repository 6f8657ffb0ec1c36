"""Arrival: when runs reach the question's target, by Kaplan and Meier, with those that never do."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from optilab.analysis.censoring import median_time, survival
from optilab.analysis.phrases import Scale
from optilab.analysis.targets import time_to_target
from optilab.figures.compared import Compared
from optilab.figures.facets import FEW, facets
from optilab.figures.view import View
from optilab.plots import style
from optilab.plots.curves import DRAWN
from optilab.records.columns import in_words


def target_of(found: Compared) -> tuple[str, float] | None:
    """The measure and the value to which times are compared: the question's target, or that at which runs ended; None without one."""
    question = found.view.question
    if question.target is not None:
        return question.measure or found.measure, question.target
    return next(iter(question.stopped_at.items()), None)


def times_of(found: Compared, measure: str, target: float) -> pd.DataFrame:
    """The runs with time and reached, as of `time_to_target`; those that diverged are known never to reach it."""
    times = time_to_target(
        found.history, target, measure, found.time, run_ids=found.runs["run_id"], never=found.lost_ids()
    )
    return found.runs.merge(times, on="run_id")


def arrival(view: View) -> Figure | None:
    """Kaplan and Meier's curves of the times to the target; None where the question has none, or nothing of its measure is known."""
    found = Compared.of(view)
    goal = target_of(found) if found is not None else None
    if found is None or goal is None or found.history[goal[0]].isna().all():
        return None
    measure, target = goal
    runs, confidence = times_of(found, measure, target), view.question.confidence
    several = len(found.problems) > 1
    curves, notes, middles = [], {}, {}
    labels = _soonest(runs)
    drawn = runs[runs["label"].isin(labels[:DRAWN])]
    for (problem, label), own in drawn.groupby(["problem", "label"], sort=False):
        curve = survival(own["time"], own["reached"], confidence)
        start = {"x": 0.0, "y": 0.0, "low": 0.0, "high": 0.0}
        made = {"x": curve["time"], "y": 1 - curve["survival"], "low": 1 - curve["high"], "high": 1 - curve["low"]}
        both = pd.concat([pd.DataFrame([start]), pd.DataFrame(made)])
        curves.append(both.assign(problem=str(problem), label=str(label)))
        notes[f"{problem} {label}" if several else str(label)] = _note(own)
        middles[problem, label] = median_time(own["time"], own["reached"], confidence).estimate, -own["reached"].mean()
    lines = pd.concat(curves, ignore_index=True)
    lines[["y", "low", "high"]] *= 100
    order = pd.Series(middles).unstack(0).rank().mean(axis=1).sort_values(kind="stable").index
    palette = style.colours_of(view.results.runs["label"], map(str, [*order, *labels[DRAWN:]]))

    def prepare(ax: Axes, there: pd.DataFrame) -> None:
        ax.set_xlim(0, float(there["x"].max()) * 1.02 or 1.0)
        ax.set_ylim(-3, 103)
        ax.set_yticks([0, 25, 50, 75, 100])
        ax.xaxis.set_major_locator(MaxNLocator(4, integer=found.time in ("epoch", "step") and there["x"].max() > 2))
        ax.set(xlabel=style.axis(found.time), ylabel="runs that have arrived (%)")

    return facets(
        lines,
        palette,
        notes,
        prepare,
        question=view.question.text,
        caption=_text(found, measure, target, runs),
        steps=True,
    )[0]


def _soonest(runs: pd.DataFrame) -> list[Hashable]:
    """The labels, those first of which half of the runs arrive the soonest on most problems: enough to know which of very many are drawn."""
    late = runs["time"].where(runs["reached"], np.inf)
    found = pd.DataFrame({"problem": runs["problem"], "label": runs["label"], "late": late, "missed": ~runs["reached"]})
    of_line = found.groupby(["problem", "label"], sort=False).agg({"late": "median", "missed": "mean"})
    places = of_line.groupby("problem").rank()
    return list(places.groupby("label", sort=False).mean().sort_values(["late", "missed"], kind="stable").index)


def _note(own: pd.DataFrame) -> str:
    missed = int((~own["reached"]).sum())
    return f"(not in {missed} of {len(own)})" if missed else ""


def _text(found: Compared, measure: str, target: float, runs: pd.DataFrame) -> str:
    scale = Scale.of(measure)
    percent = f"{100 * found.view.question.confidence:g} %"
    least = "at most" if scale.lowest else "at least"
    text = f"Runs whose {in_words(measure)} has come to {least} {scale.value(target)}, by Kaplan and Meier: {found.seeds()}."
    bands = runs["label"].nunique() <= FEW or len(found.problems) == 1
    text += f" Bands: {percent} at each time (log-log)." if bands else ""
    missed, n = int((~runs["reached"]).sum()), len(runs)
    text += f" The target was not reached in {missed} of {n} runs" if missed else f" All {n} runs reached the target"
    lost = set(found.lost_ids()) & set(runs.loc[~runs["reached"], "run_id"])
    text += f"; {len(lost)} of them did not last, and count to the end of the longest." if lost else "."
    return text + found.bound_to_length() + found.left_out()
