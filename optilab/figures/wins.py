"""Win rates: how often each method beats each other one on the same seed of the same problem."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from optilab.analysis.duels import win_rates
from optilab.analysis.measured import final_values
from optilab.analysis.scores import median_scores
from optilab.figures.compared import Compared
from optilab.figures.view import View
from optilab.plots import style
from optilab.plots.matrix import wins as drawn

_MOST = 40  # methods of a figure
_NARROW = 5.0  # inches of a figure


def wins(view: View) -> Figure | None:
    """The matrix of win rates, methods in the order of their mean ranks; None with fewer than two methods, or where no two of them share two runs.

    InputError if no run lasted.
    """
    found = Compared.of(view)
    if found is None or found.runs["label"].nunique() < 2:
        return None
    found.refuse_nothing()
    values = final_values(found.runs, found.measure)
    if "is_random" in found.runs:
        values = values.assign(is_random=found.runs["is_random"])
    scores = median_scores(values).fillna(np.inf)
    order = scores.rank(axis=1).mean().sort_values(kind="stable").index[:_MOST]
    made = win_rates(values[values["label"].isin(order)])
    pairs = made.pairs.to_numpy()
    if pairs[~np.eye(len(pairs), dtype=bool)].max() < 2:
        return None
    figure = Figure(figsize=(style.width(), _height(len(order))), layout="constrained")
    drawn(made.rates.loc[order, order], figure.subplots(), letters=16 if style.width() < _NARROW else 22)
    style.question(figure, view.question.text)
    style.caption(figure, _text(found, made.pairs, scores.shape[1]))
    return figure


def _height(count: int) -> float:
    """Inches: of a square matrix, a question and a caption."""
    return (1.5 if style.width() > _NARROW else 1.7) + min(0.62 * style.width(), 0.45 * count)


def _text(found: Compared, pairs: pd.DataFrame, count: int) -> str:
    off = pairs.to_numpy()[~np.eye(len(pairs), dtype=bool)]
    some = off[off > 0]
    each = f"{some.min()}" if some.min() == some.max() else f"{some.min()} to {some.max()}"
    problems = f" of {len(found.problems)} problems, which have the same weight" if len(found.problems) > 1 else ""
    text = (
        f"Percent of paired runs in which the row's final {found.name} is better than the column's, ties counted half; "
    )
    text += f"best mean rank on top. {each} pairs each, over {found.seeds()}{problems}."
    text += f" The best {len(pairs)} of {count} lines." if len(pairs) < count else ""
    text += " – : no seed in common." if (off == 0).any() else ""
    return text + found.lost() + found.left_out()
