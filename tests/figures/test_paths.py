"""Paths on functions of one and of two weights: what is drawn, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from figures.looks import legend_of
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from optilab.figures.path import _surface as surface_of
from optilab.figures.path import path
from optilab.figures.slope import formula_of
from optilab.figures.view import View
from optilab.plots.contours import contours
from optilab.plots.path import paths_on_contours
from optilab.plots.slope import path_on_curve
from optilab.plugins.loading import registry
from optilab.problems.function import FunctionProblem
from optilab.store import Results
from pictures import made, marks, rendered


def caption_of(figure: Figure) -> str:
    """The caption on one line."""
    return " ".join(figure.get_supxlabel().split())


def tangents(ax: Axes) -> list[np.ndarray]:
    """The two ends of each tangent."""
    return [np.asarray(line.get_xydata(), float) for line in ax.get_lines() if line.get_gid() == "tangent"]


def grid(low: float, high: float, n: int = 61) -> pd.DataFrame:
    """A square grid of two weights."""
    u, v = np.meshgrid(np.linspace(low, high, n), np.linspace(low, high, n))
    return pd.DataFrame({"w_0": u.ravel(), "w_1": v.ravel()})


def computed(compute: Callable[..., Any]) -> tuple[np.ndarray, int]:
    """The costs of a function on a grid, and of how many points each by itself."""
    alone: list[int] = []

    def costs(points: np.ndarray) -> np.ndarray:
        alone.append(len(points))
        return np.array([compute(point, np.empty(2)) for point in points], float)

    kind = SimpleNamespace(compute=compute, parameters={}, domain=[(-1, 1), (-1, 1)])
    problem: Any = SimpleNamespace(kind=kind, parameters={"start": "random"}, precision="float64", costs=costs)
    return surface_of(problem)["cost"].to_numpy(), sum(alone)


def test_a_surface_is_computed_at_once_where_the_function_takes_arrays() -> None:
    """One that doesn't, or says something else of arrays, is asked point by point; both have the costs of single points."""
    u, v = (axis.ravel() for axis in np.meshgrid(np.linspace(-1, 1, 201), np.linspace(-1, 1, 201)))
    found, alone = computed(lambda w, g: w[0] ** 2 + 3 * w[1])
    np.testing.assert_allclose(found, u**2 + 3 * v, atol=1e-12)
    assert alone < 200
    for odd in (
        lambda w, g: w[0] if w[0] > 0.0 else w[1],  # raises for arrays
        lambda w, g: w[0] if np.all(w[0] > 0.0) else w[1],  # has another value, of the right shape
        lambda w, g: w @ w,  # of another shape
    ):
        found, alone = computed(odd)
        np.testing.assert_allclose(found, [odd(point, None) for point in np.column_stack([u, v])], atol=1e-12)
        assert alone > 201**2


