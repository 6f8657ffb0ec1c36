"""Plots on axes: scales, gaps, crosses and the ends of paths, whatever the values are."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from optilab.plots.convergence import convergence as convergence_plot
from optilab.plots.path import paths_on_contours
from optilab.plots.scales import few_log_ticks
from optilab.plots.sensitivity import sensitivity as sensitivity_plot
from optilab.plots.slope import path_on_curve
from pictures import drawn_lines, marks, rendered


def lines_of(**values: list[float]) -> pd.DataFrame:
    """Lines without a band, one measurement a step."""
    parts = [
        pd.DataFrame({"label": label, "x": np.arange(len(line)), "median": line, "low": line, "high": line})
        for label, line in values.items()
    ]
    return pd.concat(parts, ignore_index=True)


def test_a_zero_stands_on_the_axis_of_costs() -> None:
    """A cost of exactly 0 is at the bottom of a logarithmic axis, at a tick of its own, and the others keep their decades."""
    figure, ax = plt.subplots()
    convergence_plot(lines_of(a=[1, 1e-2, 0], b=[1, 1e-1, 1e-4]), ax, x="epoch", colours={"a": "red", "b": "blue"})
    rendered(figure)
    assert ax.get_yscale() == "symlog"
    assert ax.get_ylim()[0] == 0
    assert 0 in ax.get_yticks()
    heights = ax.transAxes.inverted().transform(ax.transData.transform([(0, y) for y in (0, 1e-4, 1e-2, 1)]))[:, 1]
    assert heights[0] == pytest.approx(0)
    assert all(np.diff(heights) > 0.1)
    np.testing.assert_array_equal(drawn_lines(ax)["a"], [1, 1e-2, 0])


def test_a_line_that_diverges_does_not_press_the_others_flat() -> None:
    """It leaves the picture at the top, its cross is at the edge, and the others go over most of the height."""
    figure, ax = plt.subplots()
    convergence_plot(lines_of(a=[1, 1e40, np.inf], b=[1, 0.5, 0.1]), ax, x="epoch", colours={"a": "red", "b": "blue"})
    rendered(figure)
    bottom, top = ax.get_ylim()
    assert top == 10
    assert 0.05 < bottom < 0.1
    (cross,) = [line for line in ax.get_lines() if line.get_marker() == "x"]
    assert np.asarray(cross.get_xydata()).tolist() == [[1, 10]]


def test_rounding_does_not_press_the_others_flat() -> None:
    """What has fallen to 1e-60 leaves the picture where a float's precision ends."""
    figure, ax = plt.subplots()
    convergence_plot(lines_of(a=[1, 1e-9, 1e-60], b=[1, 0.5, 0.1]), ax, x="epoch", colours={"a": "red", "b": "blue"})
    rendered(figure)
    assert ax.get_ylim()[0] == pytest.approx(1e-16)


def test_what_is_not_finite_is_a_gap() -> None:
    """No line is drawn over a value that isn't there; a cross at the upper edge stands in its place."""
    points = lines_of(a=[1, np.inf, 0.5, 0.1]).assign(scattered=False, seeds=2, finite=[2, 0, 2, 2])
    figure, ax = plt.subplots()
    sensitivity_plot(points, ax, parameter="momentum", colours={"a": "red"})
    rendered(figure)
    np.testing.assert_array_equal(drawn_lines(ax)["a"], [1, np.nan, 0.5, 0.1])
    (cross,) = [line for line in ax.get_lines() if line.get_marker() == "x"]
    assert np.asarray(cross.get_xdata()).tolist() == [1]
    across, up = ax.transAxes.inverted().transform(
        cross.get_transform().transform((1.0, float(np.asarray(cross.get_ydata())[0])))
    )
    assert 0.85 < up < 1
    assert 0 < across < 1
    heights = ax.transAxes.inverted().transform(ax.transData.transform([(0, 1), (0, 0.1)]))[:, 1]
    assert heights.max() < up - 0.03


@pytest.mark.parametrize(
    ("values", "scale"),
    [
        ([1e-300, 1e300], "linear"),
        ([1e-4, 1e-2], "log"),
        ([0.8, 0.9, 0.99], "function"),
        ([0.0, 1e-4, 1e-2], "symlog"),
        ([0.0, 0.5, 0.9], "linear"),
        ([-1.0, 0.0, 1.0], "linear"),
        ([0.0], "linear"),
        ([5.0], "linear"),
    ],
)
def test_any_hyperparameter_has_an_axis(values: list[float], scale: str) -> None:
    """Logarithmic where values differ much, and all of them are in the picture."""
    points = pd.DataFrame(
        {"label": "a", "x": values, "median": 1.0, "low": 1.0, "high": 1.0, "scattered": False, "seeds": 1, "finite": 1}
    )
    figure, ax = plt.subplots()
    sensitivity_plot(points, ax, parameter=r"$\frac{", colours={"a": "red"})
    rendered(figure)
    low, high = ax.get_xlim()
    assert ax.get_xscale() == scale
    assert low <= min(values)
    assert high >= max(values)
    assert ax.get_xlabel() == r"\$\frac{"


CURVE = pd.DataFrame({"w_0": [-1.0, 0.0, 1.0], "cost": [1.0, 0.0, 1.0]})


