"""Legends, colours and captions of pictures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from figures.labels import legend
from figures.looks import legend_of
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from optilab.experiment.experiment import Experiment
from optilab.figures.convergence import convergence
from optilab.figures.kinds import KINDS
from optilab.figures.path import path
from optilab.figures.view import View
from optilab.plots import style
from optilab.runner.remaking import made_again
from optilab.runner.run import run_experiment
from optilab.runner.session import Way
from optilab.store import Results
from pictures import drawn_lines, made, rendered


def test_of_sixty_lines_the_best_are_named(tmp_path: Path) -> None:
    """The best eight are named beside their ends, the others are counted, and the best lie on top."""
    many = [{"use": "sgd", "lr": 1e-3 + 1e-5 * k, "label": f"line {k}"} for k in range(60)]
    results = made(tmp_path / "r", seeds=1, problem={"use": "bowl"}, optimizers=many)
    figure = rendered(convergence(View(results)))
    assert legend(figure) == [*(f"line {k}" for k in range(59, 51, -1)), "52 others"]
    above = {line.get_label(): line.get_zorder() for line in figure.axes[0].get_lines()}
    assert above["line 59"] > above["line 52"]


def test_sixty_paths_on_contours_are_panels_of_a_page(tmp_path: Path) -> None:
    """Of sixty lines on a function of two weights the first 24 have a panel each, in the file's order, and the caption says so."""
    many = [{"use": "sgd", "lr": 1e-3 + 1e-5 * k, "label": f"line {k}"} for k in range(60)]
    results = made(tmp_path / "r", seeds=1, problem={"use": "bowl"}, optimizers=many)
    figure = rendered(path(View(results)))
    assert [ax.get_title(loc="left") for ax in figure.axes] == [f"line {k}" for k in range(24)]
    assert "The first 24 of 60 panels." in " ".join(figure.get_supxlabel().split())


def test_lines_without_a_name_are_below_the_others(tmp_path: Path) -> None:
    """They are one collection of thin grey lines, of their medians."""
    many = [{"use": "sgd", "lr": 1e-3 + 1e-5 * k, "label": f"line {k}"} for k in range(10)]
    results = made(tmp_path / "r", seeds=1, problem={"use": "bowl"}, optimizers=many)
    ax = rendered(convergence(View(results))).axes[0]
    grey = [one for one in ax.collections if isinstance(one, LineCollection) and one.get_zorder() == 1.5]
    assert len(grey[0].get_segments()) == 2
    assert max(one.get_zorder() for one in grey) < min(line.get_zorder() for line in ax.get_lines())
    runs = results.runs[results.runs["label"] == "line 0"]
    history = results.history[results.history["run_id"].isin(runs["run_id"])]
    assert any(np.allclose(line[:, 1], history["train_cost"]) for line in grey[0].get_segments())


def test_many_paths_on_curves_are_panels_of_a_page(tmp_path: Path) -> None:
    """Of thirty lines on a function of one weight the first 24 have a panel, in rows, and the caption says so."""
    many = [{"use": "sgd", "lr": 1e-3 + 1e-5 * k, "label": f"line {k}"} for k in range(30)]
    results = made(tmp_path / "r", seeds=1, problem={"use": "two_valleys"}, optimizers=many)
    figure = rendered(path(View(results)))
    assert len(figure.axes) == 24
    assert "The first 24 of 30 panels." in " ".join(figure.get_supxlabel().split())
    assert max(figure.get_size_inches()) < 30


def test_whose_learning_rate_is_drawn(tmp_path: Path) -> None:
    """Where the rules of a chain have learning rates of their own, the caption names the rule whose it is; else it is silent."""
    chains = [
        {"use": ["momentum", "adam"], "momentum.lr": 0.5, "adam.lr": 0.125, "label": "two"},
        {"use": ["momentum", "adam"], "lr": 0.25, "label": "one"},
        {"use": "sgd", "lr": 0.1},
    ]
    results = made(tmp_path / "r", seeds=1, problem={"use": "bowl"}, optimizers=chains)
    figure = rendered(convergence(View(results, y="lr")))
    caption = " ".join(figure.get_supxlabel().split())
    assert "Of two, the learning rate is that of momentum (its rules have their own)." in caption
    assert caption.count("the learning rate is that of") == 1
    assert drawn_lines(figure.axes[0])["two"][0] == 0.5
    assert "the learning rate is" not in figure_caption(convergence(View(results)))


