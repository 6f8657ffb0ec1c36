"""Figures of lines and bands: convergence, and sensitivity to hyperparameters."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from optilab.analysis.best import best_runs
from optilab.analysis.cells import is_number, varying
from optilab.analysis.curves import bands, ranked
from optilab.analysis.sensitivity import sensitivity as sensitivity_points
from optilab.errors import InputError
from optilab.experiment.file import read_stored
from optilab.figures.captions import chosen_text, ended_text, has_marker, seeds_text, unchosen_lines
from optilab.figures.source import learning_rates
from optilab.plots import convergence as lines_plot
from optilab.plots import style
from optilab.plots.legend import outside_legend
from optilab.plots.panels import MOST, panels
from optilab.plots.scales import HIGHEST, Frame, showable
from optilab.records.columns import ASCENDING, LINEAR
from optilab.store import Results
from optilab.texts import counted

_CLIPPED = " Lines that leave the picture go on beyond what all others show."
_SIZE = 5.6, 4.0  # of a panel, in inches


def convergence(results: Results, x: str | None, y: str) -> Figure | None:
    """Convergence plot: the best cell of every line, `y` over `x`; None if the history has no such values.

    InputError if no value is finite.
    """
    best = best_runs(results.runs)
    history = results.history[results.history["run_id"].isin(best["run_id"])]
    if history[y].isna().all():
        return None
    function = best["batch_size"].eq(1).all() and history["train_accuracy"].isna().all()
    x = x or ("step" if function else "epoch")
    lines = bands(history, best, x, y)
    _refuse_nothing(lines, y)
    problems = list(dict.fromkeys(lines["problem"]))
    labels = ranked(lines)
    if y in ASCENDING:
        labels = labels[::-1]
    palette = style.colours_of(results.runs["label"], labels)
    figure, axes = panels(len(problems[:MOST]), size=_SIZE, across=3)
    clipped = False
    for ax, problem in zip(axes, problems, strict=False):
        there = lines[lines["problem"] == problem]
        lines_plot.convergence(there, ax, x=x, y=y, colours=palette)
        clipped |= y not in LINEAR and Frame.of(there).is_left(there["median"])
        if function:
            ax.set_ylabel(ax.get_ylabel().removeprefix("training "))
        if len(problems) > 1:
            style.title(ax, problem)
    experiment = read_stored(results.folder)
    missing = unchosen_lines(results, experiment.chosen_by, several=len(problems) > 1)
    outside_legend(axes[min(2, len(axes) - 1)], palette, absent=_absent(lines), missing=missing)
    style.question(figure, experiment.question)
    ended = ended_text(best)
    beyond = not ended and any(has_marker(ax, "x") for ax in axes)
    text = seeds_text(results, experiment.chosen_by) + chosen_text(results, best) + ended
    text += f" × marks where a line goes beyond {HIGHEST:g}." if beyond else ""
    text += learning_rates(results, best) if y == "lr" else ""
    text += _CLIPPED if clipped else ""
    style.caption(figure, text + _left_out(len(problems)))
    return figure


def sensitivity(results: Results, x: str | None, y: str) -> Figure | None:
    """Sensitivity plot: the final cost against each varying hyperparameter; None if none varies.

    InputError if every run that varies one was pruned, or no value is finite.
    """
    names = [name for name in varying(results.runs) if is_number(results.runs, name)]
    if not names or y not in ("train_cost", "test_cost") or results.runs[f"final_{y}"].isna().all():
        return None
    role = "tuning" if (results.runs["role"] == "tuning").any() else "evaluation"
    made = results.runs[results.runs["role"] == role]
    names = [name for name in names if made.loc[made["status"] != "pruned", name].notna().any()]
    if not names:
        raise InputError("every run that varies a hyperparameter was given up")
    points = {name: sensitivity_points(results.runs, name, y) for name in names}
    every = pd.concat(points)
    _refuse_nothing(every, y)
    problems = list(dict.fromkeys(results.runs["problem"]))
    lines = bands(results.history, best_runs(results.runs), "step", "train_cost")
    labels = ranked(lines) if len(lines) else list(dict.fromkeys(results.runs["label"]))
    palette = style.colours_of(results.runs["label"], [label for label in labels if label in set(every["label"])])
    wanted = [(name, problem) for name in names for problem in problems]
    across = min(len(problems), 3) if len(problems) > 1 else min(len(names), 2)
    figure, axes = panels(len(wanted[:MOST]), size=_SIZE, across=across)
    clipped = False
    for ax, (name, problem) in zip(axes, wanted, strict=False):
        there = points[name][points[name]["problem"] == problem]
        clipped |= Frame.of_points(there).is_left(there["median"])
        lines_plot.sensitivity(there, ax, parameter=name, y=y, colours=palette)
        if len(problems) > 1:
            style.title(ax, problem)
    outside_legend(axes[across - 1], palette, absent=_absent(every))
    style.question(figure, read_stored(results.folder).question)
    seeds = made["seed"].nunique()
    spread = f"Median and interquartile band over {seeds} seeds" if seeds > 1 else "One seed"
    text = f"{spread} of {role}, at the best of all other hyperparameters."
    text += " × marks the last value before a line diverges." if any(has_marker(ax, "x") for ax in axes) else ""
    text += _CLIPPED if clipped else ""
    pruned = int(made["status"].eq("pruned").sum())
    text += f" {counted(pruned, 'run was', 'runs were')} given up." if pruned else ""
    style.caption(figure, text + _left_out(len(wanted)))
    return figure


def _refuse_nothing(lines: pd.DataFrame, y: str) -> None:
    """InputError where no line has a value that an axis can show."""
    if not showable(lines["median"]).any():
        raise InputError(f"no line has a finite median {style.axis(y)} anywhere")


def _absent(lines: pd.DataFrame) -> dict[str, str]:
    """Labels of the lines of which nothing can be shown, and why."""
    there, finite = (
        values.groupby(lines["label"]).any() for values in (showable(lines["median"]), np.isfinite(lines["median"]))
    )
    return {
        label: f"beyond {HIGHEST:g}" if finite[label] else "not finite"
        for label in there.index[~there.to_numpy(np.bool_)]
    }


def _left_out(count: int) -> str:
    return f" The first {MOST} of {count} panels." if count > MOST else ""
