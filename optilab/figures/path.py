"""Optimization paths on functions of one or two weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from optilab.analysis.curves import bands, ranked
from optilab.errors import InputError
from optilab.figures.axes import has_networks
from optilab.figures.captions import (
    chosen_text,
    ended_text,
    has_marker,
    how_chosen,
    settings_of,
    unchosen_lines,
)
from optilab.figures.slope import CROSS, formula_of, paths_on_curves, steps_text, title
from optilab.figures.source import as_in_the_file, problems_of
from optilab.figures.view import View
from optilab.guarding.calls import Contained
from optilab.plots import path as path_plot
from optilab.plots import style
from optilab.plots.blocks import blocks, heading, name_edges
from optilab.plots.legend import outside_legend
from optilab.plots.panels import MOST, panels_across
from optilab.problems.function import FunctionProblem
from optilab.records.histories import history_of
from optilab.records.statuses import LASTED

_TOGETHER = 4  # paths that can be told apart in one panel
_SOME = 99  # points at which a function is tried with arrays
_GRID = 201  # points along each weight, so that contours of a curved valley are smooth


def path(view: View) -> Figure | None:
    """Paths of the best cell of every line; None unless the problems all have one weight, or all two.

    InputError if no evaluation run has a history, or a problem can't be rebuilt.
    """
    results = view.results
    if len(results.history) and has_networks(results):
        return None  # seen without building one, which would load its examples
    problems = {
        label: problem
        for label, problem in problems_of(results).items()
        if isinstance(problem, FunctionProblem) and problem.n_weights <= 2
    }
    if not problems:
        return None
    best = view.best
    if not results.history["run_id"].isin(best["run_id"]).any():
        raise InputError("no run of evaluation has a history")
    history = results.history.merge(best[["run_id", "problem", "label", "seed", "status"]], on="run_id")
    history["lasted"] = history["status"].isin(LASTED)
    labels = ranked(bands(history_of(results.history, best["run_id"]), best, "step", "train_cost"))
    palette = style.colours_of(results.runs["label"], labels)
    if all(problem.n_weights == 1 for problem in problems.values()):
        return paths_on_curves(view, problems, history, palette)
    if all(problem.n_weights == 2 for problem in problems.values()):
        return _paths_on_contours(view, problems, history, palette, best)
    return None


def _paths_on_contours(
    view: View,
    problems: dict[str, FunctionProblem],
    history: pd.DataFrame,
    palette: dict[str, object],
    best: pd.DataFrame,
) -> Figure:
    """All paths on a problem in one panel, or a panel for each line where there are too many to be told apart."""
    apart = len(palette) > 1 and history.groupby("problem")["run_id"].nunique().max() > _TOGETHER
    labels = as_in_the_file(view.results, palette)
    wanted = (
        [(name, [label]) for name in problems for label in labels] if apart else [(n, [*palette]) for n in problems]
    )
    shown = wanted[:MOST]
    levels: dict[str, list[float]] = {}
    if apart:
        drawn = {name: sum(name == other for other, _ in shown) for name in problems}
        there = {name: count for name, count in drawn.items() if count}
        figure, found = blocks([*there.values()], [_aspect([problems[name]]) for name in there], across=3)
        axes = [ax for block in found for ax in block]
    else:
        figure, axes = panels_across(len(shown), across=2, aspect=_aspect([*problems.values()]), layout="compressed")
    surfaces = {name: _surface(problems[name]) for name in dict.fromkeys(name for name, _ in shown)}
    for ax, (name, own) in zip(axes, shown, strict=True):
        steps = history[(history["problem"] == name) & history["label"].isin(own) & np.isfinite(history["train_cost"])]
        levels[name] = path_plot.paths_on_contours(
            surfaces[name],
            steps,
            ax,
            colours={label: palette[label] for label in own},
            minima=problems[name].kind.minima,
        )
        if apart:
            told = best[(best["problem"] == name) & (best["label"] == own[0])]
            title(ax, own[0], settings_of(view.results.runs, told.iloc[0]) if len(told) else "")
        else:
            style.title(ax, name)
    if apart:
        for name, block in zip(there, found, strict=True):
            name_edges(block)
            if len(problems) > 1:
                heading(block[0], name, lines=2)
    else:
        missing = unchosen_lines(view.results, view.question.chosen_by, several=len(problems) > 1)
        outside_legend(axes[min(1, len(axes) - 1)], palette, missing=missing)
    style.question(figure, view.question.text)
    style.caption(figure, _caption(view, problems, history, best, axes, levels, len(wanted), apart=apart))
    return figure


def _surface(problem: FunctionProblem) -> pd.DataFrame:
    (left, right), (bottom, top) = problem.kind.domain
    across, along = np.meshgrid(np.linspace(left, right, _GRID), np.linspace(bottom, top, _GRID))
    surface = pd.DataFrame({"w_0": across.ravel(), "w_1": along.ravel()})
    return surface.assign(cost=_costs(problem, surface.to_numpy()))


def _costs(problem: FunctionProblem, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The costs at points [point, weight]: at all of them at once where the function takes arrays in place of numbers, else one by one."""
    some = points[:: max(1, len(points) // _SOME)]
    known = problem.costs(some)
    for asked in (some, points):  # few first, for who knows what a function does with arrays
        weights = np.array(asked.T, problem.precision)
        parameters = {name: problem.parameters[name] for name in problem.kind.parameters}
        try:
            with Contained(), np.errstate(all="ignore"):
                found = np.asarray(problem.kind.compute(weights, np.empty_like(weights), **parameters), np.float64)
        except Exception:  # whatever may happen in anybody's function
            return problem.costs(points)
        if asked is some and not (found.shape == known.shape and np.allclose(found, known, 1e-9, 0.0, equal_nan=True)):
            return problem.costs(points)
    return found


def _aspect(problems: Sequence[FunctionProblem]) -> float:
    """Height over width of axes that have room for the highest of the domains."""
    sizes = [np.ptp(np.array(problem.kind.domain, np.float64), axis=1) for problem in problems]
    return float(max(h / w if path_plot.same_scale(w, h) else 0.8 for w, h in sizes))


def _caption(
    view: View,
    problems: dict[str, FunctionProblem],
    history: pd.DataFrame,
    best: pd.DataFrame,
    axes: list[Axes],
    levels: dict[str, list[float]],
    count: int,
    *,
    apart: bool,
) -> str:
    text = "; ".join(formula_of(problem) for problem in problems.values())
    text += f". {steps_text(history)} from the circle to the dot"
    text += CROSS if any(has_marker(ax, "x") for ax in axes) else ""
    text += "; the star is the minimum" if any(has_marker(ax, "*") for ax in axes) else ""
    beyond = any(child.get_gid() == "minimum beyond" for ax in axes for child in ax.texts)
    text += "; the yellow arrow points to a minimum beyond the edge." if beyond else "."
    text += "" if any(levels.values()) else " No contour could be drawn."
    if any(not path_plot.same_scale(*np.ptp(np.array(p.kind.domain, float), axis=1)) for p in problems.values()):
        text += " The two weights have different scales, so that steps along the gradient don't cross contours at right angles."
    if apart:
        how = how_chosen(view.results.runs, view.question.chosen_by)
        text += f" Above each panel, its learning rate{f' and what was {how}' if how else ''}"
        starred = any("*" in child.get_text() for ax in axes for child in ax.texts if child.get_gid() == "settings")
        text += " (* at an end of the values that were tried)." if starred else "."
        missing = unchosen_lines(view.results, view.question.chosen_by, several=len(problems) > 1)
        text += f" Not drawn: {'; '.join(missing)}." if missing else ""
    else:
        text += chosen_text(view.results, best)
    text += ended_text(best)
    return text + (f" The first {MOST} of {count} panels." if count > MOST else "")
