"""What pictures show, read back from what was drawn."""

from __future__ import annotations

from functools import partial
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from figures.looks import legend_of, names_beside
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_hex

import optilab
from optilab.figures.convergence import convergence
from optilab.figures.images import digits, weights
from optilab.figures.sensitivity import sensitivity
from optilab.figures.view import View
from optilab.plots import images as image_plots
from optilab.plots import style
from optilab.plots.convergence import convergence as convergence_plot
from optilab.runner.remaking import made_again
from optilab.store import Results
from pictures import made as small
from pictures import made_of_images, rendered

made = partial(small, seeds=4)


@pytest.fixture(scope="module")
def descents(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """Three lines on a bowl from random starts; their order by name is another than by result."""
    return made(
        tmp_path_factory.mktemp("descents") / "r",
        measure={"steps": 5},
        problem={"use": "bowl", "start": "random"},
        optimizers=[
            {"use": "sgd", "lr": [1e-3, 2e-4], "label": "a slow"},
            {"use": "sgd", "lr": [0.02, 1e-4], "label": "z fast"},
            {"use": "sgd", "lr": [5e-3, 3e-4], "label": "m middle"},
        ],
    )


@pytest.fixture(scope="module")
def readers(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """Networks that tell bright sides of images apart, of which one has hardly learned."""
    return made_of_images(
        tmp_path_factory.mktemp("images"),
        seeds=3,
        optimizers=[
            {"use": "sgd", "lr": 1e-6, "batch_size": 8, "label": "has not learned"},
            {"use": "adam", "lr": 0.02, "batch_size": 8, "label": "has learned"},
        ],
    )


def lines_of(ax: Axes) -> dict[str, Any]:
    """The lines that have a name."""
    return {str(line.get_label()): line for line in ax.get_lines() if not str(line.get_label()).startswith("_")}


def test_a_band_goes_from_its_lower_to_its_upper_edge() -> None:
    """At each measurement the area goes from `low` to `high`; to the median where `high` is infinite."""
    lines = pd.DataFrame(
        {
            "label": "a",
            "x": [1.0, 2.0, 3.0],
            "median": [5.0, 4.0, 3.0],
            "low": [4.5, 2.0, 1.0],
            "high": [6.0, 5.5, np.inf],
        }
    )
    _, ax = plt.subplots()
    convergence_plot(lines, ax, x="epoch", colours={"a": "red"})
    (band,) = [area for area in ax.collections if isinstance(area, PolyCollection)]
    edges = np.asarray(band.get_paths()[0].vertices)
    for x, low, high in ((1, 4.5, 6), (2, 2, 5.5), (3, 1, 3)):
        at = edges[edges[:, 0] == x, 1]
        assert (at.min(), at.max()) == (low, high)


def test_the_band_is_the_middle_half_of_the_seeds(descents: Results) -> None:
    """Its edges are the quartiles that NumPy finds over the seeds of the chosen cell."""
    figure = rendered(convergence(View(descents)))
    runs = descents.runs[(descents.runs["label"] == "z fast") & (descents.runs["lr"] == 0.02)]
    last = descents.history[descents.history["run_id"].isin(runs["run_id"]) & (descents.history["step"] == 20)]
    colour = to_hex(lines_of(figure.axes[0])["z fast"].get_color())
    bands = [area for area in figure.axes[0].collections if isinstance(area, PolyCollection)]
    (band,) = [area for area in bands if to_hex(np.asarray(area.get_facecolor())[0]) == colour]
    edges = np.asarray(band.get_paths()[0].vertices)
    at = edges[edges[:, 0] == 20, 1]
    np.testing.assert_allclose([at.min(), at.max()], np.quantile(last["train_cost"], [0.25, 0.75]))


def test_the_legend_is_in_the_order_of_the_results(descents: Results) -> None:
    """The names stand in the order of the ends, whatever they are called, each in the colour of its line, as far as that is read."""
    for figure in (
        rendered(convergence(View(descents))),
        rendered(sensitivity(View(descents))),
    ):
        assert legend_of(figure) == ["z fast", "m middle", "a slow"]
        colours = {text.get_text(): to_hex(text.get_color()) for text in names_beside(figure.axes[0])}
        there = {name: style.readable(line.get_color()) for name, line in lines_of(figure.axes[0]).items()}
        assert colours == there
        assert len(set(colours.values())) == 3


def test_accuracy_is_best_where_it_is_highest(readers: Results) -> None:
    """The legend of accuracies begins with the highest."""
    assert legend_of(rendered(convergence(View(readers, y="test_accuracy")))) == ["has learned", "has not learned"]


def test_the_confidence_of_a_digit_is_its_largest_output(readers: Results) -> None:
    """Above each example stands what the best network reads, and its largest output, as the network itself says."""
    figure = rendered(digits(View(readers, train_again=made_again)))
    w, problem = best_weights(readers)
    outputs = problem.outputs(w, problem.examples.x_test)
    shown = [ax for ax in figure.axes if ax.get_images()]
    for place, (ax, output, truth) in enumerate(zip(shown, outputs, problem.examples.y_test, strict=False)):
        text, confidence = ax.get_title().split("\n")
        guess = int(output.argmax())
        assert text == (f"{guess}" if guess == truth else f"{guess}, not {truth}")
        assert confidence == f"{output.max():.2f}"
        pixels = problem.examples.x_test[place].reshape(problem.examples.image)
        np.testing.assert_array_equal(np.asarray(ax.get_images()[0].get_array()), pixels)
    assert len({ax.get_title() for ax in shown}) > 1


def test_a_wrong_reading_is_told_apart() -> None:
    """It names the truth as well, in another colour."""
    _, (left, right) = plt.subplots(1, 2)
    for ax, guess in ((left, "3"), (right, "5")):
        image_plots.prediction(
            np.zeros((2, 2)), pd.Series({"prediction": guess, "truth": "3", "confidence": 0.987}), ax
        )
    assert left.get_title() == "3\n0.99"
    assert right.get_title() == "5, not 3\n0.99"
    assert to_hex(left.title.get_color()) != to_hex(right.title.get_color())


def best_weights(results: Results) -> tuple[np.ndarray, Any]:
    """The weights of the run that reads most test examples rightly, of several the one with the lowest cost, by the public API."""
    runs = results.runs
    most = runs[runs["final_test_accuracy"] == runs["final_test_accuracy"].max()]
    most = most[most["final_train_accuracy"] == most["final_train_accuracy"].max()]
    best = most.loc[most["final_train_cost"].idxmin()]
    assert best["label"] == "has learned"
    path = str(results.folder.parent / "sides.npz")
    problem = optilab.get_problem("network", dataset={"path": path}, hidden=[5])
    run = optilab.train(problem, "adam", lr=0.02, batch_size=8, epochs=3, seed=int(best["seed"]))
    return run.w, problem


def test_the_weights_are_those_of_the_best_run(readers: Results) -> None:
    """Of all runs it is the one that reads most test examples rightly, and its first layer is what is drawn."""
    figure = rendered(weights(View(readers, train_again=made_again)))
    w, _ = best_weights(readers)
    neurons = [ax for ax in figure.axes if ax.get_images()]
    assert [ax.get_title(loc="left") for ax in neurons] == ["1", "2", "3", "4", "5"]
    images = [ax.get_images()[0] for ax in neurons]
    np.testing.assert_array_equal(
        np.stack([np.asarray(image.get_array()).ravel() for image in images], axis=1), w[: 64 * 5].reshape(64, 5)
    )
    low, high = images[0].get_clim()
    assert low == -high
    caption = " ".join(figure.get_supxlabel().split())
    assert "after has learned" in caption
    assert f"Colours end at ±{high:.2g}" in caption
    assert [ax.get_ylabel() for ax in figure.axes if ax not in neurons] == ["weight of a pixel"]


def test_of_diverged_networks_nothing_is_shown(readers: Results) -> None:
    """Where no run has lasted there is a sentence in place of digits and weights."""
    lost = Results(readers.folder, readers.runs.assign(status="diverged"), readers.history)
    for picture in (digits, weights):
        with pytest.raises(optilab.InputError, match="no run on images has lasted"):
            picture(View(lost, train_again=made_again))
