"""Descents on functions of one weight: a panel for each problem and line."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from optilab.figures.captions import has_marker, how_chosen, name_of, settings_of
from optilab.figures.source import as_in_the_file
from optilab.figures.view import View
from optilab.plots import style
from optilab.plots.panels import MOST, panels_across
from optilab.plots.slope import path_on_curve
from optilab.plots.text import breadth, fitted, plain
from optilab.problems.function import FunctionProblem
from optilab.texts import counted

CROSS = "; a cross is where a run left the picture, or stopped being finite"
_TANGENTS = 3  # steps of a path whose slopes are drawn
_FORMULA = 120  # letters


def paths_on_curves(
    view: View, problems: dict[str, FunctionProblem], history: pd.DataFrame, palette: dict[str, object]
) -> Figure:
    """The curve of each problem with the steps of each line on it, in the order of the experiment's file."""
    labels = as_in_the_file(view.results, palette)
    wanted = [(name, label) for name in problems for label in labels]
    shown = wanted[:MOST]
    figure, axes = panels_across(
        len(shown), across=2 if len(shown) in (2, 4) else 3, aspect=1.05 if len(shown) > 1 else 0.62
    )
    curves = {name: _curve(problem) for name, problem in problems.items()}
    for ax, (name, label) in zip(axes, shown, strict=True):
        steps = history[(history["problem"] == name) & (history["label"] == label)]
        path_on_curve(curves[name], _with_slopes(steps, problems[name]), ax, colour=palette[label])
        if (place := ax.get_subplotspec()) is not None and not place.is_first_col():
            ax.set_ylabel("")
        title(ax, label if len(problems) == 1 else f"{name_of(name)}: {label}", _settings(view, steps))
    style.question(figure, view.question.text)
    style.caption(figure, _caption(view, problems, history, axes, len(wanted)))
    return figure


def title(ax: Axes, text: str, below: str) -> None:
    """A name above the axes, and in a line below it what was set, where there is room for it."""
    room = 72 * ax.get_window_extent().width / ax.figure.dpi
    size = style.points() if breadth(plain(text), style.points()) <= room else style.small()
    fits = breadth(plain(text), size) <= 1.15 * room  # axes have no more exact width before they are laid out
    name = plain(text) if fits else fitted(text, size, room, 2)
    ax.set_title(name, loc="left", fontsize=size, pad=17 if below else 6)
    if not below:
        return
    ax.annotate(
        fitted(below, style.small(), 1.15 * room),
        (0, 1),
        xycoords="axes fraction",
        xytext=(0, 4),
        textcoords="offset points",
        fontsize=style.small(),
        color=style.shade(0.25),
        va="bottom",
        gid="settings",
    )


def formula_of(problem: FunctionProblem) -> str:
    """How the cost is computed, as the documentation has it in a line that begins with "C = ", with its parameters; or else its name."""
    found = re.search(r"^\s*(C\s*=\s*\S.*)$", problem.kind.documentation, re.MULTILINE)
    if found is None or len(found[1]) > _FORMULA:
        return name_of(problem.name)
    text = re.sub(r"\^([0-9])\b", lambda power: "⁰¹²³⁴⁵⁶⁷⁸⁹"[int(power[1])], found[1].strip())
    text = text.replace(" * ", " · ").replace(" - ", " − ")
    given = ", ".join(f"{n} = {problem.parameters[n]:g}" for n in problem.kind.parameters)
    return f"{name_of(problem.name)}, {text}" + (f" with {given}" if given else "")


def _settings(view: View, steps: pd.DataFrame) -> str:
    runs = view.results.runs
    own = runs[runs["run_id"].isin(steps["run_id"])]
    return settings_of(runs, own.iloc[0]) if len(own) else ""


def _curve(problem: FunctionProblem) -> pd.DataFrame:
    low, high = problem.kind.domain[0]
    points = np.linspace(low, high, 400)
    return pd.DataFrame({"w_0": points, "cost": problem.costs(points[:, None])})


def _with_slopes(steps: pd.DataFrame, problem: FunctionProblem) -> pd.DataFrame:
    """The steps with the slope at the first of each run, where tangents are drawn: fewer of them the more runs there are."""
    most = _TANGENTS if steps["run_id"].nunique() <= 2 else 1
    wanted = (steps.groupby("run_id").cumcount() < most) & np.isfinite(steps["w_0"])
    slopes = pd.Series(np.nan, steps.index)
    for place in steps.index[wanted]:
        slopes[place] = float(problem.gradient([steps.loc[place, "w_0"]])[0])
    return steps.assign(slope=slopes)


def _caption(
    view: View, problems: dict[str, FunctionProblem], history: pd.DataFrame, axes: list[Axes], count: int
) -> str:
    starts = history["seed"].nunique()
    from_where = "one start" if starts == 1 else f"{starts} starts, one a seed"
    text = "; ".join(formula_of(problem) for problem in problems.values())
    text += f". A dot is a step: the circle is the start, the large dot the weight after {steps_text(history)} ({from_where})"
    text += CROSS if any(has_marker(ax, "x") for ax in axes) else ""
    text += ". Short lines are the slopes at the first steps." if any(_tangent(ax) for ax in axes) else "."
    if any(child.get_gid() == "settings" for ax in axes for child in ax.texts):
        how = how_chosen(view.results.runs, view.question.chosen_by)
        text += f" Above each, its learning rate{f' and what was {how}' if how else ''}."
        starred = any("*" in child.get_text() for ax in axes for child in ax.texts if child.get_gid() == "settings")
        text += " * at an end of the values that were tried." if starred else ""
    return text + (f" The first {MOST} of {count} panels." if count > MOST else "")


def _tangent(ax: Axes) -> bool:
    return any(line.get_gid() == "tangent" for line in ax.get_lines())


def steps_text(history: pd.DataFrame) -> str:
    """How many steps the longest of the runs took."""
    return counted(int(history["step"].max()), "step")
