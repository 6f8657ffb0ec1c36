"""Ranks of lines, and their best cells and runs, worked out by hand."""

from __future__ import annotations

import math

import pytest
from analysis.runs import history_of, runs_of

from optilab.analysis.best import best_cells, best_runs, unchosen
from optilab.analysis.cells import hyperparameter_columns, identified, varying
from optilab.analysis.comparison import comparison
from optilab.analysis.curves import bands, ranked
from optilab.analysis.sensitivity import sensitivity
from optilab.records.chosen import nothing_chosen

INF, NAN = math.inf, math.nan


def test_labels_are_ranked_by_where_they_end() -> None:
    """The lowest last median is first; over several problems the mean rank decides; diverged is last."""
    runs = runs_of({"label": "a"}, {"label": "b"}, {"label": "c", "status": "diverged"})
    assert ranked(bands(history_of([1, 9], [9, 1], [0, INF]), runs, "step", "train_cost")) == ["b", "a", "c"]
    runs = runs_of(*({"label": label, "problem": problem} for problem in "pqr" for label in "ab"))
    costs = [[2.0], [1.0], [200.0], [100.0], [0.0], [1.0]]
    assert ranked(bands(history_of(*costs), runs, "step", "train_cost")) == ["b", "a"]


def test_ranks_count_and_not_costs() -> None:
    """Over several problems the mean of the ranks decides: one problem on a large scale doesn't outweigh the others."""
    runs = runs_of(*({"label": label, "problem": problem} for problem in "pqr" for label in "ab"))
    history = history_of([1.0], [2.0], [1.0], [2.0], [1000.0], [0.001])
    assert ranked(bands(history, runs, "step", "train_cost")) == ["a", "b"]


def test_a_line_that_is_not_there_is_last() -> None:
    """Where nothing could be chosen on one problem, a line is the last there, and not left out of its mean."""
    runs = runs_of(
        *({"label": label, "problem": "p"} for label in "abc"),
        *({"label": label, "problem": "q"} for label in "ab"),
    )
    history = history_of([2.0], [3.0], [1.0], [1.0], [2.0])  # c is the best on p, and not there on q
    assert ranked(bands(history, runs, "step", "train_cost")) == ["a", "c", "b"]


def test_lines_are_told_apart_by_identity() -> None:
    """Two lines of one label stay two in every table, and get names of their own; one of two labels stays one."""
    same = [{"problem_id": "p", "line_id": line, "final_train_cost": cost} for line, cost in (("1", 1.0), ("2", 2.0))]
    runs = runs_of(*same, {**same[0], "seed": 1, "final_train_cost": 3.0})
    history = history_of([1.0], [2.0], [3.0])
    assert best_cells(runs, "final_train_cost")["score"].tolist() == [2, 2]
    assert comparison(runs, history)[["label", "seeds"]].to_numpy().tolist() == [["adam", 2], ["adam #2", 1]]
    assert bands(history, runs, "step", "train_cost")["label"].tolist() == ["adam", "adam #2"]
    assert ranked(bands(history, runs, "step", "train_cost")) == ["adam", "adam #2"]
    assert sensitivity(runs, "lr", "train_cost")["label"].tolist() == ["adam", "adam #2"]
    renamed = runs_of(*({"problem_id": "p", "line_id": "1", "label": label, "seed": k} for k, label in enumerate("ab")))
    assert comparison(renamed, history)["seeds"].tolist() == [2]


def test_runs_without_identities_are_of_the_lines_of_their_labels() -> None:
    """As an earlier version left them: those of a label that one line alone has today are of that line."""
    runs = runs_of({"seed": 0}, {"seed": 1, "problem_id": "p", "line_id": "1"}, {"label": "sgd"})
    found = identified(runs)
    assert found[["problem_id", "line_id"]].to_numpy().tolist() == [["p", "1"], ["p", "1"], ["p", "sgd"]]


def test_a_line_of_several_cells_that_came_to_nothing_has_no_best_runs() -> None:
    """All scores are infinite or missing: the first is no better than the others."""
    runs = runs_of(
        {"lr": 0.1, "final_train_cost": 1.0, "status": "diverged"},
        {"lr": 0.2, "final_train_cost": NAN},
        {"lr": 0.3, "final_train_cost": INF},
        {"label": "sgd", "final_train_cost": 5.0},
    )
    assert best_runs(runs)["label"].tolist() == ["sgd"]
    assert unchosen(runs)[["label", "ended"]].to_numpy().tolist() == [["adam", "1 diverged"]]
    rows = comparison(runs, history_of([1.0], [1.0], [1.0], [1.0])).set_index("label")
    assert list(rows.loc["adam", ["hyperparameters", "seeds"]]) == [nothing_chosen("final_train_cost"), 0]
    assert rows.index.tolist() == ["sgd", "adam"]
    alone = runs_of({"lr": 0.1, "status": "diverged", "final_train_cost": 1.0})
    assert len(best_runs(alone)) == 1
    assert unchosen(alone).empty


