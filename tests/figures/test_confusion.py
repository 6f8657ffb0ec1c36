"""The confusion matrix of the best network, against its own readings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from optilab.analysis.confusion import confusion as counts_of
from optilab.figures.best_network import best_network
from optilab.figures.confusion import confusion
from optilab.figures.images import digits, weights
from optilab.figures.view import View
from optilab.plots.confusion import confusion_matrix
from optilab.runner.remaking import made_again
from optilab.store import Results
from optilab.training.plan import Plan
from optilab.training.run import Run
from pictures import rendered


def cells(figure: Figure) -> dict[tuple[int, int], int]:
    """The counts that stand in cells, by row and column."""
    return {
        (round(text.get_position()[1]), round(text.get_position()[0])): int(text.get_text())
        for text in figure.axes[0].texts
        if text.get_gid() == "count"
    }


def test_counts_are_those_of_the_networks_readings(images: Results) -> None:
    """What stands in the cells, and what is right, is counted one by one from what the network reads."""
    view = View(images, train_again=made_again)
    figure = rendered(confusion(view))
    best = best_network(view, images=True)
    assert best is not None
    data = best.problem.examples
    readings = [int(best.problem.outputs(best.w, x)[0].argmax()) for x in data.x_test]
    assert cells(figure) == dict(Counter(zip(map(int, data.y_test), readings, strict=True)))
    right = sum(reading == truth for reading, truth in zip(readings, data.y_test, strict=True))
    caption = " ".join(figure.get_supxlabel().split())
    assert f"reads 12 test examples: {right / 12:.2%} are right, {12 - right} wrong" in caption
    assert f"seed {best.seed}" in caption
    assert figure.axes[0].get_xlabel() == "read as"


def test_the_best_run_is_repeated_once_for_all_its_pictures(images: Results) -> None:
    """Digits, weights and confusion are of one network, which is trained again once."""
    made_before: list[int] = []

    def again(plan: Plan, seed: int, heard: Callable[[Run], bool] | None = None, /) -> Run:
        made_before.append(seed)
        return made_again(plan, seed, heard)

    view = View(images, train_again=again)
    for picture in (digits, weights, confusion):
        assert picture(view) is not None
    assert len(made_before) == 1


@pytest.mark.parametrize(("rare", "log"), [(99, True), (5, False)])
def test_rare_mistakes_are_seen(rare: int, log: bool) -> None:
    """Colours are logarithmic where no class is often mistaken; they are the shares of each row, and zeros have none."""
    counts = pd.DataFrame([[rare, 1, 0], [0, 0, 0], [0, 2, 10 * rare]], index=list("abc"), columns=list("abc"))
    _, ax = plt.subplots()
    image = confusion_matrix(counts, ax)
    assert isinstance(image.norm, LogNorm) == log
    shares = np.ma.filled(image.get_array(), 0)  # type: ignore[arg-type]
    np.testing.assert_allclose(shares[0], [rare / (rare + 1), 1 / (rare + 1), 0])
    np.testing.assert_allclose(shares[1], 0)
    assert [text.get_text() for text in ax.get_yticklabels()] == ["a", "b", "c"]


@pytest.mark.parametrize("classes", [1, 2, 60])
def test_any_number_of_classes_has_a_matrix(classes: int) -> None:
    """One class, or so many that neither their names nor their numbers have room."""
    names = [f"$class_{k}" for k in range(classes)]
    truth = np.arange(classes).repeat(3)
    figure, ax = plt.subplots()
    confusion_matrix(counts_of(truth, truth, names), ax)
    rendered(figure)
    assert 1 <= len(ax.get_xticklabels()) <= 40
    assert bool(ax.texts) == (classes < 60)


def test_without_classes_there_is_no_matrix(one_weight: Results) -> None:
    """A function has none."""
    assert confusion(View(one_weight)) is None
