"""Hyperparameters chosen by the time to a target."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from runner.running import experiment

from optilab import store
from optilab.analysis.best import best_cells
from optilab.errors import InputError
from optilab.experiment.experiment import Experiment
from optilab.experiment.question import question_of
from optilab.figures.draw import draw
from optilab.records.chosen import TimeToTarget, nothing_chosen
from optilab.runner.remaking import made_again
from optilab.runner.run import run_experiment
from optilab.runner.session import Way
from optilab.store.timed import timed

INLINE = Way("inline")
BY = {"by": "time_to_target", "measure": "train_cost", "target": 0.05}


def by_time(**changes: Any) -> Experiment:
    """Three learning rates of each of two rules on a bowl, tuned by the time to a cost."""
    entries = [{"use": "sgd", "lr": [0.001, 0.02, 0.05]}, {"use": "adam", "lr": [0.001, 0.1, 0.3]}]
    given = {"tuning": {"seeds": 3, **BY}, "optimizers": entries, "measure": {"steps": 5}, "budget": {"steps": 60}}
    return experiment(**{**given, **changes})


def first_step(history: pd.DataFrame, run: str) -> float:
    """The first step at which a run measured the target, by a loop over its rows."""
    for row in history[history["run_id"] == run].sort_values("step").to_dict("records"):
        if row["train_cost"] <= BY["target"]:
            return float(row["step"])
    return np.inf


def test_the_cell_that_is_soonest_at_the_target_is_evaluated(tmp_path: Path) -> None:
    """The median over tuning seeds of the first measured time decides; of ties, the median final value."""
    found = run_experiment(by_time(), tmp_path / "r", INLINE)
    runs = found.runs.assign(time=[first_step(found.history, run) for run in found.runs["run_id"]])
    assert runs["time"].tolist() == runs["time_to_target"].tolist()
    for label, own in runs.groupby("label"):
        tuned = own[own["role"] == "tuning"].groupby("lr")[["time", "final_train_cost"]].median()
        best = tuned.sort_values(["time", "final_train_cost"]).index[0]
        assert np.isfinite(tuned.loc[best, "time"]), label
        assert own.loc[own["role"] == "evaluation", "lr"].eq(best).all()
    by = question_of(found).chosen_by
    assert isinstance(by, TimeToTarget)
    assert (by.measure, by.target) == ("train_cost", 0.05)


def test_ties_are_broken_by_the_final_value() -> None:
    """Cells that reach the target at the same measurement are told apart by where they end, whatever their order."""
    runs = pd.DataFrame({"lr": [0.1, 0.2, 0.3], "final_test_cost": [0.4, 0.2, 0.1], "time_to_target": [5.0, 5.0, 6.0]})
    runs = runs.assign(problem="p", label="ours", optimizer="o", schedule="s", batch_size=1, role="tuning", seed=0)
    runs = runs.assign(status="budget", run_id=["a", "b", "c"])
    by = TimeToTarget("test_cost", 0.5)
    for order in ([0, 1, 2], [2, 1, 0], [1, 0, 2]):
        assert best_cells(runs.iloc[order].reset_index(drop=True), by)["run_id"].tolist() == ["b"]


def test_a_target_that_none_reaches_chooses_nothing(tmp_path: Path) -> None:
    """The line isn't evaluated, and the table says why."""
    given = by_time(tuning={"seeds": 1, **BY, "target": 1e-30})
    found = run_experiment(given, tmp_path / "r", INLINE)
    assert set(found.runs["role"]) == {"tuning"}
    assert np.isinf(found.runs["time_to_target"]).all()
    by = question_of(found).chosen_by
    assert nothing_chosen(by) == "nothing could be chosen: no value led to a training cost of 1e-30"


