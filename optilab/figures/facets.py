"""Figures of curves: few together, each named at its end; many in a panel each, before the others in grey."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from optilab.plots import style
from optilab.plots.curves import curves, name_ends, unnamed
from optilab.plots.panels import MOST
from optilab.plots.text import fitted, fitted_apart

FEW = 4  # curves whose bands can be told apart in one panel
_NARROW = 5.0  # inches of a figure


def facets(
    lines: pd.DataFrame,
    colours: Mapping[str, object],
    notes: Mapping[str, str],
    prepare: Callable[[Axes, pd.DataFrame], object],
    *,
    question: str,
    caption: str,
    steps: bool = False,
) -> tuple[Figure, list[Axes]]:
    """A figure of the curves of one problem, or of several, a panel a problem.

    lines: as of `plots.curves.curves`, with problem. notes: what stands beside the name of a label; of several problems "problem label" has
    its own. prepare: scales and names the axes of a panel, of which all lines are given. question, caption: above and below the panels.
    """
    problems = list(dict.fromkeys(lines["problem"]))
    if len(problems) == 1 and len(colours) > FEW:
        figure, axes = _one_each(lines, colours, notes, prepare, steps)
        style.question(figure, question)
        left = f" The best {MOST} of {len(colours)} lines have panels." if len(colours) > MOST else ""
        style.caption(figure, caption + left)
        return figure, axes
    narrow = style.width() < _NARROW
    across = 1 if narrow or len(problems) < 4 else 2
    figure, axes = _figure(len(problems[:MOST]), across, 0.8 if narrow or across == 2 else 0.46, shared=False)
    own = {}
    for ax, problem in zip(axes, problems, strict=False):
        there = lines[lines["problem"] == problem]
        own[problem] = {label: colour for label, colour in colours.items() if label in set(there["label"])}
        curves(there, ax, colours=own[problem], steps=steps, bands=len(own[problem]) <= FEW)
        prepare(ax, there)
        if len(problems) > 1:
            style.title(ax, problem)
    style.question(figure, question)
    style.caption(
        figure,
        caption
        + unnamed(len(colours))
        + (f" The first {MOST} of {len(problems)} problems." if len(problems) > MOST else ""),
    )
    for ax, problem in zip(axes, problems, strict=False):  # at last, when the heights of axes are final
        said = {label: notes.get(f"{problem} {label}", notes.get(label, "")) for label in own[problem]}
        name_ends(
            lines[lines["problem"] == problem], ax, own[problem], said, letters=18 if narrow or across == 2 else 34
        )
    return figure, axes


def _one_each(
    lines: pd.DataFrame,
    colours: Mapping[str, object],
    notes: Mapping[str, str],
    prepare: Callable[[Axes, pd.DataFrame], object],
    steps: bool,
) -> tuple[Figure, list[Axes]]:
    """A panel a label, with the same axes in each."""
    labels = list(colours)[:MOST]
    narrow = style.width() < _NARROW
    across = 2 if narrow else 4 if len(labels) > 6 else 3
    figure, axes = _figure(len(labels), across, 0.82, shared=True)
    room = 72 * style.width() / across - 24  # points for a name
    names_of = fitted_apart(labels, style.small(), room)
    for k, (ax, label) in enumerate(zip(axes, labels, strict=True)):
        curves(lines, ax, colours={one: colours[one] for one in labels}, steps=steps, before=label)
        note = notes.get(label, "")
        ax.set_title(
            names_of[k] + (f"\n{fitted(note, style.small(), room)}" if note else ""),
            loc="left",
            fontsize=style.small(),
        )
        if k == 0:
            prepare(ax, lines)  # the others share its axes
            names = ax.get_xlabel(), ax.get_ylabel()
        lowest = k + across >= len(labels)
        ax.set(xlabel=names[0] if lowest else "", ylabel="")
        ax.tick_params(labelleft=k % across == 0, labelbottom=lowest)
    figure.supylabel(names[1], fontsize=style.points())
    return figure, axes


def _figure(count: int, across: int, aspect: float, *, shared: bool) -> tuple[Figure, list[Axes]]:
    """A figure with room for a question and a caption; shared: whether all panels have the same axes."""
    columns = min(count, across)
    rows = -(-count // columns)
    figure = Figure(figsize=(style.width(), 1.2 + style.width() / columns * aspect * rows), layout="constrained")
    axes = list(figure.subplots(rows, columns, squeeze=False, sharex=shared, sharey=shared).flat)
    for ax in axes[count:]:
        ax.remove()
    return figure, axes[:count]
