"""What is shown and drawn, worked out by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from optilab.analysis.best import best_cells, best_runs, unchosen
from optilab.analysis.cells import hyperparameter_columns, identified, varying
from optilab.analysis.comparison import NOTHING, chosen_text, comparison
from optilab.analysis.curves import bands, ranked
from optilab.analysis.sensitivity import sensitivity

INF, NAN = math.inf, math.nan
ENDS = ("budget", "diverged", "failed")


def runs_of(*rows: dict[str, Any]) -> pd.DataFrame:
    """A table of runs, with what isn't given filled in; each row is a run of its own."""
    usual = {
        "problem": "bowl",
        "label": "adam",
        "optimizer": "adam",
        "schedule": "constant",
        "batch_size": 1,
        "seed": 0,
        "role": "evaluation",
        "status": "budget",
        "lr": 0.1,
    }
    table = pd.DataFrame([{"run_id": f"run{k}", **usual, **row} for k, row in enumerate(rows)])
    for name in ("train_cost", "test_cost", "test_accuracy"):
        if f"final_{name}" not in table:
            table[f"final_{name}"] = NAN
    return table


def history_of(*costs: list[float], **columns: list[float]) -> pd.DataFrame:
    """The history of run0, run1, ...: one list of costs each, measured every 10 steps."""
    rows = []
    for k, values in enumerate(costs):
        for n, value in enumerate(values):
            measured = {"run_id": f"run{k}", "step": 10 * n, "epoch": n / 2, "train_cost": value, "seconds": 0.1 * n}
            rows.append({**measured, **{name: column[k] * n for name, column in columns.items()}})
    return pd.DataFrame(rows)


def seeds(*statuses: str, **changes: Any) -> pd.DataFrame:
    """One run a status, of one line."""
    return runs_of(*({"seed": k, "status": status, **changes} for k, status in enumerate(statuses)))


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
    assert list(rows.loc["adam", ["hyperparameters", "seeds"]]) == [NOTHING, 0]
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


def test_the_comparison_is_one_row_a_line() -> None:
    """Medians and ranges of the final values of the chosen cell, best first."""
    runs = runs_of(
        *({"seed": k, "lr": 0.1, "final_train_cost": c, "final_test_accuracy": 0.9} for k, c in enumerate([3, 1, 2])),
        *({"seed": k, "lr": 0.2, "final_train_cost": 9.0} for k in range(3)),
        *({"label": "sgd", "seed": k, "final_train_cost": c} for k, c in enumerate([0.5, 0.25, 1.0])),
    )
    history = history_of(*[[1.0, 1.0, 1.0]] * 9)
    found = comparison(runs, history)
    assert found["label"].tolist() == ["sgd", "adam"]
    assert found["train_cost"].tolist() == [0.5, 2]
    assert found["train_cost_low"].tolist() == [0.25, 1]
    assert found["train_cost_high"].tolist() == [1, 3]
    assert found["seeds"].tolist() == [3, 3]
    assert found["epochs"].tolist() == [1, 1]
    assert found["seconds"].tolist() == pytest.approx([0.2, 0.2])
    assert "lr=0.1" in found["hyperparameters"][1]
    assert found["test_accuracy"][1] == pytest.approx(0.9)
    assert math.isnan(found["test_accuracy"][0])


def test_the_comparison_counts_bad_ends() -> None:
    """Runs that ended otherwise than by their budget are counted in their line, which stays in the table."""
    ends = ["budget", "diverged", "diverged", "timeout"]
    runs = runs_of(
        *({"seed": k, "status": s, "final_train_cost": 1.0} for k, s in enumerate(ends)),
        {"label": "sgd", "status": "crashed", "final_train_cost": NAN},
    )
    found = comparison(runs, history_of([1.0], [1.0])).set_index("label")
    assert list(found.loc["adam", ["seeds", "ended"]]) == [4, "2 diverged, 1 timeout"]
    assert list(found.loc["sgd", ["seeds", "ended"]]) == [1, "1 crashed"]


@pytest.mark.parametrize("left_behind", [NAN, INF, 0.001])
def test_the_comparison_takes_divergence_for_the_worst(left_behind: float) -> None:
    """A seed that diverged is no reason for a better median, whatever its last cost was."""
    runs = runs_of(
        *({"seed": k, "final_train_cost": c} for k, c in enumerate([3.0, 4.0, 5.0])),
        {"label": "wild", "seed": 0, "final_train_cost": 1.0},
        {"label": "wild", "seed": 1, "final_train_cost": left_behind, "status": "diverged"},
        {"label": "wild", "seed": 2, "final_train_cost": left_behind, "status": "diverged"},
    )
    found = comparison(runs, history_of(*[[1.0]] * 6))
    assert found["label"].tolist() == ["adam", "wild"]
    assert found["train_cost"][0] == 4
    assert not np.isfinite(found["train_cost"][1])


def test_the_comparison_follows_the_measure_of_tuning() -> None:
    """The cell is chosen by the measure that is asked for."""
    runs = runs_of(
        {"lr": 0.1, "final_train_cost": 1.0, "final_test_cost": 9.0},
        {"lr": 0.2, "final_train_cost": 2.0, "final_test_cost": 3.0},
    )
    history = history_of([1.0], [1.0])
    assert comparison(runs, history)["test_cost"].tolist() == [9]
    assert comparison(runs, history, "final_test_cost")["test_cost"].tolist() == [3]


def test_the_comparison_of_nothing_is_empty() -> None:
    """Without runs of evaluation there are no rows."""
    runs = runs_of({"role": "tuning", "final_train_cost": 1.0})
    assert len(comparison(runs, history_of([1.0]))) == 0


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