def figure_caption(figure: Figure | None) -> str:
    """The caption on one line."""
    assert figure is not None
    return " ".join(figure.get_supxlabel().split())


def test_colours_follow_the_labels() -> None:
    """A label has its colour whatever else is drawn with it."""
    assert style.colours_of(["b", "a", "c"], ["c", "a"])["c"] == style.colours_of(["b", "a", "c"], ["c"])["c"]


def captions_of(results: Results, kind: str) -> tuple[str, list[str]]:
    """The caption of a picture, and what its legend has."""
    with plt.rc_context():
        figure = KINDS[kind].draw(View(results, train_again=made_again))
    assert figure is not None
    legend = legend_of(figure)
    caption = " ".join(figure._supxlabel.get_text().split())  # type: ignore[attr-defined]
    plt.close(figure)
    return caption, legend


@pytest.mark.parametrize("wild", [1e30, 1e200])
def test_what_a_cross_means_is_said_where_there_is_one(tmp_path: Path, wild: float) -> None:
    """A line that is too high for an axis is not called infinite; a picture without crosses says nothing of them."""
    calm = {"use": "sgd", "lr": [1e-4, 1e-3]}
    common = {"name": "e", "problem": {"use": "rosenbrock"}, "budget": {"steps": 5}, "measure": {"steps": 1}}
    for name, optimizers in {"calm": [calm], "wild": [calm, {"use": "adam", "lr": wild}]}.items():
        given = Experiment.model_validate({**common, "optimizers": optimizers})
        results = run_experiment(given, tmp_path / name, Way("inline"))
        assert ("×" in captions_of(results, "convergence")[0]) == (name == "wild")
        assert ("a cross" in captions_of(results, "path")[0]) == (name == "wild")
        caption, named = captions_of(results, "sensitivity")
        assert "×" not in caption
        assert named == ["sgd"]
        assert ("Without two values of lr: adam." in caption) == (name == "wild")


@pytest.mark.parametrize("kind", ["convergence", "norms"])
@pytest.mark.parametrize("wild", [1, 2])
def test_a_cross_is_explained_where_one_is_drawn(tmp_path: Path, kind: str, wild: int) -> None:
    """One diverged run of three is counted with its problem and leaves the median finite; two end the line with a cross."""
    results = made(
        tmp_path / "r",
        seeds=3,
        problems=[{"use": "bowl", "start": "random"}, {"use": "rosenbrock", "start": "random"}],
        optimizers=[{"use": "sgd", "lr": 1e-4, "label": "calm"}],
        budget={"steps": 8},
    )
    lost = results.runs["run_id"][results.runs["problem"] == "rosenbrock"].iloc[:wild]
    runs = results.runs.assign(status=results.runs["status"].mask(results.runs["run_id"].isin(lost), "diverged"))
    late = results.history["run_id"].isin(lost) & results.history["step"].gt(4)
    costs = results.history.select_dtypes(float).columns.difference(["epoch", "seconds", "cpu_seconds", "lr"])
    history = results.history.assign(**{name: results.history[name].mask(late, np.inf) for name in costs})
    figure = rendered(KINDS[kind].draw(View(replace(results, runs=runs, history=history))))
    caption = " ".join(figure.get_supxlabel().split())
    assert f"Did not last: {wild} of calm diverged on rosenbrock." in caption
    crossed = any(line.get_marker() == "x" for ax in figure.axes for line in ax.get_lines())
    assert crossed == ("×" in caption) == (wild == 2)
