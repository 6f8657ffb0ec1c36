"""The critical-difference diagram: what is drawn is what `analysis.ranks` says."""

from __future__ import annotations

import itertools
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from analysis.demsar import METHODS, TABLE
from analysis.published import tabular_means
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from optilab.analysis import critical_difference, ranks
from optilab.figures.ranks import ranks_figure
from optilab.plots import style


def drawn(scores: pd.DataFrame, width: float = 7.0, **given: Any) -> Figure:
    """The diagram of a table of accuracies."""
    with style.theme(), mpl.rc_context({"figure.figsize": (width, 4.0)}):
        figure = ranks_figure(scores, "Which?", lowest=False, **given)
        FigureCanvasAgg(figure).draw()
    return figure


def points(ax: Axes, gid: str) -> list[np.ndarray[Any, Any]]:
    """The points of the lines with this name."""
    return [np.asarray(line.get_xydata(), float) for line in ax.get_lines() if line.get_gid() == gid]


def names(ax: Axes) -> dict[str, Any]:
    """Where each method's name is, with its printed rank."""
    return {text.get_text(): text.get_window_extent() for text in ax.texts if text.get_gid() == "name"}


def test_demsars_figure() -> None:
    """Of Demšar's table 6 at 10 %: the ranks, the difference of 1.12, and two bars, so that C4.5 differs from +m and +m+cf alone."""
    figure = drawn(TABLE, alpha=0.1)
    (ax,) = figure.axes
    found = ranks(TABLE, lowest=False, alpha=0.1)
    for label in METHODS:
        (line,) = points(ax, f"rank {label}")
        assert line[0].tolist() == [found.mean_ranks[label], 0]
        assert line[1, 0] == found.mean_ranks[label]
    (bar,) = points(ax, "difference")
    assert np.diff(bar[:, 0]) == pytest.approx(critical_difference(4, 14, 0.1))
    assert np.diff(bar[:, 0]) == pytest.approx(1.1181, abs=1e-4)
    joined = [
        {m for m in METHODS if clique[0, 0] <= found.mean_ranks[m] <= clique[1, 0]} for clique in points(ax, "clique")
    ]
    assert joined == [{"C4.5+m+cf", "C4.5+m", "C4.5+cf"}, {"C4.5+cf", "C4.5"}]
    assert "at 10 %" in " ".join(figure.get_supxlabel().split())


def test_bars_are_the_cliques_and_never_touch() -> None:
    """Of sixteen methods on seventeen data sets: each clique has a bar over its members, and bars on one line don't meet."""
    scores = tabular_means()
    found = ranks(scores, lowest=False)
    figure = drawn(scores)
    bars = points(figure.axes[0], "clique")
    assert len(bars) == len(found.cliques)
    for bar, members in zip(bars, found.cliques, strict=True):
        inside = [name for name, rank in found.mean_ranks.items() if bar[0, 0] <= rank <= bar[1, 0]]
        assert inside == list(members)
    for one, other in itertools.combinations(bars, 2):
        assert one[0, 1] != other[0, 1] or one[1, 0] < other[0, 0] or other[1, 0] < one[0, 0]
    assert "critical difference 5.59" in [text.get_text() for text in figure.axes[0].texts]
    assert "Beware: 16 methods on 17 problems" in " ".join(figure.get_supxlabel().split())


@pytest.mark.parametrize("width", [3.3, 7.0])
def test_twenty_names_do_not_overlap(width: float) -> None:
    """Up to twenty methods, in one column and in two: no name lies on another or leaves the figure; the better half is at the left."""
    scores = pd.DataFrame(np.random.default_rng(0).random((30, 20)), columns=[f"method {k:02}" for k in range(20)])
    figure = drawn(scores, width)
    boxes = names(figure.axes[0])
    assert len(boxes) == 20
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes.values(), 2))
    box = figure.get_tightbbox()
    assert box.x0 > -0.1
    assert box.x1 < width + 0.1
    best = ranks(scores, lowest=False).mean_ranks.index[:10]
    middle = figure.axes[0].get_window_extent().x0
    assert {text.split("  ")[0] for text, one in boxes.items() if one.x1 < middle + 1} == set(best)


def test_lines_to_names_do_not_cross() -> None:
    """From the axis each line goes down and out; no horizontal part meets the vertical part of another."""
    (ax,) = drawn(tabular_means()).axes
    lines = [np.asarray(line.get_xydata(), float) for line in ax.get_lines() if str(line.get_gid()).startswith("rank ")]
    for one, other in itertools.permutations(lines, 2):
        y, (left, right) = one[2, 1], sorted(one[1:, 0])
        assert not (left < other[0, 0] < right and y < other[1, 1])


def test_the_order_of_rows_and_columns_changes_nothing() -> None:
    """Shuffled scores are the same diagram."""
    scores = tabular_means()
    other = scores.sample(frac=1, random_state=1).sample(frac=1, axis=1, random_state=2)
    assert list(names(drawn(scores).axes[0])) == list(names(drawn(other).axes[0]))


def test_odd_scores_have_a_diagram() -> None:
    """Two methods on one problem, nothing but ties, and a difference beyond the axis are drawn."""
    for scores in (
        pd.DataFrame({"a": [1.0], "b": [2.0]}),
        pd.DataFrame({"a": [1.0, 1], "b": [1.0, 1], "$c$": [1.0, np.inf]}),
    ):
        (ax,) = drawn(scores).axes
        assert len(names(ax)) == scores.shape[1]
        assert len(points(ax, "difference")) == 1


def test_two_problems_that_rank_alike_prove_nothing() -> None:
    """F is infinite and its p is 0 there, however few problems there are: the caption tells chi2, which knows how many."""
    scores = pd.DataFrame({"ours": [1.0, 2.0], "theirs": [2.0, 3.0]}, index=["bowl", "valley"])
    text = " ".join(one.get_text().replace("\n", " ") for one in ranks_figure(scores, "Which?").texts)
    assert "Friedman: χ² = 2.00, p = .157" in text