def test_a_tuned_line_that_came_to_nothing_is_named() -> None:
    """Its runs of tuning say how they ended; one that is not evaluated yet is not among them."""
    runs = runs_of(
        *({"role": "tuning", "lr": lr, "status": "diverged", "final_train_cost": 1.0} for lr in (0.1, 0.2)),
        *({"role": "tuning", "label": "sgd", "lr": lr, "final_train_cost": lr} for lr in (0.1, 0.2)),
    )
    assert unchosen(runs)[["label", "ended"]].to_numpy().tolist() == [["adam", "2 diverged"]]


def test_the_best_cell_has_the_lowest_median() -> None:
    """Cells are all of a run but its seed; the median over seeds decides, not the best seed."""
    runs = runs_of(
        *({"lr": 0.1, "seed": k, "final_train_cost": cost} for k, cost in enumerate([5, 6, 7])),
        *({"lr": 0.2, "seed": k, "final_train_cost": cost} for k, cost in enumerate([0, 8, 9])),
        {"label": "sgd", "lr": 0.3, "final_train_cost": 100.0},
    )
    found = best_cells(runs, "final_train_cost")
    assert found["label"].tolist() == ["adam", "sgd"]
    assert found["score"].tolist() == [6, 100]
    assert runs.set_index("run_id").loc[found["run_id"], "lr"].tolist() == [0.1, 0.3]


@pytest.mark.parametrize("status", ["diverged", "failed", "crashed", "timeout", "pruned"])
def test_a_bad_end_is_no_low_cost(status: str) -> None:
    """A run that diverged or failed counts as infinite, whatever cost stands in its row."""
    runs = runs_of({"lr": 0.1, "final_train_cost": 3.0}, {"lr": 0.2, "final_train_cost": 0.0, "status": status})
    found = best_cells(runs, "final_train_cost")
    assert found["run_id"].tolist() == ["run0"]
    everything = best_cells(runs[runs["status"] == status], "final_train_cost")
    assert everything["score"].tolist() == [INF]


def test_cells_differ_in_schedule_batch_and_missing_hyperparameters() -> None:
    """Two runs whose other hyperparameters are both missing are of one cell."""
    runs = runs_of(
        {"seed": 0, "final_train_cost": 1.0, "beta1": NAN},
        {"seed": 1, "final_train_cost": 5.0, "beta1": NAN},
        {"seed": 0, "final_train_cost": 4.0, "batch_size": 2},
        {"seed": 0, "final_train_cost": 2.0, "schedule": "cosine"},
    )
    found = best_cells(runs, "final_train_cost")
    assert found["score"].tolist() == [2]
    assert found["run_id"].tolist() == ["run3"]


def test_the_best_runs_are_those_of_evaluation() -> None:
    """All seeds of the best cell of each line, and no run of tuning."""
    runs = runs_of(
        {"role": "tuning", "seed": 9, "lr": 0.5, "final_train_cost": 0.0},
        *({"lr": 0.1, "seed": k, "final_train_cost": 1.0} for k in range(2)),
        *({"lr": 0.2, "seed": k, "final_train_cost": 2.0} for k in range(2)),
    )
    found = best_runs(runs)
    assert found["run_id"].tolist() == ["run1", "run2"]
    assert best_runs(runs[runs["role"] == "tuning"]).empty


def test_hyperparameters_are_the_other_columns() -> None:
    """Whatever is not a column of the schema is a hyperparameter; those with several values in a line vary."""
    runs = runs_of({"lr": 0.1, "beta1": 0.9}, {"lr": 0.2, "beta1": 0.9}, {"label": "sgd", "lr": 0.1})
    assert hyperparameter_columns(runs) == ["lr", "beta1"]
    assert varying(runs) == ["lr"]
    assert varying(runs[:1]) == []
    assert varying(runs_of({"label": "a", "lr": 0.1}, {"label": "b", "lr": 0.2})) == []
