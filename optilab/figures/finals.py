"""Final values: every run a dot, medians with intervals, and the differences from the control with what they show."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from optilab.analysis.answer import verdict
from optilab.analysis.intervals import median_ranks
from optilab.analysis.measured import final_values, medians
from optilab.analysis.phrases import p_text
from optilab.analysis.resolution import few_seeds
from optilab.figures.captions import name_of
from optilab.figures.compared import Compared
from optilab.figures.view import View
from optilab.plots import style
from optilab.plots.differences import differences
from optilab.plots.strips import flip, strips
from optilab.plots.text import wrapped
from optilab.texts import counted

_MOST = 60  # rows of a figure
_ROW, _TALL = 0.31, 0.38  # height of a row, in inches; of one whose name has two lines
_AXIS = 0.62  # height of an axis with its name, in inches
_USUAL = 10.0  # points of text for which these heights are
_WIDE = 5.0  # inches from which the differences stand beside the strips


def finals(view: View) -> Figure | None:
    """Strips of final values, and beside them the paired differences from the control; None if no final value is known.

    InputError if no run lasted.
    """
    found = Compared.of(view)
    if found is None:
        return None
    found.refuse_nothing()
    question = view.question
    values = final_values(found.runs, found.measure)
    middles = medians(values, question.confidence)
    comparisons = _comparisons(found)
    many = middles["label"].nunique()
    middles = _best_rows(middles, found.control)
    several, shown = len(found.problems) > 1, _fitting(middles)
    beside = style.width() >= _WIDE
    letters = 22 if beside else 16
    palette = style.colours_of(view.results.runs["label"], dict.fromkeys(middles["label"]))
    long = middles["label"].str.len().max() > letters
    counts = [int((middles["problem"] == one).sum()) for one in shown]
    figure, axes = _panels(counts, _TALL if long else _ROW, compare=comparisons is not None, beside=beside)
    gap = f"difference from {name_of(found.control)}{' (points)' if found.shown.unit else ''}"
    for problem, (left, right) in zip(shown, axes, strict=True):
        there = middles[middles["problem"] == problem]
        strips(
            values[values["problem"] == problem], there, left, colours=palette, control=found.control, letters=letters
        )
        left.set_xlabel(f"final {found.name}{' (%)' if found.shown.unit else ''}")
        if found.shown.flipped:
            flip(left.xaxis)
        if several:
            style.title(left, problem)
        if right is not None and comparisons is not None and found.control is not None:
            own, labels = comparisons[comparisons["problem"] == problem], there["label"].tolist()
            differences(own, labels, right, control=found.control, colours=palette, letters=letters, beside=beside)
            right.set_xlabel(wrapped(gap, 26, 3))
            if found.shown.flipped:
                flip(right.xaxis)
            if beside:
                right.set_yticklabels([])
    style.question(figure, question.text)
    text = _strips_text(found, middles) + _differences_text(found, comparisons) + found.lost()
    text += f" The first {len(shown)} of {len(found.problems)} problems." if len(shown) < len(found.problems) else ""
    text += f" The best {_MOST - 1} of {many} lines and the control." if many > _MOST else ""
    if any(line.get_gid() == "below" for left, _ in axes for line in left.get_lines()):
        text += " ◀: 0, or rounding beside the others."
    style.caption(figure, text + found.left_out())
    return figure


def _panels(
    counts: list[int], row: float, *, compare: bool, beside: bool
) -> tuple[Figure, list[tuple[Axes, Axes | None]]]:
    """A figure with a pair of panels a problem, beside each other or one below the other, as high as their rows."""
    scale = max(1.0, style.points() / _USUAL)
    heights = [scale * (_AXIS + row * count) for count in counts]
    columns = 2 if compare and beside else 1
    if compare and not beside:
        heights = [
            each
            for height, count in zip(heights, counts, strict=True)
            for each in (height, height + 0.12 * scale * count)
        ]
    figure = Figure(figsize=(style.width(), sum(heights) + 1.0), layout="constrained")
    widths = [1.15, 1.0][:columns]
    grid = figure.subplots(len(heights), columns, squeeze=False, height_ratios=heights, width_ratios=widths)
    flat = list(grid.flat)
    if not compare:
        return figure, [(ax, None) for ax in flat]
    return figure, list(zip(flat[::2], flat[1::2], strict=True))


def _best_rows(middles: pd.DataFrame, control: str | None) -> pd.DataFrame:
    """The best rows of each problem, as many as fit into a figure, and that of the control."""
    place = middles.groupby("problem").cumcount()
    return middles[(place < _MOST - 1) | (middles["label"] == control)]


def _fitting(middles: pd.DataFrame) -> list[str]:
    """The first problems whose rows fit into a figure, at least one."""
    rows = middles.groupby("problem", sort=False).size().cumsum()
    return [str(name) for k, (name, count) in enumerate(rows.items()) if k == 0 or count <= _MOST]


def _comparisons(found: Compared) -> pd.DataFrame | None:
    """The comparisons with the control as they are drawn; None where there is nothing to compare.

    Runs that ended at a target of the measure have final values that say nothing, so they are not compared.
    """
    runs, question = found.runs, found.view.question
    stopped = found.measure in question.stopped_at and runs["status"].eq("target").any()
    if found.control is None or stopped or runs["label"].nunique() < 2:
        return None
    given = runs.assign(label=runs["label"].astype(str))
    made = verdict(given, found.measure, found.control, confidence=question.confidence).comparisons
    if made.empty or not made["random"].any():
        return None
    ends = np.stack([found.shown.gaps(made["low"]), found.shown.gaps(made["high"])])
    exact = [median_ranks(n, question.confidence) is not None for n in made["n"]]
    made = made.assign(
        difference=found.shown.gaps(made["difference"]),
        low=np.where(exact, ends.min(axis=0), np.nan),
        high=np.where(exact, ends.max(axis=0), np.nan),
        note=[
            f" ({p_text(p)})" if random else " (nothing random)"
            for p, random in zip(made["p_holm"], made["random"], strict=True)
        ],
    )
    return made[made["n"] > 0]


def _strips_text(found: Compared, middles: pd.DataFrame) -> str:
    """What the dots and bars are."""
    percent = f"{100 * found.view.question.confidence:g} %"
    text = f"Dots are runs, the better the further left: {found.seeds()}."
    exact = middles["low"].notna()
    if middles["n"].max() == 1:
        return text
    if not exact.any():
        return text + f" Strokes are medians; the runs are too few for an exact {percent} interval."
    return (
        text
        + f" Strokes are medians, bars exact {percent} intervals"
        + ("." if exact.all() else " where runs are enough.")
    )


def _differences_text(found: Compared, comparisons: pd.DataFrame | None) -> str:
    """What the differences are, and when one counts as better or worse."""
    question = found.view.question
    if comparisons is None:
        stopped = found.measure in question.stopped_at and found.runs["status"].eq("target").any()
        return " Runs ended at a target, so their final values are not compared." if stopped else ""
    alpha = 1 - question.confidence
    family = int((comparisons["random"] & (comparisons["n"] > 0)).sum())
    text = " Differences: medians over paired seeds" + (
        ", with exact intervals" if comparisons["low"].notna().any() else ""
    )
    text += f"; better or worse where interval and sign-flip test agree (p ≤ {f'{alpha:.2g}'.removeprefix('0')}"
    text += f", Holm over {counted(family, 'comparison')})." if family > 1 else ")."
    warning = few_seeds(int(comparisons["n"].max()), family, alpha) if family else ""
    return text + (f" {warning}" if warning else "")