@pytest.mark.parametrize(
    ("weights", "costs", "lasted", "expected"),
    [
        ([0.5, 0.2], [0.25, 0.04], True, {"start": [[0.5, 0.25]], "end": [[0.2, 0.04]], "cross": []}),
        ([0.5, 7.0], [0.25, 49.0], True, {"start": [[0.5, 0.25]], "end": [], "cross": [[1.0, 1.0]]}),
        ([0.5, -1e200], [0.25, np.inf], False, {"start": [[0.5, 0.25]], "end": [], "cross": [[-1.0, 1.0]]}),
        ([0.5, np.nan], [0.25, np.nan], False, {"start": [[0.5, 0.25]], "end": [], "cross": [[0.5, 0.25]]}),
        ([0.5, 0.2], [0.25, 0.04], False, {"start": [[0.5, 0.25]], "end": [], "cross": [[0.2, 0.04]]}),
        ([0.5, 7.0, 0.2], [0.25, 49.0, 0.04], True, {"start": [[0.5, 0.25]], "end": [[0.2, 0.04]], "cross": []}),
        ([5.0, 0.2], [25.0, 0.04], True, {"start": [], "end": [[0.2, 0.04]], "cross": []}),
        ([5.0, 6.0], [25.0, 36.0], True, {"start": [], "end": [], "cross": []}),
    ],
)
def test_the_ends_of_a_path_on_a_curve(
    weights: list[float], costs: list[float], lasted: bool, expected: dict[str, Any]
) -> None:
    """A dot where a run ended, a cross at the edge where it left for good, and neither where it never was."""
    run = pd.DataFrame(
        {"run_id": "r", "step": range(len(weights)), "w_0": weights, "train_cost": costs, "lasted": lasted}
    )
    figure, ax = plt.subplots()
    path_on_curve(CURVE, run, ax, colour="red")
    rendered(figure)
    assert marks(ax) == expected


SURFACE = pd.DataFrame(
    [(u, v, u * u + v * v) for v in (-1.0, 0.0, 1.0) for u in (-1.0, 0.0, 1.0)], columns=["w_0", "w_1", "cost"]
)


@pytest.mark.parametrize(
    ("points", "lasted", "expected"),
    [
        ([(0.5, 0.5), (0, 0.25)], True, {"start": [[0.5, 0.5]], "end": [[0, 0.25]], "cross": []}),
        ([(0.5, 0.5), (1.5, 0.5)], True, {"start": [[0.5, 0.5]], "end": [], "cross": [[1, 0.5]]}),
        ([(0, 0), (2, 4)], False, {"start": [[0, 0]], "end": [], "cross": [[0.5, 1]]}),
        ([(0, 0), (-1e308, 1e308)], False, {"start": [[0, 0]], "end": [], "cross": [[-1, 1]]}),
        ([(0.5, 0.5), (0, 0.25)], False, {"start": [[0.5, 0.5]], "end": [], "cross": [[0, 0.25]]}),
        ([(0.5, 0.5), (np.nan, 0.25)], False, {"start": [[0.5, 0.5]], "end": [], "cross": [[0.5, 0.5]]}),
        ([(3, 3), (0, 0.25)], True, {"start": [], "end": [[0, 0.25]], "cross": []}),
        ([(3, 3), (4, 4)], True, {"start": [], "end": [], "cross": []}),
        ([(0.5, 0.5), (5, 5), (0, 0.25)], True, {"start": [[0.5, 0.5]], "end": [[0, 0.25]], "cross": []}),
    ],
)
def test_the_ends_of_a_path_on_contours(points: list[Any], lasted: bool, expected: dict[str, Any]) -> None:
    """A cross stands where the way out crosses the edge of the picture, not on the last point inside."""
    run = pd.DataFrame(points, columns=["w_0", "w_1"]).assign(run_id="r", label="a", lasted=lasted)
    run["step"] = range(len(points))
    figure, ax = plt.subplots()
    paths_on_contours(SURFACE, run, ax, colours={"a": "red"}, minima=[0.0, 0.0])
    rendered(figure)
    found = marks(ax)
    assert found.keys() == expected.keys()
    for name, places in expected.items():
        np.testing.assert_allclose(found[name], places, atol=1e-12)


@pytest.mark.parametrize("cost", [0.0, -3.0, np.nan, np.inf, 1e308], ids=str)
def test_a_surface_without_contours_is_a_picture(cost: float) -> None:
    """A function that is the same everywhere, or finite nowhere, has no contours, and its paths are drawn."""
    run = pd.DataFrame(
        {"w_0": [0.5, 0.0], "w_1": [0.5, 0.0], "run_id": "r", "label": "a", "lasted": True, "step": [0, 1]}
    )
    figure, ax = plt.subplots()
    paths_on_contours(SURFACE.assign(cost=cost), run, ax, colours={"a": "red"})
    rendered(figure)
    assert marks(ax)["end"] == [[0, 0]]


@pytest.mark.parametrize("odd", [np.nan, np.inf, 1e308, -1e308], ids=str)
def test_a_surface_with_an_odd_place_is_a_picture(odd: float) -> None:
    """One place without a finite cost, or with an enormous one, leaves the contours of the others."""
    surface = SURFACE.copy()
    surface.loc[4, "cost"] = odd
    figure, ax = plt.subplots()
    paths_on_contours(surface, SURFACE.assign(run_id="r", label="b", lasted=True).head(0), ax, colours={"a": "red"})
    rendered(figure)
    assert len(ax.collections) == 2


@given(low=st.floats(1e-6, 1e6), factor=st.floats(1.01, 1e4), most=st.integers(1, 6))
def test_a_logarithmic_axis_has_a_tick(low: float, factor: float, most: int) -> None:
    """From one to as many as there is room for, within the axis, also between two of 1, 2, 5 and 10."""
    ax = Figure().subplots()
    ax.set_yscale("log")
    few_log_ticks(ax.yaxis, low, low * factor, most)
    ticks = np.asarray(ax.yaxis.get_majorticklocs())
    assert 1 <= len(ticks) <= most
    assert ((low <= ticks) & (ticks <= low * factor)).all()
