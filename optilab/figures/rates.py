"""Learning rates of results over their runs, as schedules made them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from optilab.analysis.length import bound_to_length
from optilab.figures.captions import chosen_text, name_of
from optilab.figures.source import as_in_the_file, learning_rates
from optilab.figures.view import View
from optilab.plots import style
from optilab.plots.panels import MOST, panels_across
from optilab.plots.schedules import schedule_curves


def rates(view: View) -> Figure | None:
    """The measured learning rate of the best cell of each line whose schedule changes it; None if there is none."""
    results = view.results
    best = view.best
    history = results.history.merge(best[["run_id", "problem", "label", "seed", "schedule"]], on="run_id")
    history = history[np.isfinite(history["lr"]) & (history["step"] > 0)]
    scheduled = history[history["schedule"] != "constant"]
    changing = scheduled.groupby("label")["lr"].agg(lambda values: values.min() < values.max())
    labels = as_in_the_file(results, changing.index[changing.to_numpy(bool)])
    if not labels:
        return None
    x = "epoch" if history["epoch"].nunique() > 1 and results.history["train_accuracy"].notna().any() else "step"
    first = scheduled["seed"].min()
    shown = scheduled[scheduled["label"].isin(labels)]
    differ = _of_seeds(shown)
    shown = shown[shown["seed"] == shown.groupby("label")["seed"].transform("min")]
    problems = list(dict.fromkeys(shown["problem"]))
    figure, axes = panels_across(len(problems[:MOST]), across=1 if len(problems) == 1 else 2, aspect=0.6)
    palette = style.colours_of(results.runs["label"], labels)
    hollow = set(bound_to_length(best))
    style.question(figure, view.question.text)
    text = "The learning rate at each measurement of a run, of the lines whose schedule changes it."
    text += " A hollow end: in a longer run it would have been another from the start." if hollow & set(labels) else ""
    text += f" Of {', '.join(map(name_of, differ))} each seed has its own: this is seed {first}." if differ else ""
    text += chosen_text(results, best[best["label"].isin(labels)]) + learning_rates(
        results, best[best["label"].isin(labels)]
    )
    unchanged = [label for label in as_in_the_file(results, scheduled["label"]) if label not in labels]
    text += f" Not drawn: {', '.join(map(name_of, unchanged))}, whose schedule leaves it as it is." if unchanged else ""
    text += f" The first {MOST} of {len(problems)} panels." if len(problems) > MOST else ""
    style.caption(figure, text)
    for ax, problem in zip(axes, problems, strict=False):
        own = shown[shown["problem"] == problem].assign(step=shown[x])
        there = {label: palette[label] for label in labels if label in set(own["label"])}
        schedule_curves(own, ax, y="lr", colours=there, hollow=hollow, stepwise=False, log=True)
        ax.set(xlabel=style.axis(x), ylabel=style.axis("lr"))
        if len(problems) > 1:
            style.title(ax, problem)
    return figure


def _of_seeds(shown: pd.DataFrame) -> list[str]:
    """Labels whose learning rate is another one for each seed, as after feedback."""
    spread = shown.groupby(["label", "problem", "step"])["lr"].agg(lambda values: values.max() > values.min())
    return [str(label) for label, differs in spread.groupby("label").any().items() if differs]
