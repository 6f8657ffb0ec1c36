"""Convergence: the best cell of every line over a run."""

from __future__ import annotations

from matplotlib.figure import Figure

from optilab.analysis.best import best_runs
from optilab.analysis.curves import bands, ranked
from optilab.figures.captions import chosen_text, ended_text, has_marker, seeds_text, unchosen_lines
from optilab.figures.lines import CLIPPED, PANEL, absent, left_out, refuse_nothing
from optilab.figures.source import learning_rates
from optilab.figures.view import View
from optilab.plots import convergence as lines_plot
from optilab.plots import style
from optilab.plots.legend import outside_legend
from optilab.plots.panels import MOST, panels
from optilab.plots.scales import HIGHEST, Frame
from optilab.records.columns import ASCENDING, LINEAR


def convergence(view: View) -> Figure | None:
    """Convergence plot: the best cell of every line, y over x; None if the history has no such values.

    InputError if no value is finite.
    """
    results, y, question = view.results, view.y, view.question
    best = best_runs(results.runs, question.chosen_by)
    history = results.history[results.history["run_id"].isin(best["run_id"])]
    if history[y].isna().all():
        return None
    function = best["batch_size"].eq(1).all() and history["train_accuracy"].isna().all()
    x = view.x or ("step" if function else "epoch")
    lines = bands(history, best, x, y)
    refuse_nothing(lines, y)
    problems = list(dict.fromkeys(lines["problem"]))
    labels = ranked(lines)
    if y in ASCENDING:
        labels = labels[::-1]
    palette = style.colours_of(results.runs["label"], labels)
    figure, axes = panels(len(problems[:MOST]), size=PANEL, across=3)
    clipped = False
    for ax, problem in zip(axes, problems, strict=False):
        there = lines[lines["problem"] == problem]
        lines_plot.convergence(there, ax, x=x, y=y, colours=palette)
        clipped |= y not in LINEAR and Frame.of(there).is_left(there["median"])
        if function:
            ax.set_ylabel(ax.get_ylabel().removeprefix("training "))
        if len(problems) > 1:
            style.title(ax, problem)
    missing = unchosen_lines(results, question.chosen_by, several=len(problems) > 1)
    outside_legend(axes[min(2, len(axes) - 1)], palette, absent=absent(lines), missing=missing)
    style.question(figure, question.text)
    ended = ended_text(best)
    beyond = not ended and any(has_marker(ax, "x") for ax in axes)
    text = seeds_text(results, question.chosen_by) + chosen_text(results, best) + ended
    text += f" × marks where a line goes beyond {HIGHEST:g}." if beyond else ""
    text += learning_rates(results, best) if y == "lr" else ""
    text += CLIPPED if clipped else ""
    style.caption(figure, text + left_out(len(problems)))
    return figure
