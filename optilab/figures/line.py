"""The cost on the straight line from the first weights of runs to the last."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from optilab.errors import InputError
from optilab.figures.captions import name_of
from optilab.figures.landscape import Runs, costs, parts_of, runs_of, sample, sampled_text
from optilab.figures.view import View
from optilab.plots import style
from optilab.plots.landscape import costs_on_lines
from optilab.plots.panels import panels_across
from optilab.records.statuses import LASTED

_NARROW = 5.0  # width of a figure in inches, up to which panels stand one below the other
_MOST = 8  # lines
_BELOW, _ABOVE = -0.5, 1.5
_POINTS = 41  # both ends of a run among them
_NAMES = {"train": "training", "valid": "validation", "test": "test"}


def line(view: View) -> Figure | None:
    """Training cost (and that on other parts) at first + alpha (last - first) weights; None if no problem has more than two weights.

    Goodfellow, Vinyals and Saxe, "Qualitatively characterizing neural network optimization problems", 2015.

    InputError if no run can be repeated to finite weights.
    """
    runs = runs_of(view)
    if runs is None:
        return None
    found, used, left = on_lines(view, runs)
    labels = [label for label in runs.labels if label in set(found["label"])]
    palette = style.colours_of(view.results.runs["label"], labels)
    parts = list(dict.fromkeys(found["part"]))
    beside = style.width() > _NARROW
    across = len(parts) if beside else 1
    figure, axes = panels_across(len(parts), across=across, aspect=0.75 if not beside else 0.95 if across < 3 else 1.25)
    style.question(figure, view.question.text)
    text = "The cost on the straight line from a run's first weights (0) to its last (1), and beyond; the run itself takes another way."
    text += f" Seed {runs.seed}, the same first weights for all, on {name_of(runs.problem)}; over "
    text += " and ".join(
        sampled_text(used[part], len(parts_of(runs.of)[part]), f"{_NAMES[part]} example") for part in parts
    )
    text = text.rstrip(",") + "."
    text += f" The best {_MOST} of {len(runs.labels)} lines." if len(runs.labels) > _MOST else ""
    text += f" Without {', '.join(map(name_of, left))}, which did not last." if left else ""
    text += f" The first of {runs.problems} problems." if runs.problems > 1 else ""
    style.caption(figure, text)
    for k, (ax, part) in enumerate(zip(axes, parts, strict=True)):
        ax.set_ylabel(f"{_NAMES[part]} cost")
        named = not beside or k == len(axes) - 1
        costs_on_lines(found[found["part"] == part], ax, colours=palette, named=named)
    return figure


def on_lines(view: View, runs: Runs) -> tuple[pd.DataFrame, dict[str, int], list[str]]:
    """Columns label, part, alpha, cost; over how many examples of each part; and the labels of runs that have no finite last weights.

    InputError if none has.
    """
    labels = runs.labels[:_MOST]
    alphas = np.linspace(_BELOW, _ABOVE, _POINTS)
    parts = parts_of(runs.of)
    points = len(labels) * len(alphas) * len(parts)
    rows = {part: sample(every, runs.of.n_weights, points) for part, every in parts.items()}
    left = list(runs.ended)
    tables = []
    for label in labels:
        made = runs.again(view, label)
        if made.run.status not in LASTED or not np.isfinite(made.run.w).all():
            left.append(label)
            continue
        problem = made.plan.problem
        first, last = problem.initial(runs.seed).astype(np.float64), made.run.w.astype(np.float64)
        on_it = (1 - alphas)[:, None] * first + alphas[:, None] * last
        for part, own in rows.items():
            tables.append(
                pd.DataFrame({"label": label, "part": part, "alpha": alphas, "cost": costs(problem, on_it, part, own)})
            )
    if not tables:
        raise InputError("no run could be repeated to finite weights")
    return pd.concat(tables, ignore_index=True), {part: len(own) for part, own in rows.items()}, left
