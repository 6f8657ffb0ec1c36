"""The cost on lines and in planes through the weights of networks, against what was measured while they trained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from optilab.errors import InputError
from optilab.figures import landscape
from optilab.figures.landscape import Plane, costs, parts_of, runs_of, sample
from optilab.figures.line import line, on_lines
from optilab.figures.plane import plane
from optilab.figures.view import View
from optilab.runner.remaking import made_again
from optilab.store import Results
from optilab.training.plan import Plan
from optilab.training.run import Run
from pictures import made as small
from pictures import made_of_images, rendered


@pytest.fixture(scope="module")
def readers(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """Four lines on a network, and one of which it says that it diverged; the control is not the best."""
    found = made_of_images(
        tmp_path_factory.mktemp("images"),
        seeds=2,
        optimizers=[
            {"use": "sgd", "lr": 0.01, "batch_size": 8, "label": "slow"},
            {"use": "sgd", "lr": 0.5, "batch_size": 8, "label": "wild"},
            {"use": "adam", "lr": 0.02, "batch_size": 8, "label": "fast"},
            {"use": "momentum", "lr": 0.1, "batch_size": 8, "label": "middle"},
            {"use": "sgd", "lr": 1e-5, "batch_size": 8, "label": "slowest"},
        ],
    )
    status = found.runs["status"].where(found.runs["label"] != "wild", "diverged")
    return replace(found, runs=found.runs.assign(status=status))


@pytest.fixture(scope="module")
def view(readers: Results) -> View:
    """A view that repeats each run once for all tests."""
    return View(readers, train_again=made_again)


def measured(results: Results, label: str, column: str = "train_cost") -> pd.Series[float]:
    """What was measured in the run of a line on the first seed."""
    own = results.runs[(results.runs["label"] == label) & (results.runs["seed"] == results.runs["seed"].min())]
    return results.history.loc[results.history["run_id"].isin(own["run_id"]), column].reset_index(drop=True)


def caption_of(figure: Figure) -> str:
    """The caption on one line."""
    return " ".join(figure.get_supxlabel().split())


def ends_of(ax: Axes) -> dict[str, np.ndarray]:
    """Where the ends of runs are drawn, by colour."""
    return {
        to_hex(one.get_color()): np.asarray(one.get_xydata())[0] for one in ax.get_lines() if one.get_gid() == "end"
    }


def test_a_line_begins_and_ends_where_its_run_did(view: View, readers: Results) -> None:
    """At alpha = 0 and 1 the costs are the first and the last that were measured, on training and on test examples."""
    runs = runs_of(view)
    assert runs is not None
    found, used, left = on_lines(view, runs)
    assert left == ["wild"]
    assert used == {"train": runs.of.n_examples, "test": 12}
    for part in ("train", "test"):
        for label in ("slow", "fast", "middle", "slowest"):
            own = found[(found["label"] == label) & (found["part"] == part)].set_index("alpha")["cost"]
            first, last = (float(own.iloc[int(np.abs(own.index - at).argmin())]) for at in (0.0, 1.0))
            there = measured(readers, label, f"{part}_cost").to_numpy()
            assert (first, last) == pytest.approx((there[0], there[-1]), rel=1e-5)


def test_lines_are_drawn_with_their_names(view: View, readers: Results) -> None:
    """A panel for each part, the ends where the last costs are, and each name once at the right; the diverged one is named in words."""
    figure = rendered(line(view))
    train, test = figure.axes
    assert (train.get_ylabel(), test.get_ylabel()) == ("training cost", "test cost")
    names = sorted(text.get_text() for ax in figure.axes for text in ax.texts if text.get_gid() == "end")
    assert names == ["fast", "middle", "slow", "slowest"]
    colours = {str(one.get_label()): to_hex(one.get_color()) for one in train.get_lines()}
    for label in names:
        at, cost = ends_of(train)[colours[label]]
        assert at == pytest.approx(1)
        assert cost == pytest.approx(measured(readers, label).iloc[-1], rel=1e-5)
    assert "Without wild, which did not last." in caption_of(figure)
    assert "evenly spaced" not in caption_of(figure)


def test_a_sample_is_named(view: View, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where not all examples are taken, the captions say how many were."""
    monkeypatch.setattr(landscape, "_FEWEST", 10)
    monkeypatch.setattr(landscape, "_WORK", 1.0)
    assert "over 10 of 48 training examples, evenly spaced, and 10 of 12 test" in caption_of(rendered(line(view)))
    assert "over 10 of 48 training examples, evenly spaced. Below" in caption_of(rendered(plane(view)))


@given(st.integers(1, 10**6), st.integers(1, 10**9), st.integers(1, 10**5))
def test_a_sample_is_spread_over_all_rows(n: int, weights: int, points: int) -> None:
    """It holds no row twice, begins with the first and ends with the last, and is the same each time."""
    rows = np.arange(n, dtype=np.int64)
    found = sample(rows, weights, points)
    assert (np.diff(found) > 0).all()
    assert (found[0], found[-1]) == (0, n - 1)
    assert len(found) == n or 500 <= len(found) <= 10_000


three = arrays(np.float64, (3, 7), elements=st.floats(-10, 10).map(lambda v: round(v, 3)))


