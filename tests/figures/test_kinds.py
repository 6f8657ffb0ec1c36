"""Sensitivity, paths, digits and weights: what stands on each kind of picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from figures.looks import made
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from optilab.errors import InputError
from optilab.store import Results
from pictures import draw


def test_sensitivity(two_weights: Results, figures: list[Figure]) -> None:
    """The final cost against the hyperparameter that varies, one axes a problem."""
    draw(two_weights, ("sensitivity",))
    (figure,) = figures
    assert [ax.get_xlabel() for ax in figure.axes] == ["learning rate"] * 2
    assert all("cost" in ax.get_ylabel() for ax in figure.axes)
    assert "3 seeds" in figure.get_supxlabel()
    line = next(line for line in figure.axes[0].get_lines() if line.get_label() == "sgd")
    assert np.asarray(line.get_xdata()).tolist() == [1e-4, 3e-4]


def test_sensitivity_to_zero(tmp_path: Path, figures: list[Figure]) -> None:
    """A hyperparameter that may be zero has its zero on the axis."""
    results = made(
        tmp_path / "r",
        problem={"use": "bowl"},
        optimizers=[{"use": "momentum", "lr": 0.01, "momentum": [0.0, 0.5, 0.9]}],
    )
    draw(results, ("sensitivity",))
    ax = figures[0].axes[0]
    assert ax.get_xlabel() == "momentum"
    low, high = ax.get_xlim()
    assert low <= 0
    assert high >= 0.9


def test_path_on_a_curve(one_weight: Results, figures: list[Figure]) -> None:
    """Each line has axes under its label with the curve and the steps of every seed."""
    draw(one_weight, ("path",))
    (figure,) = figures
    assert sorted(ax.get_title(loc="left") for ax in figure.axes) == ["adam", "sgd"]
    ax = figure.axes[0]
    starts = [line for line in ax.get_lines() if to_hex(line.get_markerfacecolor()) == "#ffffff"]
    assert len(starts) == 3
    assert figure.axes[-1].get_xlabel() == "weight"
    assert figure.axes[0].get_ylabel() == "cost"
    assert "two_valleys" in figure.get_supxlabel()
    assert "3 starts" in figure.get_supxlabel()


def test_path_on_contours(two_weights: Results, figures: list[Figure]) -> None:
    """Where there are more than four paths on a problem each line has a panel, in the file's order, with a star at the minimum."""
    draw(two_weights, ("path",))
    (figure,) = figures
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["sgd", "my adam", "wild"] * 2
    headings = [text.get_text() for ax in figure.axes for text in ax.texts if text.get_gid() == "heading"]
    assert headings == ["bowl", "rosenbrock"]
    assert figure.axes[0].get_xlim() == (-2, 2)
    assert figure.axes[3].get_ylim() == (-1, 3)
    assert figure.axes[0].get_xlabel() == "first weight"
    assert figure.axes[0].get_ylabel() == "second weight"
    for ax in figure.axes[3:]:
        stars = [np.asarray(line.get_xydata()).tolist() for line in ax.get_lines() if line.get_marker() == "*"]
        assert stars == [[[1, 1]]]
        assert ax.get_aspect() == 1


def test_digits_as_they_are_read(images: Results, figures: list[Figure]) -> None:
    """Test examples stand with what the network says of them, however few there are; the caption says how many are right."""
    draw(images, ("digits",))
    (figure,) = figures
    shown = [ax for ax in figure.axes if ax.get_images()]
    assert 12 <= len(shown) <= 24
    assert all(np.asarray(ax.get_images()[0].get_array()).shape == (8, 8) for ax in shown)
    assert all(ax.get_title()[0] in "01" for ax in shown)
    best = images.runs.loc[images.runs["role"] == "evaluation", "final_test_accuracy"].max()
    assert f"{best:.1%} of 12" in " ".join(figure.get_supxlabel().split())


def test_weights_as_images(images: Results, figures: list[Figure]) -> None:
    """Each neuron of the first layer is an image of the size of an example."""
    draw(images, ("weights",))
    (figure,) = figures
    assert [np.asarray(ax.get_images()[0].get_array()).shape for ax in figure.axes if ax.get_images()] == [(8, 8)] * 5
    assert "5 neurons" in figure.get_supxlabel()


def test_paths_need_functions_of_few_weights(images: Results) -> None:
    """A network has no path to be drawn."""
    with pytest.raises(InputError, match="'path' doesn't fit these results"):
        draw(images, ("path",))
