"""Final values: what stands on the picture is what the statistics say."""

from __future__ import annotations

import itertools
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from figures.made_up import ended, shuffled
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from optilab.analysis import interval, paired, verdict
from optilab.errors import InputError
from optilab.figures.finals import finals
from optilab.figures.view import View
from optilab.plots import style
from pictures import rendered

BASE = [0.30, 0.31, 0.29, 0.33, 0.30, 0.28, 0.32, 0.31]
OURS = [0.25, 0.27, 0.21, 0.28, 0.26, 0.20, 0.26, 0.27]
THREE = {"p": {"base": BASE, "ours": OURS, "wild": [0.4, 0.3, np.inf, 0.5, 0.2, np.inf, 0.3, np.inf]}}


def artists(ax: Axes, gid: str) -> list[np.ndarray[Any, Any]]:
    """The points of the lines with this name, in their order."""
    return [np.asarray(line.get_xydata(), float) for line in ax.get_lines() if line.get_gid() == gid]


def caption(figure: Figure) -> str:
    """The caption on one line."""
    return " ".join(figure.get_supxlabel().split())


def names(ax: Axes) -> list[str]:
    """The names of rows, from the top."""
    return [text.get_text() for text in ax.get_yticklabels()]


def drawn(values: Any, width: float = 7.0, **given: Any) -> Figure:
    """The picture of made up results, of a width in inches."""
    with style.theme(), mpl.rc_context({"figure.figsize": (width, 4.4)}):
        return rendered(finals(View(ended(values, **given))))


def test_every_run_is_a_dot_at_its_value() -> None:
    """The dots of a row are the finite final values of its seeds; the best median is on top."""
    left, _ = drawn(THREE).axes
    assert names(left) == ["ours", "base", "wild"]
    rows = artists(left, "runs")
    for row, values in zip(rows, (OURS, BASE, THREE["p"]["wild"]), strict=True):
        np.testing.assert_allclose(np.sort(row[:, 0]), np.sort([v for v in values if np.isfinite(v)]))
    assert [set(np.round(row[:, 1])) for row in rows] == [{0}, {1}, {2}]


def test_medians_have_their_exact_intervals() -> None:
    """Strokes and bars are those of `analysis.interval`; an infinite end is an arrow at the edge."""
    left, _ = drawn(THREE).axes
    medians, bars = artists(left, "median"), artists(left, "interval")
    for values, median, bar in zip((OURS, BASE, THREE["p"]["wild"]), medians, bars, strict=True):
        found = interval(values)
        assert median[0, 0] == found.estimate
        edge = left.get_xlim()[1]
        np.testing.assert_allclose(bar[:, 0], [found.low, min(found.high, edge)])
    (beyond,) = artists(left, "beyond")
    assert beyond[0, 0] == left.get_xlim()[1]


def test_lost_runs_are_at_the_edge_with_their_number() -> None:
    """Three of eight runs have one cross at the right edge, a count beside it, and a sentence."""
    figure = drawn(THREE)
    left, _ = figure.axes
    (cross,) = artists(left, "lost")
    assert cross[0, 0] == 1.0  # in the axes
    assert "3 of 8" in [text.get_text() for text in left.texts]
    assert "Did not last: 3 of wild diverged." in caption(figure)


def test_differences_are_those_of_the_verdict() -> None:
    """Dots, bars and words are the comparisons of `analysis.verdict`: the interval and p must agree."""
    results = ended(THREE)
    made = verdict(results.runs, "test_cost", "base").comparisons.set_index("label")
    _, right = drawn(THREE).axes
    dots, bars = artists(right, "difference"), artists(right, "interval")
    for label, dot, bar in zip(("ours", "wild"), dots, bars, strict=True):
        assert dot[0, 0] == pytest.approx(np.clip(made["difference"].astype(float)[label], *right.get_xlim()))
        np.testing.assert_allclose(
            bar[:, 0], np.clip(made.loc[label, ["low", "high"]].astype(float), *right.get_xlim())
        )
    told = [text.get_text() for text in right.texts]
    assert told[0].startswith("better (p = .016")
    assert told[1] == "control"
    assert told[2].startswith("undecided")
    assert made.loc["ours", "p_holm"] == pytest.approx(2 * paired(OURS, BASE).p)


def test_shapes_tell_outcomes_apart_without_colour() -> None:
    """Better points to the left, worse to the right, and what is undecided is an open dot."""
    values = {
        "p": {"base": BASE, "ours": OURS, "bad": [b + 0.1 + 0.01 * k for k, b in enumerate(BASE)], "same": BASE[::-1]}
    }
    _, right = drawn(values).axes
    found = [line for line in right.get_lines() if line.get_gid() == "difference"]
    assert names(drawn(values).axes[0]) == ["ours", "base", "same", "bad"]
    assert [line.get_marker() for line in found] == ["<", "o", ">"]
    assert found[1].get_markerfacecolor() == pytest.approx(style.shade(1.0))