@given(three, arrays(np.float64, 7, elements=st.floats(-10, 10)))
def test_a_plane_goes_through_its_points(ends: np.ndarray, other: np.ndarray) -> None:
    """The three lie in it, the first at its origin and the second at the right of it; distances in it are those between weights."""
    found = Plane.through(list(ends))
    if found is None:
        sides = np.linalg.svd(ends - ends[0], compute_uv=False)
        assert sides[1] <= 1e-4 * max(sides[0], 1)
        return
    np.testing.assert_allclose([found.along @ found.along, found.across @ found.across], 1)
    assert found.along @ found.across == pytest.approx(0, abs=1e-8)
    places = found.project(ends)
    np.testing.assert_allclose(found.at(places), ends, atol=1e-8)
    np.testing.assert_allclose(places[0], 0, atol=1e-9)
    np.testing.assert_allclose(places[1], [float(np.linalg.norm(ends[1] - ends[0])), 0.0], atol=1e-8)
    seen = found.project(other)[0]
    away = np.linalg.norm(other - ends[0]) ** 2
    assert found.distance(other) ** 2 + seen @ seen == pytest.approx(away, rel=1e-6, abs=1e-6)


def test_a_plane_needs_three_corners() -> None:
    """Three points on one line, or two that are the same, span none."""
    line_of_three = [np.zeros(3), np.ones(3), 2 * np.ones(3)]
    assert Plane.through(line_of_three) is None
    assert Plane.through([np.ones(3), np.ones(3), np.zeros(3)]) is None


def test_the_ends_in_a_plane_have_their_costs(view: View, readers: Results) -> None:
    """The control and the two best others stand where their last weights are, with the costs that were measured."""
    figure = rendered(plane(view))
    (ax,) = figure.axes
    told = [text.get_text().split("\n") for text in ax.texts if "\n" in text.get_text()]
    assert [label for label, _ in told] == ["slow", "fast", "middle"]
    for label, cost in told:
        assert cost == f"{measured(readers, label).iloc[-1]:.3g}"
    runs = runs_of(view)
    assert runs is not None
    ends = [runs.again(view, label).run.w for label, _ in told]
    through = Plane.through(ends)
    assert through is not None
    np.testing.assert_allclose(np.array(list(ends_of(ax).values())), through.project(ends), atol=1e-9)
    found = costs(runs.of, through.at(through.project(ends)), "train", parts_of(runs.of)["train"])
    np.testing.assert_allclose(found, [measured(readers, label).to_numpy()[-1] for label, _ in told], rtol=1e-5)
    start = [np.asarray(one.get_xydata())[0] for one in ax.get_lines() if one.get_gid() == "start"]
    np.testing.assert_allclose(start, through.project(runs.of.initial(runs.seed)))
    ways = {str(one.get_label()): np.asarray(one.get_xydata()) for one in ax.get_lines() if one.get_linestyle() == ":"}
    for label, end in zip(ways, through.project(ends), strict=True):
        np.testing.assert_allclose(ways[label][[0, -1]], [start[0], end], atol=1e-5)
    caption = caption_of(figure)
    assert "the last weights of slow, fast and middle (seed 0)" in caption
    assert f"Of {runs.of.n_weights:,} dimensions two are seen" in caption
    assert "these are the control and the two others with the lowest training cost" in caption


def test_costs_at_the_ends_are_of_the_examples_of_the_surface(view: View, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a surface is of some of the examples, so are they: both say how high one place is."""
    monkeypatch.setattr(landscape, "_MOST", 5)
    monkeypatch.setattr(landscape, "_FEWEST", 5)
    figure = rendered(plane(view))
    runs = runs_of(view)
    assert runs is not None
    rows = sample(runs.of.train_rows, runs.of.n_weights, 1)
    assert rows.size == 5
    told = [text.get_text().split("\n") for text in figure.axes[0].texts if "\n" in text.get_text()]
    assert len(told) == 3
    for label, cost in told:
        assert cost == f"{runs.of.cost(runs.again(view, label).run.w, rows):.3g}"


def test_runs_are_repeated_once_for_all_pictures(readers: Results) -> None:
    """Line and plane repeat the run of each line once, and nothing a second time."""
    made: list[tuple[int, int]] = []

    def again(plan: Plan, seed: int, heard: Callable[[Run], bool] | None = None, /) -> Run:
        made.append((id(plan.optimizer), seed))
        return made_again(plan, seed, heard)

    one = View(readers, train_again=again)
    assert line(one) is not None
    assert len(made) == 4
    assert plane(one) is not None
    assert len(made) == 4


def test_pictures_of_networks_fit_only_them(tmp_path: Any) -> None:
    """A function of two weights has a path, and neither line nor plane."""
    results = small(tmp_path / "r", seeds=1, problem={"use": "bowl"}, optimizers=[{"use": "sgd", "lr": 0.01}])
    assert line(View(results)) is None
    assert plane(View(results)) is None


def test_a_plane_of_two_ends_is_told(readers: Results) -> None:
    """Three lines of which one diverged are no plane, and that is said."""
    few = readers.runs[readers.runs["label"].isin(["slow", "fast", "wild"])]
    with pytest.raises(InputError, match="a plane needs the ends of three runs: 2 have lasted"):
        plane(View(replace(readers, runs=few), train_again=made_again))


def test_where_nothing_lasted_there_is_no_line(readers: Results) -> None:
    """Runs that diverged have no last weights to go to."""
    wild = readers.runs[readers.runs["label"] == "wild"]
    assert line(View(replace(readers, runs=wild), train_again=made_again)) is None
