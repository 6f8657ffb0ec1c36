"""Bands over seeds, worked out by hand."""

from __future__ import annotations

import math

import pytest
from analysis.runs import history_of, runs_of, seeds

from optilab.analysis.curves import bands

INF, NAN = math.inf, math.nan


def test_a_band_is_median_and_quartiles_over_seeds() -> None:
    """Quantiles are taken over seeds at each measurement, interpolated as NumPy does."""
    history = history_of([4, 1], [8, 2], [6, 4], [2, 8])
    found = bands(history, seeds(*["budget"] * 4), "step", "train_cost")
    assert found["x"].tolist() == [0, 10]
    assert found["median"].tolist() == [5, 3]
    assert found["low"].tolist() == [3.5, 1.75]
    assert found["high"].tolist() == [6.5, 5]
    assert found["seeds"].tolist() == [4, 4]
    assert found["finite"].tolist() == [4, 4]
    assert found["label"].unique().tolist() == ["adam"]
    assert found["problem"].unique().tolist() == ["bowl"]


def test_a_band_of_one_seed_is_its_line() -> None:
    """With one seed the median and both quartiles are the run."""
    found = bands(history_of([4, 2, 1]), seeds("budget"), "epoch", "train_cost")
    assert found["x"].tolist() == [0, 0.5, 1]
    for column in ("median", "low", "high"):
        assert found[column].tolist() == [4, 2, 1]


def test_x_is_the_median_of_the_seeds() -> None:
    """Seeds are matched by the number of the measurement and stand at their median x."""
    history = history_of([4, 2], [4, 2], [4, 2], cpu_seconds=[1.0, 2.0, 9.0])
    found = bands(history, seeds(*["budget"] * 3), "cpu_seconds", "train_cost")
    assert found["x"].tolist() == [0, 2]


def test_a_seed_that_diverged_counts_as_infinite() -> None:
    """From where it stopped being finite it pulls the median up, though it has no more measurements."""
    history = history_of([5, 1, 1], [5, 2, 2], [5, INF])
    found = bands(history, seeds("budget", "budget", "diverged"), "step", "train_cost")
    assert found["median"].tolist() == [5, 2, 2]
    assert found["low"].tolist() == [5, 1.5, 1.5]
    assert found["high"].tolist() == [5, INF, INF]
    assert found["seeds"].tolist() == [3, 3, 3]
    assert found["finite"].tolist() == [3, 2, 2]


def test_most_seeds_diverged() -> None:
    """Where more than half of the seeds are gone, so is the median."""
    history = history_of([5, 1, 1], [5, NAN], [5])
    found = bands(history, seeds("budget", "diverged", "diverged"), "step", "train_cost")
    assert found["median"].tolist() == [5, INF, INF]
    assert found["low"].tolist() == [5, INF, INF]
    assert found["finite"].tolist() == [3, 1, 1]


def test_two_seeds_of_which_one_diverged() -> None:
    """Half way between a number and infinity is infinity."""
    found = bands(history_of([5, 1], [5, INF]), seeds("budget", "diverged"), "step", "train_cost")
    assert found["median"].tolist() == [5, INF]


def test_a_seed_that_failed_before_it_was_measured_counts_as_infinite() -> None:
    """A run without any history is left out of nothing: it counts among the seeds, and as infinite."""
    history = history_of([5, 1], [5, 3])
    found = bands(history, seeds("budget", "budget", "failed"), "step", "train_cost")
    assert found["seeds"].tolist() == [3, 3]
    assert found["finite"].tolist() == [2, 2]
    assert found["median"].tolist() == [5, 3]
    assert found["high"].tolist() == [INF, INF]


def test_a_seed_that_ended_early_and_well_is_not_infinite() -> None:
    """A run that stopped because it had arrived stays where it is; one that ran out of time counts as infinite."""
    history = history_of([5, 1, 1], [5, 3, 4], [5, 2])
    found = bands(history, seeds("budget", "budget", "converged"), "step", "train_cost")
    assert found["median"].tolist() == [5, 2, 2]
    assert found["finite"].tolist() == [3, 3, 3]
    found = bands(history, seeds("budget", "budget", "timeout"), "step", "train_cost")
    assert found["median"].tolist() == [5, 2, 4]
    assert found["finite"].tolist() == [3, 3, 2]


def test_huge_costs_stay_what_they_are() -> None:
    """A cost of a float32 run near its end is large, not infinite."""
    found = bands(history_of([1e38], [2e38], [3e38]), seeds(*["budget"] * 3), "step", "train_cost")
    assert found["median"].tolist() == [2e38]
    assert found["high"].tolist() == pytest.approx([2.5e38])


def test_lines_are_kept_apart_and_in_order() -> None:
    """Problems and labels each have a band of their own, of their own runs."""
    runs = runs_of({"label": "b"}, {"label": "a"}, {"label": "a", "problem": "rosenbrock"})
    found = bands(history_of([1, 1], [2, 2], [3, 3]), runs, "step", "train_cost")
    assert found[["problem", "label", "median"]].drop_duplicates().to_numpy().tolist() == [
        ["bowl", "b", 1],
        ["bowl", "a", 2],
        ["rosenbrock", "a", 3],
    ]


def test_the_same_column_on_both_axes() -> None:
    """X and y may be one column."""
    found = bands(history_of([4, 2], [6, 2]), seeds("budget", "budget"), "train_cost", "train_cost")
    assert found["x"].tolist() == found["median"].tolist() == [5, 2]


def test_a_run_that_diverged_is_as_bad_as_can_be() -> None:
    """Of accuracies it counts as minus infinity; as infinity where they are given as errors, of which the lowest is best."""
    history = history_of([1, 1], [1, 1], [1, INF]).assign(test_accuracy=[0.1, 0.9, 0.1, 0.8, 0.1, INF])
    runs = seeds("budget", "budget", "diverged")
    found = bands(history, runs, "step", "test_accuracy")
    assert found["median"].tolist() == [0.1, 0.8]
    assert found["low"].iloc[1] == -INF
    errors = bands(
        history.assign(test_accuracy=1 - history["test_accuracy"].replace(INF, -INF)),
        runs,
        "step",
        "test_accuracy",
        lowest=True,
    )
    assert errors["median"].tolist() == pytest.approx([0.9, 0.2])
    assert errors["high"].iloc[1] == INF
