"""Norms: of gradient, update and weights over the run, one above the other."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from optilab.analysis.curves import bands, ranked
from optilab.errors import InputError
from optilab.figures.captions import has_marker
from optilab.figures.compared import Compared
from optilab.figures.view import View
from optilab.plots import style
from optilab.plots.curves import NAMED, curves, name_ends, unnamed
from optilab.plots.scales import Frame, scale_counts, scale_y, showable
from optilab.records.columns import LOG_X

_NORMS = ("gradient_norm", "update_norm", "weight_norm")
_NARROW = 5.0  # inches of a figure
_HEIGHT = 1.7  # of a panel, in inches


def norms(view: View) -> Figure | None:
    """Median and quartiles of the norms over the run, a column of panels a problem; None where no norm was measured.

    InputError where no value is finite.
    """
    found = Compared.of(view)
    if found is None:
        return None
    history = found.history
    names = [name for name in _NORMS if name in history and history[name].notna().any()]
    if not names:
        return None
    x = found.time
    lines = {name: bands(history, found.runs, x, name).assign(y=lambda table: table["median"]) for name in names}
    if not any(showable(table["y"]).any() for table in lines.values()):
        raise InputError("no norm is finite anywhere")
    labels = ranked(bands(history, found.runs, x, "train_cost"))
    palette = style.colours_of(view.results.runs["label"], labels)
    columns = 1 if style.width() < _NARROW else 2
    problems = found.problems[:columns]
    height = max(_HEIGHT, 0.017 * style.points() * min(len(labels), NAMED) + 0.3)
    figure = Figure(figsize=(style.width(), height * len(names) + 1.2), layout="constrained")
    axes = figure.subplots(len(names), len(problems), squeeze=False, sharex="col")
    for column, problem in enumerate(problems):
        for row, name in enumerate(names):
            ax, there = axes[row, column], lines[name][lines[name]["problem"] == problem]
            frame = Frame.of(there)
            curves(there, ax, colours=palette, frame=frame)
            scale_y(ax, pd.concat([there[end] for end in ("y", "low", "high")]), frame, log=True)
            ax.set_ylabel(style.axis(name).replace("norm of the ", "norm of the\n") if column == 0 else "")
        bottom = axes[-1, column]
        if x in LOG_X:
            scale_counts(bottom, there)
        bottom.set_xlabel(style.axis(x))
        if len(found.problems) > 1:
            style.title(axes[0, column], problem)
    style.question(figure, view.question.text)
    one = found.runs["seed"].nunique() == 1
    text = f"{'A single run, of' if one else 'Median and interquartile band over'} {found.seeds()}." + found.lost()
    text += " × marks the last finite median." if any(has_marker(ax, "x") for ax in figure.axes) else ""
    hidden = len(found.problems) - len(problems)
    text += f" The first {len(problems)} of {len(found.problems)} problems." if hidden else ""
    style.caption(figure, text + found.left_out() + unnamed(len(labels)))
    for row, name in enumerate(names):
        last = lines[name][lines[name]["problem"] == problems[-1]]
        name_ends(last, axes[row, -1], palette, letters=16 if columns == 1 else 22)
    return figure
