"""Figures of what a network on images has learned: examples as it reads them, and its first-layer weights."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from optilab.analysis.best import best_runs
from optilab.errors import InputError
from optilab.experiment.cell import Cell, stored_cell, stored_plan
from optilab.figures.captions import name_of
from optilab.figures.view import View
from optilab.plots import images, style
from optilab.problems.network import Network
from optilab.records.statuses import LASTED
from optilab.texts import counted

_BEST_FIRST = {
    "final_test_accuracy": False,
    "final_train_accuracy": False,
    "final_train_cost": True,
}  # whether ascending


def _best_again(view: View) -> tuple[Network, Cell, np.ndarray, int] | None:
    """The best run on images, repeated bit for bit for its weights, which results don't hold.

    InputError where no run on images has lasted.
    """
    results = view.results
    best = best_runs(results.runs, view.question.chosen_by)
    best = best.sort_values(list(_BEST_FIRST), ascending=list(_BEST_FIRST.values()), kind="stable")
    best = best.assign(lasted=best["status"].isin(LASTED)).sort_values("lasted", ascending=False, kind="stable")
    for found in best.to_dict("records"):
        cell = stored_cell(found["spec"], results.folder, found["label"])
        plan, seed = stored_plan(found["spec"], results.folder), int(found["seed"])
        if isinstance(plan.problem, Network) and plan.problem.examples.image and plan.problem.classifies:
            again = view.train_again(plan, seed) if found["lasted"] else None
            if again is None or again.status not in LASTED or not np.isfinite(again.w).all():
                raise InputError("no run on images has lasted to the end with finite weights")
            return plan.problem, cell, again.w, seed
    return None


def digits(view: View) -> Figure | None:
    """Test examples with predictions of the best network; None if there are no images with classes.

    InputError if no run on images has lasted.
    """
    replayed = _best_again(view)
    if replayed is None or not len(replayed[0].examples.x_test):
        return None
    problem, cell, w, seed = replayed
    data = problem.examples
    outputs = problem.outputs(w, data.x_test)
    guesses = problem.predict(w, data.x_test)
    wrong = np.flatnonzero(guesses != data.y_test)
    height, width = data.image or (1, 1)
    rows, columns = 4, 10
    first = min(2 * columns, len(guesses))
    shown = [*range(first), *wrong[wrong >= first][: 2 * columns]]
    names = data.classes or ()
    figure = Figure(figsize=(columns * 0.95, rows * 1.4), layout="constrained")
    axes = figure.subplots(rows, columns)
    for ax in axes.flat:
        ax.set_axis_off()
    for ax, k in zip(axes.flat, shown, strict=False):
        told = {"prediction": names[guesses[k]], "truth": names[data.y_test[k]], "confidence": outputs[k].max()}
        images.prediction(data.x_test[k].reshape(height, width), pd.Series(told), ax)
    accuracy = 1 - len(wrong) / len(guesses)
    style.caption(
        figure,
        f"Test examples as read by {name_of(cell.label)} (seed {seed}), right on {accuracy:.1%} of {len(guesses):,}: its reading "
        "and its largest output. Above, the first of the test set; below, the first after these that it gets wrong.",
    )
    return figure


def weights(view: View) -> Figure | None:
    """First-layer weights of the best network as images; None if there are no images with classes.

    InputError if no run on images has lasted.
    """
    replayed = _best_again(view)
    if replayed is None:
        return None
    problem, cell, w, seed = replayed
    height, width = problem.examples.image or (1, 1)
    matrix = problem.layers[0]
    values = w[: int(matrix["size"])].reshape(int(matrix["rows"]), int(matrix["columns"]))
    neurons = min(values.shape[1], 64)
    columns = min(8, neurons)
    rows = -(-neurons // columns)
    limit = float(np.quantile(np.abs(values), 0.99))
    figure = Figure(figsize=(columns * 1.1, 0.6 + rows * 1.1), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    for ax in axes.flat:
        ax.set_axis_off()
    for k, ax in zip(range(neurons), axes.flat, strict=False):
        images.weight_image(values[:, k].reshape(height, width), ax, limit)
    style.caption(
        figure,
        f"Weights of the {counted(neurons, 'neuron')} of the first layer, after {name_of(cell.label)} (seed {seed}): "
        f"blue is −{limit:.2g} or less, white 0, red {limit:.2g} or more.",
    )
    return figure