def test_an_accuracy_is_an_error_in_percent() -> None:
    """Accuracies of 93 and 94 % are errors of 7 and 6 %, the best on top, differences in points to the left where they are better."""
    low = [0.93 + 0.001 * k for k in range(8)]
    figure = drawn({"p": {"a": low, "b": [v + 0.01 for v in low]}}, measure="test_accuracy")
    left, right = figure.axes
    assert left.get_xlabel() == "final test error (%)"
    assert names(left) == ["b", "a"]
    np.testing.assert_allclose(np.sort(artists(left, "runs")[1][:, 0]), np.sort([100 - 100 * v for v in low]))
    assert artists(right, "difference")[0][0, 0] == pytest.approx(-1.0)
    assert right.get_xlabel().split() == ["difference", "from", "a", "(points)"]
    assert right.texts[0].get_text().startswith("better")


def test_a_score_has_its_best_at_the_left() -> None:
    """Of a score the highest is best: it is on top and at the left, ticks and differences have its own sign."""
    low = [0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5]
    figure = drawn({"p": {"a": low, "b": [v + 10 + 0.1 * v for v in low]}}, measure="exam_score")
    left, right = figure.axes
    assert names(left) == ["b", "a"]
    assert left.get_xlabel() == "final exam score"
    ticks = [(float(text.get_text().replace("−", "-")), text.get_position()[0]) for text in left.get_xticklabels()]
    assert len(ticks) > 2
    assert all(place == -named for named, place in ticks)
    assert artists(left, "median")[1][0, 0] == pytest.approx(-np.median(low))
    assert artists(right, "difference")[0][0, 0] < -10
    assert right.texts[0].get_text().startswith("better")
    assert float(right.get_xticklabels()[0].get_text()) > 0
    lost = drawn({"p": {"a": [1.0, 2.0], "b": [5.0, -np.inf]}}, measure="exam_score")
    assert len(artists(lost.axes[0], "lost")) == 1


def test_the_caption_says_n_method_and_family() -> None:
    """How many seeds, which interval, which test, corrected over how many comparisons."""
    text = caption(drawn(THREE))
    assert "8 seeds (0 to 7)" in text
    assert "exact 95 % intervals" in text
    assert "sign-flip" in text
    assert "p ≤ .05, Holm over 2 comparisons" in text


def test_few_seeds_have_no_interval_and_show_nothing() -> None:
    """Of three seeds there is no exact interval, no better and no worse, and the caption says so."""
    figure = drawn({"p": {"a": [1.0, 2, 3], "b": [0.1, 0.2, 0.3]}})
    left, right = figure.axes
    assert artists(left, "interval") == artists(right, "interval") == []
    assert right.texts[0].get_text().startswith("undecided")
    assert "too few for an exact 95 % interval" in caption(figure)
    assert "3 seeds can't show which one is better" in caption(figure)


def test_zero_is_at_the_left_edge() -> None:
    """On a logarithmic axis, 0 and what is rounding beside the others have triangles at the edge, and a sentence."""
    figure = drawn({"p": {"a": [0.0, 1e-30, 1e-3, 2e-3, 1e-2, 2e-2], "b": [1.0, 2, 3, 4, 5, 6]}})
    (below,) = artists(figure.axes[0], "below")
    assert below[:, 0].tolist() == [0, 0]
    assert "◀: 0, or rounding" in caption(figure)
    assert len(artists(figure.axes[0], "runs")[0]) == 4


@pytest.mark.parametrize("width", [3.3, 7.0])
def test_nothing_is_cut_off(width: float) -> None:
    """In one column and in two, everything lies on the figure, and names of rows don't overlap."""
    figure = drawn(
        {"p": {f"a method with a name {k}": [1 + 0.1 * k + 0.01 * s for s in range(8)] for k in range(8)}}, width
    )
    box = figure.get_tightbbox()
    assert box.x0 >= -0.35
    assert box.x1 <= width + 0.35
    boxes = [text.get_window_extent() for text in figure.axes[0].get_yticklabels()]
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))
    assert (figure.axes[1].get_position().y1 < figure.axes[0].get_position().y0) == (width < 5)


def test_the_order_of_runs_changes_nothing() -> None:
    """Shuffled rows are the same picture."""
    one, other = ended(THREE, control="base"), shuffled(ended(THREE, control="base"))
    with style.theme():
        first, second = (rendered(finals(View(results))) for results in (one, other))
    for left, right in zip(first.axes, second.axes, strict=True):
        assert names(left) == names(right)
        for gid in ("runs", "median", "interval", "difference"):
            for a, b in zip(artists(left, gid), artists(right, gid), strict=True):
                np.testing.assert_array_equal(a, b)
    assert caption(first) == caption(second)


