"""Figures of the path of a descent on a function of one or two weights."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from optilab.analysis.curves import bands, ranked
from optilab.analysis.summary import best_runs
from optilab.drawing.captions import chosen_text, ended_text
from optilab.drawing.source import problems_of
from optilab.plots import path as path_plot
from optilab.plots import style
from optilab.problems import FunctionProblem
from optilab.stopping import LASTED
from optilab.store import Results


def path(results: Results, x: str | None, y: str) -> Figure | None:
    """The path of the best cell of every line; None where the problems are not all of one, or all of two weights."""
    problems = {
        label: problem
        for label, problem in problems_of(results).items()
        if isinstance(problem, FunctionProblem) and problem.n_weights <= 2
    }
    if not problems:
        return None
    best = best_runs(results.runs)
    if best.empty:
        return None
    history = results.history.merge(best[["run_id", "problem", "label", "seed", "status"]], on="run_id")
    history["lasted"] = history["status"].isin(LASTED)
    labels = ranked(bands(results.history[results.history["run_id"].isin(best["run_id"])], best, "step", "train_cost"))
    palette = style.colours_of(results.runs["label"], labels)
    if all(problem.n_weights == 1 for problem in problems.values()):
        return _paths_on_curves(results, problems, history, palette)
    if all(problem.n_weights == 2 for problem in problems.values()):
        return _paths_on_contours(results, problems, history, palette, best)
    return None


def _paths_on_curves(
    results: Results, problems: dict[str, FunctionProblem], history: pd.DataFrame, palette: dict[str, object]
) -> Figure:
    figure, axes = plt.subplots(
        len(problems),
        len(palette),
        figsize=(4.2 * len(palette), 0.8 + 3.4 * len(problems)),
        squeeze=False,
        sharex="row",
        sharey="row",
        layout="constrained",
    )
    for row, (name, problem) in zip(axes, problems.items(), strict=True):
        low, high = problem.kind.domain[0]
        points = np.linspace(low, high, 400)
        curve = pd.DataFrame({"w_0": points, "cost": [problem.cost([w]) for w in points]})
        for ax, (label, colour) in zip(row, palette.items(), strict=True):
            steps = history[(history["problem"] == name) & (history["label"] == label)]
            path_plot.path_on_curve(curve, steps, ax, colour=colour)
            ax.set_title(label if len(problems) == 1 else f"{name}: {label}")
            ax.label_outer()
    budget = int(history["step"].max())
    starts = history["seed"].nunique()
    from_where = "one start" if starts == 1 else f"{starts} starts, one a seed"
    style.caption(
        figure,
        f"{', '.join(problems)}. A dot is a step: the circle is the start, the large dot the weight after {budget} steps "
        f"({from_where}).{chosen_text(results, best_runs(results.runs))}",
    )
    return figure


def _paths_on_contours(
    results: Results,
    problems: dict[str, FunctionProblem],
    history: pd.DataFrame,
    palette: dict[str, object],
    best: pd.DataFrame,
) -> Figure:
    figure, axes = plt.subplots(
        1, len(problems), figsize=(1.4 + 5.4 * len(problems), 5.0), squeeze=False, layout="constrained"
    )
    for ax, (name, problem) in zip(axes[0], problems.items(), strict=True):
        (left, right), (bottom, top) = problem.kind.domain
        grid = [(u, v) for v in np.linspace(bottom, top, 121) for u in np.linspace(left, right, 121)]
        surface = pd.DataFrame(grid, columns=["w_0", "w_1"])
        surface["cost"] = [problem.cost(point) for point in grid]
        steps = history[(history["problem"] == name) & np.isfinite(history["train_cost"])]
        path_plot.paths_on_contours(surface, steps, ax, colours=palette, minima=problem.kind.minima)
        ax.set_title(name)
    style.outside_legend(axes[0][-1])
    steps_text = f"{int(history['step'].max())} steps from the circle to the dot (a cross: left the picture); the star is the minimum."
    style.caption(figure, steps_text + chosen_text(results, best) + ended_text(best))
    return figure
