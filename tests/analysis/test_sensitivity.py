"""Sensitivity to a hyperparameter, worked out by hand."""

from __future__ import annotations

import math

import pandas as pd
from analysis.runs import runs_of

from optilab.analysis.comparison import chosen_text
from optilab.analysis.sensitivity import sensitivity

INF, NAN = math.inf, math.nan
ENDS = ("budget", "diverged", "failed")


def test_sensitivity_is_the_best_over_all_others() -> None:
    """For each value of the parameter the cell with the lowest median, with its quartiles over seeds."""
    runs = runs_of(
        *({"lr": 0.1, "beta1": 0.9, "seed": k, "final_train_cost": c} for k, c in enumerate([1, 2, 3])),
        *({"lr": 0.1, "beta1": 0.5, "seed": k, "final_train_cost": c} for k, c in enumerate([0, 7, 8])),
        *({"lr": 0.01, "beta1": 0.9, "seed": k, "final_train_cost": c} for k, c in enumerate([4, 5, 9])),
    )
    found = sensitivity(runs, "lr", "train_cost")
    assert found["x"].tolist() == [0.01, 0.1]
    assert found["median"].tolist() == [5, 2]
    assert found["low"].tolist() == [4.5, 1.5]
    assert found["high"].tolist() == [7, 2.5]
    assert found["seeds"].tolist() == [3, 3]


def test_sensitivity_shows_divergence() -> None:
    """A value at which the runs diverge is infinite, and stays in the table."""
    runs = runs_of(
        {"lr": 0.1, "final_train_cost": 1.0},
        {"lr": 1.0, "final_train_cost": 0.5, "status": "diverged"},
        {"lr": 2.0, "final_train_cost": NAN, "status": "failed"},
    )
    found = sensitivity(runs, "lr", "train_cost")
    assert found["median"].tolist() == [1, INF, INF]
    assert found["finite"].tolist() == [1, 0, 0]


def test_sensitivity_where_all_cells_of_a_value_diverge() -> None:
    """None of them is the best: the one that lasted on most seeds stands for the value, at infinity."""
    runs = runs_of(
        *({"lr": 0.1, "beta1": 0.9, "seed": k, "final_train_cost": 1.0, "status": "diverged"} for k in range(3)),
        *({"lr": 0.1, "beta1": 0.5, "seed": k, "final_train_cost": 1.0, "status": s} for k, s in enumerate(ENDS)),
        {"lr": 0.2, "beta1": 0.5, "final_train_cost": 1.0},
    )
    found = sensitivity(runs, "lr", "train_cost")
    assert found["median"].tolist() == [INF, 1]
    assert found["finite"].tolist() == [1, 1]


def test_sensitivity_leaves_out_what_was_given_up() -> None:
    """A run that was given up has no final value, and did not diverge either."""
    runs = runs_of(
        {"lr": 0.1, "final_train_cost": 1.0},
        {"lr": 0.2, "final_train_cost": 3.0, "status": "pruned"},
        {"lr": 0.3, "final_train_cost": 0.5, "status": "diverged"},
    )
    assert sensitivity(runs, "lr", "train_cost")["x"].tolist() == [0.1, 0.3]


def test_points_that_differ_in_all_hyperparameters_are_scattered() -> None:
    """Between two of them nothing was tried; between those of a grid, and of one hyperparameter alone, the rest is the same."""
    grid = [{"lr": lr, "beta1": b, "final_train_cost": 1.0} for lr in (0.1, 0.2) for b in (0.5, 0.9)]
    assert not sensitivity(runs_of(*grid), "lr", "train_cost")["scattered"].any()
    searched = [{"lr": 0.1 * k, "beta1": 0.5 + 0.1 * k, "final_train_cost": 1.0} for k in (1, 2, 3)]
    assert sensitivity(runs_of(*searched), "lr", "train_cost")["scattered"].all()
    alone = [{"lr": 0.1 * k, "beta1": 0.5, "final_train_cost": 1.0} for k in (1, 2, 3)]
    assert not sensitivity(runs_of(*alone), "lr", "train_cost")["scattered"].any()


def test_sensitivity_is_of_the_seeds_that_saw_the_whole_grid() -> None:
    """Where there was tuning, its runs are shown."""
    runs = runs_of(
        {"role": "tuning", "lr": 0.1, "final_train_cost": 1.0},
        {"role": "tuning", "lr": 0.2, "final_train_cost": 2.0},
        {"role": "evaluation", "lr": 0.1, "final_train_cost": 50.0},
    )
    assert sensitivity(runs, "lr", "train_cost")["median"].tolist() == [1, 2]


def test_sensitivity_leaves_out_lines_without_the_parameter() -> None:
    """An optimizer that has no such hyperparameter has no point."""
    runs = runs_of(
        {"beta1": 0.5, "final_train_cost": 1.0}, {"label": "sgd", "optimizer": "sgd", "final_train_cost": 2.0}
    )
    assert sensitivity(runs, "beta1", "train_cost")["label"].tolist() == ["adam"]


def test_a_star_marks_a_value_at_an_end_of_what_was_tried() -> None:
    """The lowest and the highest of the tried values get a star; one between them, and one that was not tuned, don't."""
    runs = pd.DataFrame({"problem": "p", "label": "l", "lr": [0.1, 0.2, 0.3], "eps": 1.0})
    texts = [chosen_text(runs, runs.iloc[k], ["lr", "eps"]) for k in range(3)]
    assert texts == ["lr=0.1*, eps=1", "lr=0.2, eps=1", "lr=0.3*, eps=1"]