def test_problems_are_below_each_other() -> None:
    """Each problem has its own panels under its name; those beyond sixty rows are counted, not dropped in silence."""
    figure = drawn({f"problem {k}": {f"m{j}": [1.0 + j] for j in range(25)} for k in range(3)})
    assert [ax.get_title(loc="left") for ax in figure.axes[::2]] == ["problem 0", "problem 1"]
    assert "The first 2 of 3 problems." in caption(figure)


def test_runs_that_stopped_at_a_target_are_not_compared() -> None:
    """Their last values say nothing, so there is one panel, and a sentence."""
    results = ended({"p": {"a": BASE, "b": OURS}}, stopped_at={"test_cost": 0.3})
    results = type(results)(
        results.folder, results.runs.assign(status="target"), results.history, None, results.question
    )
    figure = rendered(finals(View(results)))
    assert len(figure.axes) == 1
    assert "Runs ended at a target, so their final values are not compared." in caption(figure)


def test_no_values_are_no_picture() -> None:
    """Without a final value there is none; where every run diverged there is a sentence."""
    results = ended({"p": {"a": BASE}})
    bare = type(results)(
        results.folder, results.runs.assign(final_test_cost=np.nan), results.history, None, results.question
    )
    assert finals(View(bare)) is None
    with pytest.raises(InputError, match="no run lasted to a finite test cost"):
        finals(View(ended({"p": {"a": [np.inf, np.inf], "b": [np.inf]}})))


def test_the_measure_may_be_chosen() -> None:
    """--y takes the place of the question's measure."""
    results = ended({"p": {"a": BASE, "b": OURS}})
    runs = results.runs.assign(final_test_accuracy=1 - results.runs["final_test_cost"])
    chosen = type(results)(results.folder, runs, results.history, None, results.question)
    assert rendered(finals(View(chosen, y="test_accuracy", asked=True))).axes[0].get_xlabel() == "final test error (%)"


@pytest.mark.parametrize(
    "values",
    [
        {"a": [0.5]},
        {"a": [0.5], "b": [0.4]},
        {"a": [-1.0, -2.0, 0.0], "b": [3.0, 1e90, 2.0]},
        {"a": [0.0, 0.0], "b": [0.0, 0.0]},
        {"a": [1.0, np.inf], "b": [np.inf, np.inf]},
        {"a": [1.0, 2.0, 3.0], "b": [1.0]},
        {"$x$": [1.0], "<b>&amp;</b>": [2.0], "\x1b[31mred": [3.0], "\u202eabc": [4.0], "x" * 500: [1.0]},
        {"a": [1e-300, 1e300], "b": [5e-324, 1e99]},
    ],
)
def test_odd_values_have_a_picture(values: dict[str, list[float]]) -> None:
    """One run, one seed, unequal seeds, signs, zeros, infinities and odd names are drawn without a warning."""
    figure = drawn({"p": values}, 7.0 if len(values) > 1 else 3.3)
    assert len(names(figure.axes[0])) == len(values)
    assert pd.Series(names(figure.axes[0])).str.len().max() < 50


def test_an_infinite_difference_has_no_place_but_an_arrow() -> None:
    """No dot stands for it; an arrow at the edge and a word do. Without a finite size the axis has no numbers but 0."""
    _, right = drawn({"p": {"a": [1.0, 2.0, 3.0], "b": [np.inf, np.inf, 1.0]}}).axes
    assert not artists(right, "difference")
    (arrow,) = artists(right, "gone")
    assert arrow[0, 0] == right.get_xlim()[1]
    assert "infinite" in [text.get_text() for text in right.texts]
    assert right.get_xticks().tolist() == [0.0]


def test_very_many_lines_leave_the_best_and_the_control() -> None:
    """Of seventy lines the best 59 and the control have rows, and the caption says so; all are corrected for."""
    figure = drawn({"p": {f"m{k:02}": [1.0 + k, 1.5 + k] for k in range(70)}}, control="m69")
    assert names(figure.axes[0]) == [f"m{k:02}" for k in (*range(59), 69)]
    assert "The best 59 of 70 lines and the control." in caption(figure)
    assert "Holm over 69 comparisons" in caption(figure)


@pytest.mark.parametrize("width", [3.3, 7.0])
def test_long_names_with_one_beginning_are_told_apart(width: float) -> None:
    """No two rows have one name, and each has the part in which it differs."""
    chain = "clip_by_global_norm | weight_decay on matrices | momentum with "
    values = {f"{chain}{rest}": [1.0 + k, 2.0 + k] for k, rest in enumerate(["restarts", "warmup", "noise"])}
    for ax in drawn({"p": values}, width).axes:
        own = names(ax)
        assert len(set(own)) == 3 or not any(own)
        assert not any(own) or all(any(rest[:4] in name for name in own) for rest in ("restarts", "warmup", "noise"))
