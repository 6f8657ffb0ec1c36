"""Ranks over problems: the critical-difference diagram."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from optilab.analysis.cells import identified
from optilab.analysis.measured import final_values
from optilab.analysis.phrases import p_text
from optilab.analysis.ranking import Ranks
from optilab.analysis.ranking import ranks as ranked
from optilab.analysis.scores import everywhere, median_scores
from optilab.figures.captions import several_of
from optilab.figures.compared import Compared
from optilab.figures.view import View
from optilab.plots import style
from optilab.plots.ranks import lines_of
from optilab.plots.ranks import ranks as drawn

_NARROW = 5.0  # inches of a figure
_MOST = 60  # methods of a figure
_USUAL = 10.0  # points of text for which heights are
_LINE = 0.19  # height of a line, in inches


def ranks(view: View) -> Figure | None:
    """The critical-difference diagram of median final values; None with fewer than two problems or two methods that ran on all of them.

    InputError if no run lasted.
    """
    found = Compared.of(view)
    if found is None or len(found.problems) < 2:
        return None
    found.refuse_nothing()
    scores = median_scores(final_values(found.runs, found.measure))
    # a line that was tuned in vain on a problem is the last there
    for problem, label in identified(view.results.runs)[["problem", "label"]].drop_duplicates().itertuples(index=False):
        if problem in scores.index and label in scores and math.isnan(scores.loc[problem, label]):
            scores.loc[problem, label] = np.inf
    scores, partly = everywhere(scores)
    if scores.shape[1] < 2:
        return None
    text = f"Scores: median final {found.name} over {found.seeds()}."
    text += f" Left out, as they did not run on all problems: {several_of(partly)}." if partly else ""
    every = list(view.results.runs["label"])
    return ranks_figure(
        scores, view.question.text, text + found.lost(), alpha=1 - view.question.confidence, every=every
    )


def ranks_figure(
    scores: pd.DataFrame,
    question: str,
    text: str = "",
    *,
    lowest: bool = True,
    alpha: float = 0.05,
    every: list[str] | None = None,
) -> Figure:
    """The critical-difference diagram of a table of scores.

    scores, lowest, alpha: as of `optilab.analysis.ranks`. text: the end of the caption. every: all labels, for colours.
    """
    found = ranked(scores, lowest, alpha)
    means = found.mean_ranks.iloc[:_MOST]
    cliques = [[name for name in members if name in means] for members in found.cliques]
    cliques = [members for members in cliques if len(members) > 1]
    labels = [str(name) for name in means.index]
    palette = style.colours_of(every or labels, labels)
    height = _LINE * max(1.0, style.points() / _USUAL) * (lines_of(means, cliques) + 2.3)
    figure = Figure(figsize=(style.width(), height + 1.1), layout="constrained")
    ax = figure.subplots()
    letters = 11 if style.width() < _NARROW else 22
    drawn(means, cliques, found.critical_difference, ax, colours=palette, letters=letters)
    style.question(figure, question)
    said = f"Mean ranks of {len(found.mean_ranks)} lines on {found.n} problems, 1 is best"
    said += f" (Friedman: {_friedman(found)})." if math.isfinite(found.p) else "."
    said += f" Thick bars join those whose ranks differ by less than Nemenyi's critical difference, for all pairs at once at {100 * alpha:.3g} %."
    said += f" Beware: {found.reason}." if found.reason else ""
    said += f" The best {_MOST} are shown." if len(found.mean_ranks) > _MOST else ""
    style.caption(figure, f"{said} {text}")
    return figure


def _friedman(found: Ranks) -> str:
    """The test in figures: its F; where all problems rank alike F is infinite, however few they are, and chi2 is told in its place."""
    if math.isfinite(found.F):
        return f"F = {found.F:.2f}, {p_text(found.p_F)}"
    return f"χ² = {found.chi2:.2f}, {p_text(found.p)}"
