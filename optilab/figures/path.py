"""Optimization paths on functions of one or two weights."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from optilab.analysis.best import best_runs
from optilab.analysis.curves import bands, ranked
from optilab.errors import InputError
from optilab.figures.captions import chosen_text, ended_text, has_marker, name_of, unchosen_lines
from optilab.figures.source import problems_of
from optilab.figures.view import View
from optilab.plots import path as path_plot
from optilab.plots import style
from optilab.plots.legend import outside_legend
from optilab.plots.panels import MOST, panels
from optilab.problems.function import FunctionProblem
from optilab.records.statuses import LASTED
from optilab.texts import counted

_CROSS = "; a cross is where a run left the picture, or stopped being finite"
_WIDTH = 5.4  # of a panel of two weights, in inches


def path(view: View) -> Figure | None:
    """Paths of the best cell of every line; None unless the problems all have one weight, or all two.

    InputError if no evaluation run has a history, or a problem can't be rebuilt.
    """
    results = view.results
    problems = {
        label: problem
        for label, problem in problems_of(results).items()
        if isinstance(problem, FunctionProblem) and problem.n_weights <= 2
    }
    if not problems:
        return None
    best = best_runs(results.runs, view.question.chosen_by)
    if not results.history["run_id"].isin(best["run_id"]).any():
        raise InputError("no run of evaluation has a history")
    history = results.history.merge(best[["run_id", "problem", "label", "seed", "status"]], on="run_id")
    history["lasted"] = history["status"].isin(LASTED)
    labels = ranked(bands(results.history[results.history["run_id"].isin(best["run_id"])], best, "step", "train_cost"))
    palette = style.colours_of(results.runs["label"], labels)
    if all(problem.n_weights == 1 for problem in problems.values()):
        return _paths_on_curves(view, problems, history, palette)
    if all(problem.n_weights == 2 for problem in problems.values()):
        return _paths_on_contours(view, problems, history, palette, best)
    return None


def _paths_on_curves(
    view: View, problems: dict[str, FunctionProblem], history: pd.DataFrame, palette: dict[str, object]
) -> Figure:
    wanted = [(name, label) for name in problems for label in palette]
    shown = wanted[:MOST]
    figure, axes = panels(len(shown), size=(4.2, 3.4), across=min(len(palette), 4), beside=0.0)
    curves = {name: _curve(problem) for name, problem in problems.items()}
    for ax, (name, label) in zip(axes, shown, strict=True):
        steps = history[(history["problem"] == name) & (history["label"] == label)]
        path_plot.path_on_curve(curves[name], steps, ax, colour=palette[label])
        style.title(ax, label if len(problems) == 1 else f"{name_of(name)}: {label}")
    style.question(figure, view.question.text)
    starts = history["seed"].nunique()
    from_where = "one start" if starts == 1 else f"{starts} starts, one a seed"
    names = ", ".join(name_of(name) for name in problems)
    style.caption(
        figure,
        f"{names}. A dot is a step: the circle is the start, the large dot the weight after {_steps(history)} ({from_where})"
        + (_CROSS if any(has_marker(ax, "x") for ax in axes) else "")
        + f".{chosen_text(view.results, best_runs(view.results.runs, view.question.chosen_by))}"
        + (f" The first {MOST} of {len(wanted)} panels." if len(wanted) > MOST else ""),
    )
    return figure


def _curve(problem: FunctionProblem) -> pd.DataFrame:
    low, high = problem.kind.domain[0]
    points = np.linspace(low, high, 400)
    return pd.DataFrame({"w_0": points, "cost": problem.costs(points[:, None])})


def _height(problem: FunctionProblem) -> float:
    """Height of a panel in inches: that of the domain at the panel's width, if both weights are drawn to the same scale."""
    width, height = np.ptp(np.array(problem.kind.domain, np.float64), axis=1)
    return min(4.6, 1.0 + (_WIDTH - 0.8) * height / width) if path_plot.same_scale(width, height) else 4.6


def _paths_on_contours(
    view: View,
    problems: dict[str, FunctionProblem],
    history: pd.DataFrame,
    palette: dict[str, object],
    best: pd.DataFrame,
) -> Figure:
    shown = dict(list(problems.items())[:MOST])
    across = 3
    height = max(_height(problem) for problem in shown.values())
    figure, axes = panels(len(shown), size=(_WIDTH, height), across=across, beside=1.4, layout="compressed")
    starred = False
    for ax, (name, problem) in zip(axes, shown.items(), strict=True):
        (left, right), (bottom, top) = problem.kind.domain
        grid = [(u, v) for v in np.linspace(bottom, top, 121) for u in np.linspace(left, right, 121)]
        surface = pd.DataFrame(grid, columns=["w_0", "w_1"])
        surface["cost"] = problem.costs(grid)
        steps = history[(history["problem"] == name) & np.isfinite(history["train_cost"])]
        path_plot.paths_on_contours(surface, steps, ax, colours=palette, minima=problem.kind.minima)
        starred |= has_marker(ax, "*")
        style.title(ax, name)
    missing = unchosen_lines(view.results, view.question.chosen_by, several=len(problems) > 1)
    outside_legend(axes[min(across, len(axes)) - 1], palette, missing=missing)
    style.question(figure, view.question.text)
    text = f"{_steps(history)} from the circle to the dot"
    text += _CROSS if any(has_marker(ax, "x") for ax in axes) else ""
    text += "; the star is the minimum." if starred else "."
    left_out = f" The first {MOST} of {len(problems)} problems." if len(problems) > MOST else ""
    style.caption(figure, text + chosen_text(view.results, best) + ended_text(best) + left_out)
    return figure


def _steps(history: pd.DataFrame) -> str:
    return counted(int(history["step"].max()), "step")