def test_a_run_that_diverged_after_the_target_does_not_count(tmp_path: Path) -> None:
    """It had been there, but did not last: the cell is infinitely bad where half of its runs are like that."""
    runs = pd.DataFrame({"lr": [0.1, 0.2], "time_to_target": [2.0, 9.0], "status": ["diverged", "budget"]})
    runs = runs.assign(problem="p", label="ours", optimizer="o", schedule="s", batch_size=1, role="tuning", seed=0)
    best = best_cells(runs.assign(run_id=["a", "b"], final_train_cost=1.0), TimeToTarget("train_cost", 0.5))
    assert best["run_id"].tolist() == ["b"]


def test_time_is_in_epochs_where_there_are_epochs() -> None:
    """Accuracies are reached from below; a run without a measurement never is."""
    runs = pd.DataFrame({"run_id": ["r", "s", "t"]})
    history = pd.DataFrame(
        {
            "run_id": ["r", "r", "s", "s"],
            "step": [10, 20, 10, 20],
            "epoch": [0.5, 1.0, 0.5, 1.0],
            "valid_accuracy": [0.5, 0.9, 0.4, 0.6],
        }
    )
    assert timed(runs, history, "valid_accuracy", 0.5)["time_to_target"].tolist() == [0.5, 1.0, np.inf]
    without = history.assign(epoch=np.nan)
    assert timed(runs, without, "valid_accuracy", 0.9)["time_to_target"].tolist() == [20.0, np.inf, np.inf]
    assert np.isinf(timed(runs, history.drop(columns="valid_accuracy"), "valid_accuracy", 0.9)["time_to_target"]).all()


def test_pictures_and_tables_name_the_target(tmp_path: Path) -> None:
    """Tuning curves and sensitivities are drawn of times, and captions say what was reached."""
    found = run_experiment(by_time(), tmp_path / "r", INLINE)
    paths = draw(found, ("tuning", "sensitivity", "convergence"), formats=("svg",), train_again=made_again)
    texts = [path.read_text("utf-8") for path in paths]
    assert len(texts) == 3
    said = [" ".join(text.split()) for text in texts]
    assert all("time to a" in text for text in said)
    assert any("time to target" in text for text in said)


def test_a_search_that_learns_is_told_times(tmp_path: Path, told: Path) -> None:
    """A sampler's trials have the median first step as their cost."""
    entries = [{"use": "sgd", "lr": {"log_uniform": [0.01, 0.05]}, "samples": 4}]
    given = by_time(optimizers=entries, search={"method": "halving", "generation": 2})
    found = run_experiment(given, tmp_path / "r", INLINE)
    tuned = found.runs[found.runs["role"] == "tuning"]
    times = tuned.groupby("lr")["time_to_target"].median()
    heard = json.loads(told.read_text("utf-8"))
    assert len(heard) == 4
    assert {point["lr"]: cost for point, cost, _ in heard} == times.to_dict()


@pytest.mark.parametrize(
    ("tuning", "message"),
    [
        ({"by": "time_to_target"}, "needs measure and target"),
        ({"by": "time_to_target", "measure": "train_cost"}, "needs measure and target"),
        ({**BY, "which": "best"}, "which has no effect"),
        ({"by": "train_cost", "target": 0.1}, "target has no effect but with"),
        ({**BY, "measure": "train_accuracy", "target": 95}, "an accuracy is a share"),
        (
            {**BY, "measure": "test_cost"},
            r"measure = 'test_cost' would choose .* measure = 'valid_cost' here, or else by_test",
        ),
        ({**BY, "target": np.inf}, "finite"),
    ],
)
def test_what_does_not_fit_is_refused(tuning: dict[str, Any], message: str) -> None:
    """A time needs a target of a measure, and nothing else does; the test part must be asked for."""
    with pytest.raises((InputError, ValueError), match=message):
        by_time(tuning=tuning)


def test_a_measure_that_the_problem_lacks_is_refused(tmp_path: Path) -> None:
    """It would never reach the target."""
    given = by_time(tuning={**BY, "measure": "valid_cost"})
    with pytest.raises(InputError, match=r"tuning\.measure = 'valid_cost': it is not measured"):
        run_experiment(given, tmp_path / "r", INLINE)
    assert not store.done(tmp_path / "r")
