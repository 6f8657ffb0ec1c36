"""The look of whole pictures: at every width and in every style all text is legible, apart from other text, and on the paper."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from figures.looks import names_beside
from matplotlib.figure import Figure
from matplotlib.text import Text

from optilab.figures.kinds import KINDS
from optilab.figures.view import View
from optilab.plots import palette, style
from optilab.plots.look import Look
from optilab.store import Results
from pictures import made, rendered

LOOKS = [Look("paper", 3.3), Look("screen"), Look("paper", dark=True), Look("talk", dark=True), Look("talk", 5.0)]
NAMES = ["gradient descent with a long name", "a", "a little longer", "b", "c", "d", "e"]


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """Seven lines, most of which end at nearly one place, each with a grid of two hyperparameters of which some diverge."""
    optimizers = [
        {"use": "momentum", "label": name, "lr": [1e-3 + 1e-5 * k, 0.01 + 1e-4 * k, 90.0 + k], "momentum": [0.0, 0.9]}
        for k, name in enumerate(NAMES)
    ]
    return made(
        tmp_path_factory.mktemp("crowded") / "r",
        seeds=4,
        measure={"steps": 2},
        question="Which of seven that are nearly the same is the best, and does anybody need to know that?",
        problem={"use": "bowl", "start": "random"},
        optimizers=optimizers,
    )


def drawn(results: Results, kind: str, look: Look) -> Figure:
    """A picture in a look, rendered."""
    with style.theme(look):
        return rendered(KINDS[kind].draw(View(results)))


def shown(figure: Figure) -> list[Text]:
    """All text that is seen on a figure."""
    ticks = [
        text
        for ax in figure.axes
        for axis in (ax.xaxis, ax.yaxis)
        if axis.get_visible()
        for tick in axis.get_major_ticks()
        for text in [tick.label1]
        if text.get_visible() and axis.get_view_interval()[0] <= tick.get_loc() <= axis.get_view_interval()[1]
    ]
    own = [text for ax in figure.axes for text in [*ax.texts, ax.xaxis.label, ax.title, ax._left_title]]  # type: ignore[attr-defined]
    own += [ax.yaxis.label for ax in figure.axes if ax.yaxis.get_visible()]
    return [text for text in [*ticks, *own, *figure.texts] if text.get_text().strip()]


@pytest.mark.parametrize("look", LOOKS, ids=str)
@pytest.mark.parametrize("kind", ["convergence", "sensitivity", "heatmap"])
def test_text_is_legible_and_apart(crowded: Results, kind: str, look: Look) -> None:
    """No text is smaller than 6.5 points, is cut off, or covers another one; none is too pale for its paper."""
    figure = drawn(crowded, kind, look)
    assert figure.get_size_inches()[0] == look.inches
    found = shown(figure)
    assert len(found) > 10
    right = figure.bbox.x1 + 1
    boxes = [(text.get_text(), text.get_window_extent()) for text in found]
    for text, (name, box) in zip(found, boxes, strict=True):
        assert float(text.get_fontsize()) >= 6.5
        assert box.x0 >= -1, name
        assert box.x1 <= right, name
        assert palette.contrast(text.get_color(), figure.get_facecolor()[:3]) >= 4.5
    for (one, first), (other, second) in combinations(boxes, 2):
        # letters have room around them
        across = min(first.x1, second.x1) - max(first.x0, second.x0)
        up = min(first.y1, second.y1) - max(first.y0, second.y0)
        assert across < 1.5 or up < 0.2 * min(first.height, second.height), (one, other)


def test_the_ends_stand_beside_their_names(crowded: Results) -> None:
    """Where lines end at one place a narrow panel shows each end at the height of its name, at its value."""
    figure = drawn(crowded, "convergence", Look())
    main, ends = figure.axes
    heights = {text.get_text(): text.xy[1] for text in names_beside(main)}
    assert len(heights) == len(NAMES)
    dots = [line for line in ends.get_lines() if line.get_label() == "_end"]
    assert sorted(float(np.asarray(line.get_ydata())[0]) for line in dots) == pytest.approx(sorted(heights.values()))
    runs = crowded.runs[crowded.runs["status"] == "budget"]
    medians = runs.groupby(["label", "lr", "momentum"])["final_train_cost"].median().groupby("label").min()
    assert sorted(float(np.asarray(line.get_xdata())[0]) for line in dots) == pytest.approx(sorted(medians))


def test_lines_keep_their_colour_in_every_kind(crowded: Results) -> None:
    """A label has one colour in all pictures of the same results, and markers tell lines apart in grey print."""
    colours = {}
    for kind in ("convergence", "sensitivity"):
        ax = drawn(crowded, kind, Look()).axes[0]
        lines = [line for line in ax.get_lines() if not str(line.get_label()).startswith("_")]
        colours[kind] = {line.get_label(): line.get_color() for line in lines}
        assert len({line.get_marker() for line in lines}) == len(NAMES)
    assert colours["convergence"] == colours["sensitivity"]


def test_a_thousand_lines_are_a_picture(crowded: Results) -> None:
    """Eight are named, the others grey and counted."""
    first = crowded.runs[crowded.runs["status"] == "budget"].head(1)
    history = crowded.history[crowded.history["run_id"] == first["run_id"].iloc[0]]
    count = 1_000
    runs = pd.concat([first] * count, ignore_index=True).assign(
        run_id=[f"r{k}" for k in range(count)],
        label=[f"line {k}" for k in range(count)],
        line_id=[f"l{k}" for k in range(count)],
        lr=[1e-3 + k for k in range(count)],
    )
    histories = pd.concat(
        [history.assign(run_id=f"r{k}", train_cost=history["train_cost"] * (1 + k)) for k in range(count)]
    )
    figure = drawn(Results(crowded.folder, runs, histories), "convergence", Look())
    named = [text.get_text() for text in names_beside(figure.axes[0])]
    assert named == [*(f"line {k}" for k in range(8)), f"{count - 8} others"]
