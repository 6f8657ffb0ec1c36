"""Scores, trials, progress and final values: what pictures over many problems are made of."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from analysis.runs import runs_of

from optilab.analysis import ecdf, log_targets
from optilab.analysis.measured import final_values, first_measured, medians
from optilab.analysis.progress import target_counts
from optilab.analysis.scores import everywhere, median_scores, median_times
from optilab.analysis.trials import trial_values
from optilab.records.shown import Shown


def test_scores_are_medians_and_lost_runs_count() -> None:
    """Two of three runs lost is an infinite score; where a method has no run its score is missing."""
    values = pd.DataFrame(
        {"problem": ["p"] * 3 + ["q"], "label": ["a"] * 3 + ["b"], "value": [1.0, np.inf, np.inf, 2.0]}
    )
    scores = median_scores(values)
    assert scores.loc["p", "a"] == np.inf
    assert np.isnan(scores.to_numpy()).sum() == 2
    assert everywhere(scores)[1] == ["a", "b"]


def test_times_are_those_of_kaplan_and_meier() -> None:
    """A target that half of the runs missed has an infinite median time."""
    times = pd.DataFrame(
        {"problem": "p", "label": list("aaab"), "time": [1.0, 2, 9, 9], "reached": [True, True, False, False]}
    )
    assert median_times(times).to_numpy()[0].tolist() == [2.0, np.inf]


def test_a_trial_is_a_cell() -> None:
    """Each set of hyperparameters is one trial, with the median over its seeds; trials on tuning seeds count where there are any."""
    rows = [{"lr": lr, "seed": seed, "final_train_cost": lr + seed} for lr in (0.1, 0.2) for seed in (0, 1, 2)]
    runs = runs_of(*rows)
    assert trial_values(runs, "final_train_cost")["value"].tolist() == [1.1, 1.2]
    tuned = pd.concat([runs, runs_of({"role": "tuning", "final_train_cost": 9.0})])
    assert trial_values(tuned, "final_train_cost")["value"].tolist() == [9.0]


def test_a_lost_accuracy_is_the_worst() -> None:
    """A trial that diverged has an accuracy of minus infinity, and an error of infinity where it is shown."""
    runs = runs_of({"status": "diverged", "final_test_accuracy": 0.9})
    assert trial_values(runs, "final_test_accuracy")["value"].tolist() == [-np.inf]
    assert final_values(runs, "test_accuracy")["value"].tolist() == [np.inf]


def test_an_accuracy_is_shown_as_an_error() -> None:
    """In percent; a gain of a point is a difference of -1."""
    shown = Shown.of("test_accuracy")
    np.testing.assert_allclose(shown.values([0.93, 1.0, -np.inf]), [7, 0, np.inf])
    np.testing.assert_allclose(shown.gaps([0.01, -0.02]), [-1, 2])
    assert Shown.of("test_cost").gaps([0.5]).tolist() == [0.5]


def test_the_first_measure_is_one_that_all_problems_have() -> None:
    """A test accuracy of one problem alone is not compared."""
    runs = pd.DataFrame({"problem": ["p", "q"], "final_test_accuracy": [0.5, np.nan], "final_train_cost": [1.0, 2.0]})
    assert first_measured(runs) == "train_cost"
    assert first_measured(runs.head(1)) == "test_accuracy"


def test_the_best_median_comes_first() -> None:
    """Of equal medians the one with the lower mean, whatever the order of rows."""
    values = pd.DataFrame({"problem": "p", "label": list("aaabbb"), "value": [1.0, 2, 4, 1, 2, 3]})
    assert medians(values)["label"].tolist() == medians(values.iloc[::-1])["label"].tolist() == ["b", "a"]


@pytest.mark.parametrize("measure", ["train_cost", "test_accuracy"])
def test_progress_counts_the_targets_of_log_targets(measure: str) -> None:
    """On one problem the ECDF of counts of targets is that of the targets themselves."""
    rng = np.random.default_rng(0)
    values = np.sort(rng.random((4, 6)), axis=1)[:, :: 1 if measure == "test_accuracy" else -1].ravel()
    history = pd.DataFrame({"run_id": np.repeat(list("rstu"), 6), "epoch": [*range(6)] * 4, measure: values})
    problems = pd.Series("p", list("rstu"))
    counts = target_counts(history, problems, measure, count=20)
    ours = ecdf(counts, np.arange(1, 21), "reached", ascending=True)
    theirs = ecdf(history, log_targets(history, measure, 20), measure)
    pd.testing.assert_frame_equal(ours, theirs)


def test_problems_have_their_own_targets() -> None:
    """Costs of another size on another problem change nothing; a run that gets no better than all began has them all or none."""
    history = pd.DataFrame(
        {"run_id": ["r"] * 3 + ["s"] * 3, "step": [0, 1, 2] * 2, "train_cost": [10, 1, 0.1, 1e6, 1e5, 1e4]}
    )
    counts = target_counts(history, pd.Series({"r": "p", "s": "q"}), "train_cost", "step", 3)
    assert counts["reached"].tolist() == [1, 2, 3] * 2
    flat = pd.DataFrame({"run_id": ["r", "s"], "step": [0, 0], "train_cost": [1.0, np.inf]})
    assert target_counts(flat, pd.Series({"r": "p", "s": "p"}), "train_cost", "step", 5)["reached"].tolist() == [5, 0]
    assert target_counts(flat, pd.Series(dtype=str), "train_cost", "step").empty
