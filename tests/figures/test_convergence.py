"""Convergence: what stands on its pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from figures.looks import legend_of, line_colours, made, names
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from optilab.plots import style
from optilab.plots.convergence import convergence as convergence_plot
from optilab.store import Results
from pictures import draw


def test_convergence_on_functions(two_weights: Results, figures: list[Figure]) -> None:
    """Each problem has axes under its name, with units; the legend names the labels; the caption says over what."""
    draw(two_weights, ("convergence",))
    (figure,) = figures
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["bowl", "rosenbrock"]
    for ax in figure.axes:
        assert ax.get_xlabel() == "steps"
        assert "cost" in ax.get_ylabel()
        assert ax.get_yscale() == "log"
    assert sorted(legend_of(figure)) == ["my adam", "sgd", "wild"]
    assert len(line_colours(figure.axes[0])) == 3
    assert "Who arrives?" in figure.get_suptitle()


def test_lines_are_drawn_once_where_nothing_stands_beside_them(
    two_weights: Results, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whether ends need axes of their own is seen on the picture itself: it is drawn anew only where they do."""
    drawn: list[Axes] = []
    monkeypatch.setattr(
        "optilab.plots.convergence.convergence",
        lambda lines, ax, **named: drawn.append(ax) or convergence_plot(lines, ax, **named),
    )
    for close in (False, True):
        drawn.clear()
        monkeypatch.setattr("optilab.figures.convergence.close_ends", lambda *_, close=close: close)
        draw(two_weights, ("convergence",), out=tmp_path)
        assert len(drawn) == len(set(drawn)) == (4 if close else 2)


def test_the_caption_tells_seeds_and_band(two_weights: Results, images: Results, figures: list[Figure]) -> None:
    """How many seeds and which, which band, on which seeds hyperparameters were chosen, and what diverged."""
    draw(two_weights, ("convergence",))
    draw(images, ("convergence",))
    here, there = (" ".join(figure.get_supxlabel().split()) for figure in figures)
    assert "3 seeds (0 to 2)" in here
    assert "Median and each of 3 seeds" in here  # three are too few for quartiles
    assert "same seed" in here
    assert "3 of wild diverged" in here.replace("6 of", "3 of")
    assert "2 seeds (0 to 1)" in there
    assert "1 other seed" in there
    assert "by final training cost" in here
    assert "by final test cost, on the test examples themselves," in there
    assert "diverged" not in there


def test_convergence_of_a_network(images: Results, figures: list[Figure]) -> None:
    """The usual x of a network is epochs; other columns have their own names and files."""
    draw(images, ("convergence",))
    drawn = draw(images, ("convergence",), x="seconds", y="test_accuracy")
    drawn += draw(images, ("convergence",), x="gradient_evaluations", y="train_cost")
    assert len(set(names(drawn))) == 2
    assert "convergence.png" not in names(drawn)
    axes = [figure.axes[0] for figure in figures]
    assert [ax.get_xlabel() for ax in axes] == ["epochs", "training time (seconds)", "gradient evaluations"]
    assert [ax.get_ylabel() for ax in axes] == ["training cost", "test error (%)", "training cost"]


@pytest.mark.parametrize("y", ["gradient_norm", "update_norm", "weight_norm", "lr", "test_cost", "train_accuracy"])
def test_any_measure_can_be_drawn(images: Results, y: str) -> None:
    """Every column that was measured has a picture."""
    assert names(draw(images, ("convergence",), y=y)) == [f"convergence-{y}.png"]


def test_lines_are_medians(images: Results, figures: list[Figure]) -> None:
    """What is drawn is the median over the seeds of the chosen cell."""
    draw(images, ("convergence",))
    line = next(line for line in figures[0].axes[0].get_lines() if str(line.get_label()).startswith("adam"))
    runs = images.runs[images.runs["role"] == "evaluation"]
    history = images.history[images.history["run_id"].isin(runs["run_id"])]
    np.testing.assert_allclose(np.asarray(line.get_ydata()), history.groupby("epoch")["train_cost"].median())


def test_no_more_than_eight_colours(tmp_path: Path, figures: list[Figure]) -> None:
    """Of many lines the best eight have colours, each its own; the rest are grey."""
    optimizers = [{"use": "sgd", "lr": 0.002 * k, "label": f"line {k}"} for k in range(1, 16)]
    results = made(tmp_path / "r", seeds=1, problem={"use": "bowl"}, optimizers=optimizers)
    draw(results, ("convergence",))
    colours = line_colours(figures[0].axes[0])
    with style.theme():
        grey = style.grey()
    assert len(colours - {grey}) == 8
    assert {to_hex(np.asarray(one.get_edgecolor())[0]) for one in figures[0].axes[0].collections} >= {grey}
    assert legend_of(figures[0]) == [*(f"line {k}" for k in range(15, 7, -1)), "7 others"]


def test_colours_are_told_apart() -> None:
    """Twelve labels have twelve colours, and none of them is the grey of the rest."""
    palette: dict[str, Any] = {**style.colours("abcdefghijkl")}
    found = [to_hex(colour) for colour in palette.values()]
    assert len(set(found)) == 12
    assert style.grey() not in found


def test_a_cross_marks_where_a_line_diverged() -> None:
    """The last finite median of a line that ends in infinity carries a cross."""
    columns = ["label", "x", "median", "low", "high"]
    rows = [
        ("a", 1, 5, 4, 6),
        ("a", 2, 3, 2, np.inf),
        ("a", 3, np.inf, 3, np.inf),
        ("b", 1, 5, 5, 5),
        ("b", 3, 1, 1, 1),
    ]
    figure, ax = plt.subplots()
    convergence_plot(pd.DataFrame(rows, columns=columns), ax, colours={"a": "red", "b": "blue"})
    crosses = [np.asarray(line.get_xydata()).tolist() for line in ax.get_lines() if line.get_marker() == "x"]
    plt.close(figure)
    assert crosses == [[[2, 3]]]


def test_a_line_that_is_never_finite_is_no_trouble() -> None:
    """A line that is infinite from the start, or not there at all, leaves the others as they are."""
    rows = [("a", 0, np.inf, np.inf, np.inf), ("b", 0, 5, 5, 5), ("b", 1, 1, 1, 1)]
    lines = pd.DataFrame(rows, columns=["label", "x", "median", "low", "high"])
    figure, ax = plt.subplots()
    convergence_plot(lines, ax, x="step", colours={"a": "red", "b": "blue", "c": "green"})
    figure.canvas.draw()
    drawn = [line.get_label() for line in ax.get_lines() if not str(line.get_label()).startswith("_")]
    plt.close(figure)
    assert drawn == ["b"]


@pytest.mark.parametrize("highest", [1e30, 1e300])
def test_costs_of_any_size_can_be_drawn(highest: float) -> None:
    """A line that climbs to where float64 ends is drawn beside one that falls to where it begins."""
    rows = [
        ("a", 0, 1.0, 1.0, 1.0),
        ("a", 1, highest, 1.0, highest),
        ("b", 0, 1.0, 1.0, 1.0),
        ("b", 1, 1e-30, 0.0, 1.0),
    ]
    lines = pd.DataFrame(rows, columns=["label", "x", "median", "low", "high"])
    figure, ax = plt.subplots()
    convergence_plot(lines, ax, x="step", colours={"a": "red", "b": "blue"})
    figure.canvas.draw()
    plt.close(figure)
    assert ax.get_yscale() == "log"
