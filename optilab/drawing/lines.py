"""Figures of lines and bands: convergence, sensitivity to hyperparameters, schedules."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from optilab.analysis.curves import bands, ranked
from optilab.analysis.curves import sensitivity as sensitivity_points
from optilab.analysis.summary import NOTHING, best_runs, is_number, unchosen, varying
from optilab.drawing.captions import chosen_text, ended_text, seeds_text
from optilab.errors import InputError
from optilab.experiment import read_stored
from optilab.plots import convergence as lines_plot
from optilab.plots import style
from optilab.plots.curves import schedule_curves
from optilab.plugins import registry
from optilab.schedules import from_spec
from optilab.store import Results


def convergence(results: Results, x: str | None, y: str) -> Figure | None:
    """The best cell of every line, `y` over `x`; None where the history has no such values."""
    best = best_runs(results.runs)
    history = results.history[results.history["run_id"].isin(best["run_id"])]
    if history[y].isna().all():
        return None
    function = best["batch_size"].eq(1).all() and history["train_accuracy"].isna().all()
    x = x or ("step" if function else "epoch")
    lines = bands(history, best, x, y)
    problems = list(dict.fromkeys(lines["problem"]))
    labels = ranked(lines)
    if y.endswith("accuracy"):
        labels = labels[::-1]
    palette = style.colours_of(results.runs["label"], labels)
    experiment = read_stored(results.folder)
    by = experiment.tuning.by if experiment.tuning else "train_cost"
    figure, axes = plt.subplots(
        1, len(problems), figsize=(1.2 + 5.6 * len(problems), 4.6), squeeze=False, layout="constrained"
    )
    for ax, problem in zip(axes[0], problems, strict=True):
        lines_plot.convergence(lines[lines["problem"] == problem], ax, x=x, y=y, colours=palette)
        if function:
            ax.set_ylabel(ax.get_ylabel().removeprefix("training "))
        if len(problems) > 1:
            ax.set_title(problem)
    _name_unchosen(results, axes[0][-1], f"final_{by}", several=len(problems) > 1)
    style.outside_legend(axes[0][-1])
    if experiment.question:
        figure.suptitle(experiment.question, x=0.01, ha="left", fontsize="medium")
    style.caption(figure, seeds_text(results, by) + chosen_text(results, best) + ended_text(best))
    return figure


def _name_unchosen(results: Results, ax: Axes, by: str, *, several: bool) -> None:
    """Entries of the legend for lines that are not drawn, because nothing could be chosen."""
    for line in unchosen(results.runs, by).to_dict("records"):
        on = f" on {line['problem']}" if several else ""
        ax.plot([], [], "x", color=style.GREY, label=f"{line['label']}{on}: {NOTHING}")


def sensitivity(results: Results, x: str | None, y: str) -> Figure | None:
    """The final cost against each hyperparameter that varies; None where none does."""
    names = [name for name in varying(results.runs) if is_number(results.runs, name)]
    if not names or y not in ("train_cost", "test_cost") or results.runs[f"final_{y}"].isna().all():
        return None
    problems = list(dict.fromkeys(results.runs["problem"]))
    figure, axes = plt.subplots(
        len(names),
        len(problems),
        figsize=(1.2 + 5.6 * len(problems), 0.6 + 4 * len(names)),
        squeeze=False,
        layout="constrained",
    )
    lines = bands(results.history, best_runs(results.runs), "step", "train_cost")
    palette = style.colours_of(results.runs["label"], ranked(lines) if len(lines) else results.runs["label"].unique())
    infinite = False
    for row, name in zip(axes, names, strict=True):
        points = sensitivity_points(results.runs, name, y)
        infinite |= bool(np.isinf(points.loc[~points["scattered"], "median"]).any())
        for ax, problem in zip(row, problems, strict=True):
            lines_plot.sensitivity(points[points["problem"] == problem], ax, parameter=name, y=y, colours=palette)
            if len(problems) > 1:
                ax.set_title(problem)
    style.outside_legend(axes[0][-1])
    role = "tuning" if (results.runs["role"] == "tuning").any() else "evaluation"
    seeds = results.runs.loc[results.runs["role"] == role, "seed"].nunique()
    spread = f"Median and interquartile band over {seeds} seeds" if seeds > 1 else "One seed"
    pruned = int(results.runs.loc[results.runs["role"] == role, "status"].eq("pruned").sum())
    crosses = " × marks the last value before a line diverges." if infinite else ""
    style.caption(figure, f"{spread} of {role}.{crosses}" + (f" {pruned} runs were given up." if pruned else ""))
    return figure


def draw_schedules(specs: Sequence[str], steps: int, target: Path) -> Path:
    """Draw the curves of schedules, given by name or as TOML tables, over a run of `steps` steps."""
    curves = []
    for text in specs:
        try:
            spec = tomllib.loads(f"schedule = {text}")["schedule"]
        except tomllib.TOMLDecodeError:
            spec = text
        bound = from_spec(spec, "", registry().schedule)
        if bound.schedule.is_feedback:
            raise InputError(f"{bound.schedule.name} depends on what is measured, so it has no curve of its own")
        values = bound.multipliers(0, steps, steps, 1)
        curves.append(pd.DataFrame({"step": np.arange(steps), "multiplier": values, "label": bound.label}))
    with style.theme():
        figure, ax = plt.subplots(figsize=(8, 4), layout="constrained")
        schedule_curves(pd.concat(curves), ax)
        try:
            figure.savefig(target, bbox_inches="tight")
        except (OSError, ValueError) as error:
            raise InputError(f"can't write {str(target)!r}: {error}") from None
        finally:
            plt.close(figure)
    return target
