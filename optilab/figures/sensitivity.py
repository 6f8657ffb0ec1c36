"""Sensitivity: the final cost against each hyperparameter that varies."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from optilab.analysis.best import best_runs
from optilab.analysis.cells import is_number, varying
from optilab.analysis.curves import bands, ranked
from optilab.analysis.sensitivity import sensitivity as sensitivity_points
from optilab.errors import InputError
from optilab.figures.axes import usual_x
from optilab.figures.captions import has_marker
from optilab.figures.lines import CLIPPED, PANEL, absent, left_out, refuse_nothing
from optilab.figures.view import View
from optilab.plots import convergence as lines_plot
from optilab.plots import style
from optilab.plots.legend import outside_legend
from optilab.plots.panels import MOST, panels
from optilab.plots.scales import Frame
from optilab.records.measures import direction
from optilab.texts import counted


def sensitivity(view: View) -> Figure | None:
    """Sensitivity plot: the final cost against each varying hyperparameter; None if none varies.

    InputError if every run that varies one was pruned, or no value is finite.
    """
    results, y = view.results, view.y
    names = [name for name in varying(results.runs) if is_number(results.runs, name)]
    if (
        not names
        or f"final_{y}" not in results.runs
        or direction(y) is not False
        or results.runs[f"final_{y}"].isna().all()
    ):
        return None
    role = "tuning" if (results.runs["role"] == "tuning").any() else "evaluation"
    made = results.runs[results.runs["role"] == role]
    names = [name for name in names if made.loc[made["status"] != "pruned", name].notna().any()]
    if not names:
        raise InputError("every run that varies a hyperparameter was given up")
    points = {name: sensitivity_points(results.runs, name, y) for name in names}
    every = pd.concat(points)
    refuse_nothing(every, y)
    problems = list(dict.fromkeys(results.runs["problem"]))
    x = usual_x(results.history)
    lines = bands(results.history, best_runs(results.runs, view.question.chosen_by), x, y)
    labels = ranked(lines) if len(lines) else list(dict.fromkeys(results.runs["label"]))
    palette = style.colours_of(results.runs["label"], [label for label in labels if label in set(every["label"])])
    wanted = [(name, problem) for name in names for problem in problems]
    across = min(len(problems), 3) if len(problems) > 1 else min(len(names), 2)
    figure, axes = panels(len(wanted[:MOST]), size=PANEL, across=across)
    clipped = False
    for ax, (name, problem) in zip(axes, wanted, strict=False):
        there = points[name][points[name]["problem"] == problem]
        clipped |= Frame.of_points(there).is_left(there["median"])
        lines_plot.sensitivity(there, ax, parameter=name, y=y, colours=palette)
        if len(problems) > 1:
            style.title(ax, problem)
    outside_legend(axes[across - 1], palette, absent=absent(every))
    style.question(figure, view.question.text)
    seeds = made["seed"].nunique()
    spread = f"Median and interquartile band over {seeds} seeds" if seeds > 1 else "One seed"
    text = f"{spread} of {role}, at the best of all other hyperparameters."
    text += " × marks the last value before a line diverges." if any(has_marker(ax, "x") for ax in axes) else ""
    text += CLIPPED if clipped else ""
    pruned = int(made["status"].eq("pruned").sum())
    text += f" {counted(pruned, 'run was', 'runs were')} given up." if pruned else ""
    style.caption(figure, text + left_out(len(wanted)))
    return figure
