"""Figures of what a network on images has learned: examples as it reads them, and its first-layer weights."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from optilab.figures.best_network import best_network, confidence_text, confidences
from optilab.figures.view import View
from optilab.plots import images, style
from optilab.texts import counted

_ROWS = 2  # of the first examples, and of those that are read wrongly
_IMAGE = 0.62  # width of an image, in inches, at least
_HEADING = 0.3  # height of a heading, in inches
_TITLE_LINES = 3  # above an image, with the space between
_MOST_NEURONS = 64


def digits(view: View) -> Figure | None:
    """Test examples with predictions of the best network; None if there are no images with classes.

    InputError if no run on images has lasted.
    """
    best = best_network(view, images=True)
    if best is None or not len(best.problem.examples.x_test):
        return None
    data = best.problem.examples
    outputs = best.problem.outputs(best.w, data.x_test)
    guesses = best.problem.predict(best.w, data.x_test)
    said = confidences(best, outputs, guesses)
    wrong = np.flatnonzero(guesses != data.y_test)
    width = style.width()
    columns = int(np.clip(width / _IMAGE, 5, 10))
    first = np.arange(min(_ROWS * columns, len(guesses)))
    later = wrong[wrong >= len(first)][: _ROWS * columns]
    parts = [("The first of the test examples", first), ("The first after these that are read wrongly", later)]
    parts = [(text, shown) for text, shown in parts if len(shown)]
    rows, across = data.image or (1, 1)
    names = data.classes or ()
    lines = _TITLE_LINES + (max(map(len, map(str, names)), default=1) > 1)  # two long names stand on a line each
    tall = 0.9 * width / columns * rows / across + lines * 1.2 * style.points(0.7) / 72
    heights = [h for _, shown in parts for h in (_HEADING, *[tall] * -(-len(shown) // columns))]
    figure = Figure(figsize=(width, 1.6 + sum(heights)), layout="constrained")
    grid = figure.add_gridspec(len(heights), columns, height_ratios=heights)
    row = 0
    for text, shown in parts:
        over = figure.add_subplot(grid[row, :])
        over.set_axis_off()
        over.text(0, 0, text, weight="bold", va="bottom", gid="heading")
        for place, k in enumerate(shown):
            ax = figure.add_subplot(grid[row + 1 + place // columns, place % columns])
            told = {"prediction": names[guesses[k]], "truth": names[data.y_test[k]], "confidence": said[k]}
            images.prediction(data.x_test[k].reshape(data.image), pd.Series(told), ax)
        row += 1 + -(-len(shown) // columns)
    style.question(figure, view.question.text)
    accuracy = 1 - len(wrong) / len(guesses)
    style.caption(
        figure,
        f"Read by {best.whose}, which is right on {accuracy:.1%} of {len(guesses):,} test examples. Above each its reading, in "
        f"colour where that is wrong, and below it {confidence_text(best)}."
        + (
            f" Of {counted(len(wrong), 'wrong reading')} {len(wrong[wrong < len(first)])} "
            f"{'is' if len(wrong[wrong < len(first)]) == 1 else 'are'} among the first {len(first)}."
            if len(wrong)
            else ""
        ),
    )
    return figure


def weights(view: View) -> Figure | None:
    """First-layer weights of the best network as images; None if there are no images with classes.

    InputError if no run on images has lasted.
    """
    best = best_network(view, images=True)
    if best is None:
        return None
    matrix = best.problem.layers[0]
    values = best.w[: int(matrix["size"])].reshape(int(matrix["rows"]), int(matrix["columns"]))
    every, neurons = values.shape[1], min(values.shape[1], _MOST_NEURONS)
    columns = min(8 if style.width() > 5 else 4, neurons)
    rows = -(-neurons // columns)
    limit = float(np.quantile(np.abs(values), 0.99)) or 1.0
    figure = Figure(figsize=(style.width(), 1.3 + rows * (style.width() / 1.15 / columns + 0.15)), layout="compressed")
    axes = figure.subplots(rows, columns, squeeze=False)
    for ax in axes.flat:
        ax.set_axis_off()
    for k, ax in zip(range(neurons), axes.flat, strict=False):
        images.weight_image(values[:, k].reshape(best.problem.examples.image), ax, limit, name=str(k + 1))
    bar = figure.colorbar(axes[0, 0].get_images()[0], ax=axes, extend="both", aspect=30, pad=0.02, fraction=0.05)
    bar.set_label("weight of a pixel")
    bar.outline.set_visible(False)
    style.question(figure, view.question.text)
    left_out = "" if neurons == every else f" The first {neurons} of {every}."
    style.caption(
        figure,
        f"What each of the {counted(neurons, 'neuron')} of the first layer looks at, after {best.whose}: a pixel counts for the neuron "
        f"where it is red, against it where blue. Colours end at ±{limit:.2g}, beyond which lies one weight in a hundred.{left_out}",
    )
    return figure
