"""Tuning curves: how good the best of k trials is, so what each result costs in tuning."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from optilab.analysis.best_of_k import tuning_curve
from optilab.analysis.trials import trial_values
from optilab.errors import InputError
from optilab.figures.facets import FEW, facets
from optilab.figures.view import View
from optilab.plots import style
from optilab.plots.scales import Frame, scale_y, showable
from optilab.plots.strips import flip
from optilab.records.chosen import TimeToTarget, by_in_words
from optilab.records.measures import measure_behind, summary
from optilab.records.shown import Shown
from optilab.texts import counted


def tuning(view: View) -> Figure | None:
    """Tuning curves: the median and the expected best of k trials, with a band for the median; None where no line has several trials.

    InputError if no trial lasted.
    """
    results, question = view.results, view.question
    which = question.chosen_by.partition("_")[0]
    by = summary(view.y, "best" if which == "best" else "final") if view.asked else question.chosen_by
    which = by.partition("_")[0]
    measure = measure_behind(by)
    if by not in results.runs or results.runs[by].isna().all():
        return None
    trials = trial_values(results.runs, by)
    sizes = trials.groupby(["problem", "label"]).size()
    if sizes.max() < 2:
        return None
    shown = Shown.of(measure)
    trials = trials.assign(value=shown.values(trials["value"]))
    if not showable(trials["value"]).any():
        raise InputError(f"no trial lasted to a finite {shown.name}")
    lines, notes = _lines(trials, question.confidence)
    best = lines.groupby(["problem", "label"], sort=False)["y"].last().unstack(0).rank().mean(axis=1)
    order = [str(label) for label in best.sort_values(kind="stable").index]
    palette = style.colours_of(results.runs["label"], order)
    mean = len(palette) <= FEW or lines["problem"].nunique() == 1

    def prepare(ax: Axes, there: pd.DataFrame) -> None:
        _axes(ax, there, f"{which} {shown.axis}", mean=mean)
        if shown.flipped:
            flip(ax.yaxis)

    text = _text(view, trials, lines, by, mean=mean)
    return facets(lines, palette, notes, prepare, question=question.text, caption=text)[0]


def _lines(trials: pd.DataFrame, confidence: float) -> tuple[pd.DataFrame, dict[str, str]]:
    """The tuning curve of each label on each problem, and how many of its trials did not last."""
    curves, notes = [], {}
    several = trials["problem"].nunique() > 1
    for (problem, label), own in trials.groupby(["problem", "label"], sort=False):
        curve = tuning_curve(own["value"].to_numpy(), confidence=confidence)
        known = curve[["low", "high"]].abs().max(axis=1) < np.inf
        ends = curve[["low", "high"]].where(known, axis=0)
        made = {"problem": problem, "label": label, "x": curve["k"], "y": curve["median"], "mean": curve["expected"]}
        curves.append(pd.DataFrame({**made, "low": ends["low"], "high": ends["high"], "sure": known}))
        lost = int(np.isinf(own["value"]).sum())
        key = f"{problem} {label}" if several else str(label)
        notes[key] = f"({lost} of {len(own)} lost)" if lost else ""
    return pd.concat(curves, ignore_index=True), notes


def _axes(ax: Axes, lines: pd.DataFrame, name: str, *, mean: bool) -> None:
    most = float(lines["x"].max())
    ax.set_xscale("log", base=2)
    ax.set_xlim(0.9, most * 1.12)
    ticks = [2.0**k for k in range(int(np.log2(most)) + 1)]
    every = max(1, len(ticks) // 5)
    ax.xaxis.set_major_locator(FixedLocator(ticks[::every]))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter("{x:g}")
    ax.margins(y=0.08)
    values = lines.rename(columns={"y": "median"})
    drawn = ["y", "high", *(["mean"] if mean else [])]
    scale_y(ax, pd.concat([lines[name] for name in drawn]).dropna(), Frame.of_points(values), log=True)
    ax.set(xlabel="trials", ylabel=f"{name},\nbest of the trials")


def _text(view: View, trials: pd.DataFrame, lines: pd.DataFrame, by: str, *, mean: bool) -> str:
    runs = view.results.runs
    tuned = runs[runs["role"] == "tuning"] if (runs["role"] == "tuning").any() else runs
    seeds = tuned["seed"].nunique()
    percent = f"{100 * view.question.confidence:g} %"
    over = f", each the median of {seeds} seeds" if seeds > 1 else ""
    text = f"Median best of k trials drawn from those that were made{over}, by {by_in_words(by)}"
    text += "; dotted: the expected best, where it is finite." if mean else "."
    if lines["sure"].any():
        text += f" Bands hold the median best of all k at once with {percent} if trials are independent draws, as of a random search;"
        text += " dots are hollow where the trials are too few to bound it."
    else:
        text += f" Dots are hollow: {percent} bands for all k at once need more trials."
    lost = int(np.isinf(trials["value"]).sum())
    pruned = int(tuned["status"].eq("pruned").sum())
    why = "missed the target or did not last" if isinstance(by, TimeToTarget) else "did not last"
    text += f" {lost} of {len(trials)} trials were lost: they {why}, and count as the worst." if lost else ""
    text += f" Trials of each line: {_sizes(trials)}."
    text += f" {counted(pruned, 'run was', 'runs were')} given up, and count as the worst." if pruned else ""
    return text


def _sizes(trials: pd.DataFrame) -> str:
    """The number of trials of a line, or the smallest and the largest."""
    sizes = trials.groupby(["problem", "label"]).size()
    return f"{sizes.min()}" if sizes.min() == sizes.max() else f"{sizes.min()} to {sizes.max()}"
