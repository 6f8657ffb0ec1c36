"""What is shown and drawn, worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from analysis.runs import history_of, runs_of, seeds

from optilab.analysis.cells import identified
from optilab.analysis.comparison import comparison

INF, NAN = math.inf, math.nan


def test_the_comparison_is_one_row_a_line() -> None:
    """Medians and ranges of the final values of the chosen cell, best first."""
    runs = runs_of(
        *({"seed": k, "lr": 0.1, "final_train_cost": c, "final_test_accuracy": 0.9} for k, c in enumerate([3, 1, 2])),
        *({"seed": k, "lr": 0.2, "final_train_cost": 9.0} for k in range(3)),
        *({"label": "sgd", "seed": k, "final_train_cost": c} for k, c in enumerate([0.5, 0.25, 1.0])),
    )
    history = history_of(*[[1.0, 1.0, 1.0]] * 9)
    found = comparison(runs, history, measure="train_cost")
    assert found["label"].tolist() == ["sgd", "adam"]
    assert found["measure"].tolist() == ["train_cost"] * 2
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


@pytest.mark.parametrize("ended", ["diverged", "failed", "crashed", "timeout", "pruned"])
@pytest.mark.parametrize("measure", ["train_cost", "valid_accuracy", "test_cost", "test_accuracy", "exam_score"])
@pytest.mark.parametrize("left_behind", [NAN, INF, 0.99])
def test_every_measure_takes_what_did_not_last_for_the_worst(ended: str, measure: str, left_behind: float) -> None:
    """Costs and accuracies, optilab's own and others: the median of a line that lost most of its runs is infinitely bad, and so is an end."""
    value = f"final_{measure}"
    runs = runs_of(
        *({"seed": k, value: v} for k, v in enumerate([0.5, 0.6, 0.7])),
        {"label": "wild", "seed": 0, value: 0.8},
        *({"label": "wild", "seed": k, value: left_behind, "status": ended} for k in (1, 2)),
        *({"label": "shaky", "seed": k, value: 0.9} for k in (0, 1)),
        {"label": "shaky", "seed": 2, value: left_behind, "status": ended},
        *({"label": "lost", "seed": k, value: left_behind, "status": ended} for k in range(3)),
    )
    runs[f"best_{measure}"] = runs[value]  # a measure has both
    found = comparison(runs, history_of(*[[1.0]] * 12), value, measure).set_index("label")
    worst, end = (INF, "high") if measure.endswith("cost") else (-INF, "low")
    assert found[measure].to_dict() == {"adam": 0.6, "wild": worst, "shaky": 0.9, "lost": worst}
    assert found[f"{measure}_{end}"].drop("adam").tolist() == [worst] * 3


def test_a_measure_that_was_not_measured_is_missing() -> None:
    """Not infinite: neither on a problem that has none, nor in a line that alone has none, though some of its runs did not last."""
    runs = runs_of(
        *({"seed": k, "final_train_cost": 1.0, "final_test_accuracy": 0.5} for k in range(2)),
        {"label": "bare", "seed": 0, "final_train_cost": 1.0},
        {"label": "bare", "seed": 1, "final_train_cost": INF, "status": "diverged"},
        {"label": "adam", "problem": "other", "final_train_cost": INF, "status": "diverged"},
    )
    found = comparison(runs, history_of(*[[1.0]] * 5)).set_index(["problem", "label"])
    assert found["test_accuracy"].fillna(-1).to_dict() == {
        ("bowl", "adam"): 0.5,
        ("bowl", "bare"): -1,
        ("other", "adam"): -1,
    }


@pytest.mark.parametrize(
    ("measure", "labels"),
    [
        (None, ["b", "a", "c"]),
        ("test_accuracy", ["b", "a", "c"]),
        ("train_cost", ["a", "b", "c"]),
        ("valid_cost", ["b", "a", "c"]),  # which was not measured
        ("exam_score", ["a", "b", "c"]),
        ("exam_error", ["b", "a", "c"]),
    ],
)
def test_the_best_median_of_the_measure_stands_first(measure: str | None, labels: list[str]) -> None:
    """Without one, or without values of it, that of the first that was measured. What did not last stands last."""
    runs = runs_of(
        {"label": "a", "final_train_cost": 0.1, "final_test_accuracy": 0.8, "final_exam": 2.0},
        {"label": "b", "final_train_cost": 0.2, "final_test_accuracy": 0.9, "final_exam": 1.0},
        {"label": "c", "final_train_cost": 0.0, "final_test_accuracy": 1.0, "final_exam": 1.5, "status": "diverged"},
    )
    exams = {f"{which}_exam_{kind}": runs["final_exam"] for which in ("final", "best") for kind in ("score", "error")}
    found = comparison(runs.drop(columns="final_exam").assign(**exams), history_of(*[[1.0]] * 3), measure=measure)
    assert found["label"].tolist() == labels


def test_a_measure_of_which_no_run_has_a_value_is_infinitely_bad_where_none_lasted() -> None:
    """It stays the measure if nothing else was measured."""
    runs = seeds("diverged", "diverged", final_exam_score=NAN, best_exam_score=NAN)
    found = comparison(runs, history_of([1.0], [1.0]), "final_exam_score", "exam_score")
    assert found[["measure", "exam_score"]].values.tolist() == [["exam_score", -INF]]


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


def test_work_grows_with_the_lines_and_no_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows that are looked at for the chosen values of each line are its own, so ten thousand lines are no trouble."""
    looked = 0

    def counting(runs: pd.DataFrame) -> pd.DataFrame:
        nonlocal looked
        looked += len(runs)
        return identified(runs)

    monkeypatch.setattr("optilab.analysis.comparison.identified", counting)
    n = 50
    runs = pd.DataFrame({"label": [f"m{k}" for k in range(n) for _ in range(2)], "lr": [0.1, 0.2] * n, "seed": 0})
    runs = runs.assign(problem="p", optimizer=runs["label"], schedule="constant", batch_size=1, status="budget")
    runs = runs.assign(role="evaluation", run_id=[str(k) for k in range(2 * n)], final_train_cost=np.arange(2.0 * n))
    history = pd.DataFrame({"run_id": runs["run_id"], "epoch": 1.0, "seconds": 1.0})
    assert len(comparison(runs, history)) == n
    assert looked <= 3 * len(runs)