@pytest.fixture(scope="module")
def descents(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """Three lines on a parabola from one start; the best is neither the first by name nor in the file."""
    return made(
        tmp_path_factory.mktemp("descents") / "r",
        seeds=1,
        measure={"steps": 1},
        problem={"use": "parabola", "curvature": 2},
        optimizers=[
            {"use": "sgd", "lr": 0.02, "label": "slow"},
            {"use": "sgd", "lr": [0.4, 0.01], "label": "best"},
            {"use": "sgd", "lr": 0.05, "label": "a middle"},
        ],
    )


def test_panels_stand_as_in_the_file(descents: Results) -> None:
    """Not by result, and not by name; without the file the control is first."""
    figure = rendered(path(View(descents)))
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["slow", "best", "a middle"]


def test_each_panel_says_its_learning_rate(descents: Results) -> None:
    """The one that was chosen, with a star where it is at an end of what was tried; the caption has the formula."""
    figure = rendered(path(View(descents)))
    told = [text.get_text() for ax in figure.axes for text in ax.texts if text.get_gid() == "settings"]
    assert told == ["lr=0.02", "lr=0.4*", "lr=0.05"]
    caption = caption_of(figure)
    assert "parabola, C = curvature/2 · w² with curvature = 2." in caption
    assert "its learning rate and what was chosen by final training cost on the same seed" in caption
    assert "* at an end of the values that were tried" in caption


def test_tangents_have_the_slope_of_the_function(descents: Results) -> None:
    """At the first steps, through the points of the path: of the parabola with curvature 2 the slope at w is 2w."""
    figure = rendered(path(View(descents)))
    for ax in figure.axes:
        found = tangents(ax)
        assert len(found) == 3
        for (left, below), (right, above) in found:
            middle = (left + right) / 2
            assert (above - below) / (right - left) == pytest.approx(2 * middle)
            assert (above + below) / 2 == pytest.approx(middle**2)


def test_steps_far_apart_are_numbered_and_joined_by_arrows() -> None:
    """An arrow for each step that is long on the picture, from where it begins to where it ends; short ones have none."""
    weights = [-1.0, 0.5, 0.49, 0.0]
    run = pd.DataFrame(
        {"run_id": "r", "step": range(4), "w_0": weights, "train_cost": np.square(weights), "lasted": True}
    )
    at = np.linspace(-1, 1, 50)
    _, ax = plt.subplots()
    path_on_curve(pd.DataFrame({"w_0": at, "cost": at**2}), run, ax, colour="red")
    arrows = [(float(text.xyann[0]), float(text.xy[0])) for text in ax.texts if not text.get_text()]  # type: ignore[attr-defined]
    assert arrows == [(-1.0, 0.5), (0.49, 0.0)]
    assert [text.get_text() for text in ax.texts if text.get_text()] == ["0", "1", "3"]


def test_a_formula_is_that_of_the_documentation(tmp_path: Path) -> None:
    """Functions that write none are called by their name."""
    bowl = registry().problem("bowl", "").build({"condition": 5})
    assert isinstance(bowl, FunctionProblem)
    assert formula_of(bowl) == "bowl, C = (w0² + condition · w1²) / 2 with condition = 5"
    bowl.kind.compute.__doc__, before = "No formula.", bowl.kind.compute.__doc__
    try:
        assert formula_of(bowl) == "bowl"
    finally:
        bowl.kind.compute.__doc__ = before


def test_a_network_has_no_path(images: Results, monkeypatch: pytest.MonkeyPatch) -> None:
    """That is seen in its history, which holds no weights: its examples are not loaded."""
    monkeypatch.setattr("optilab.figures.path.problems_of", None)
    assert path(View(images)) is None


def test_few_paths_share_a_panel(tmp_path: Path) -> None:
    """Up to four on a problem stand together, under a legend; with a fifth each line has a panel of its own."""
    lines = [{"use": "sgd", "lr": 0.01 + 0.001 * k, "label": f"line {k}"} for k in range(5)]
    for count in (4, 5):
        results = made(tmp_path / f"{count}", seeds=1, problem={"use": "bowl"}, optimizers=lines[:count])
        figure = rendered(path(View(results)))
        assert len(figure.axes) == (1 if count == 4 else 5)
        assert len(legend_of(figure)) == (4 if count == 4 else 0)


def test_a_steep_bowl_looks_steep(two_weights: Results) -> None:
    """Both weights have one scale, so that a step along the gradient crosses contours at right angles."""
    figure = rendered(path(View(two_weights)))
    for ax in figure.axes:
        (x0, x1), (y0, y1) = ax.get_xlim(), ax.get_ylim()
        box = ax.get_window_extent()
        assert box.width / (x1 - x0) == pytest.approx(box.height / (y1 - y0), rel=1e-3)


RUN = pd.DataFrame({"run_id": "r", "label": "a", "lasted": True, "step": [0, 1], "w_0": [0.5, 0.0], "w_1": [0.5, 0.1]})


@pytest.mark.parametrize(("runs", "dotted"), [(1, True), (30, False)])
def test_all_paths_of_a_line_are_drawn_at_once(runs: int, *, dotted: bool) -> None:
    """Lines with gaps, one set of starts, of ends and of crosses, however many runs; their points are marked where they are few."""
    surface = grid(-1, 1).assign(cost=lambda t: t["w_0"] ** 2 + t["w_1"] ** 2)
    weights = np.random.default_rng(1).uniform(-0.9, 0.9, (runs, 60, 2))
    rows = pd.DataFrame(weights.reshape(-1, 2), columns=["w_0", "w_1"]).assign(
        run_id=np.repeat(np.arange(runs), 60), label="a", lasted=np.repeat(np.arange(runs) % 2 == 0, 60)
    )
    _, ax = plt.subplots()
    paths_on_contours(surface, rows, ax, colours={"a": "red"})
    lines = [line for line in ax.get_lines() if line.get_linestyle() == "-"]
    rest = [line for line in ax.get_lines() if line not in lines]
    pieces = [np.asarray(line.get_xydata()) for line in lines]
    points = np.concatenate(pieces)
    assert len(pieces) == -(-runs // 16)  # of at most a thousand points
    assert points[~np.isnan(points).all(axis=1)].tolist() == weights.reshape(-1, 2).tolist()
    assert np.isnan(points).all(axis=1).sum() == runs - len(pieces)
    assert {line.get_markersize() for line in lines} == {2.5 if dotted else 0}
    assert [str(line.get_label()) for line in lines] == ["a", *["_more"] * (len(lines) - 1)]
    places = {one.get_gid() or one.get_marker(): np.asarray(one.get_xydata()).tolist() for one in rest}
    assert places.pop("start") == weights[:, 0].tolist()
    assert places.pop("end") == weights[::2, -1].tolist()
    assert places == ({"x": weights[1::2, -1].tolist()} if runs > 1 else {})


def test_a_minimum_beyond_the_edge_is_an_arrow() -> None:
    """It stands at the edge on the way from the middle to the minimum; a star is drawn for one inside, below the last dot."""
    surface = grid(-1, 1).assign(cost=lambda t: t["w_0"] ** 2 + t["w_1"] ** 2)
    _, ax = plt.subplots()
    paths_on_contours(surface, RUN, ax, colours={"a": "red"}, minima=[[0.0, 0.1], [3.0, 1.5]])
    (arrow,) = [text for text in ax.texts if text.get_gid() == "minimum beyond"]
    assert tuple(arrow.xy) == (1.0, 0.5)  # type: ignore[attr-defined]
    (star,) = [line for line in ax.get_lines() if line.get_marker() == "*"]
    (end,) = [line for line in ax.get_lines() if line.get_gid() == "end"]
    assert np.asarray(star.get_xydata()).tolist() == np.asarray(end.get_xydata()).tolist() == [[0.0, 0.1]]
    assert star.get_zorder() < end.get_zorder()
    assert star.get_markersize() > end.get_markersize()


@pytest.mark.parametrize(
    ("domain", "told"), [("inside", "the star is the minimum"), ("outside", "the yellow arrow points")]
)
def test_the_caption_names_what_is_drawn(
    tmp_path: Path, domain: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A star where there is one, an arrow where the minimum lies outside, and neither where none is known."""
    results = made(tmp_path / "r", seeds=1, problem={"use": "bowl"}, optimizers=[{"use": "sgd", "lr": 0.01}])
    if domain == "outside":
        problem = registry().problem("bowl", "")
        monkeypatch.setitem(problem.__dict__, "minima", ((5.0, 5.0),))
    caption = caption_of(rendered(path(View(results))))
    assert told in caption
    assert ("star" in caption) != ("arrow" in caption)


def test_contours_have_their_costs() -> None:
    """The number on a contour is the cost of the function there, to its three digits; all levels are returned."""
    surface = grid(-2, 2).assign(cost=lambda t: t["w_0"] ** 2 + 20 * t["w_1"] ** 2)
    _, ax = plt.subplots()
    levels = contours(surface, ax)
    assert levels == sorted(levels)
    assert {1.0, 10.0} <= set(levels)
    written = [text for text in ax.texts if text.get_gid() == "level"]
    assert len(written) >= 3
    for text in written:
        x, y = text.get_position()
        assert float(text.get_text().replace(",", "")) == pytest.approx(x**2 + 20 * y**2, rel=0.05)


def test_a_narrow_valley_has_no_ragged_contours() -> None:
    """Levels that the grid is too coarse for are left out: each level that is drawn is a few smooth pieces."""
    surface = grid(-2, 2, 101).assign(cost=lambda t: (1 - t["w_0"]) ** 2 + 100 * (t["w_1"] - t["w_0"] ** 2) ** 2)
    _, ax = plt.subplots()
    levels = contours(surface, ax)
    assert min(levels) >= 0.1
    (lines,) = [one for one in ax.collections if len(one.get_paths()) == len(levels)]
    assert all(len(one.to_polygons(closed_only=False)) <= 4 for one in lines.get_paths())


@given(st.floats(-1e3, 1e3), st.floats(1e-3, 1e6))
def test_levels_lie_between_the_lowest_and_the_highest_cost(offset: float, height: float) -> None:
    """Whatever the costs are, every level is among them, and there is at least one."""
    surface = grid(-1, 1, 21).assign(cost=lambda t: offset + height * (t["w_0"] ** 2 + t["w_1"] ** 2))
    figure, ax = plt.subplots()
    levels = contours(surface, ax)
    plt.close(figure)
    room = 1e-9 * (abs(offset) + height)
    assert levels
    assert min(levels) >= surface["cost"].min() - room
    assert max(levels) <= surface["cost"].max() + room


def test_shuffled_rows_change_nothing(descents: Results) -> None:
    """The order of runs in the table makes no difference to what is drawn."""
    mixed = descents.runs.sample(frac=1, random_state=1).reset_index(drop=True)
    pictures = [
        rendered(path(View(Results(descents.folder, runs, descents.history)))) for runs in (descents.runs, mixed)
    ]
    first, second = ([marks(ax) for ax in figure.axes] for figure in pictures)
    assert first == second
