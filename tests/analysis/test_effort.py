"""What tuning has cost."""

from __future__ import annotations

import pandas as pd

from optilab.analysis.effort import tuning_effort


def runs_of(cells: dict[str, list[float]], role: str, seeds: int) -> pd.DataFrame:
    """A run of each label, learning rate and seed."""
    rows = [
        {
            "problem": "p",
            "label": label,
            "optimizer": label,
            "schedule": "constant",
            "batch_size": 8,
            "lr": lr,
            "seed": seed,
        }
        for label, rates in cells.items()
        for lr in rates
        for seed in range(seeds)
    ]
    found = pd.DataFrame(rows).assign(role=role, status="budget")
    return found.assign(run_id=[f"{role}-{k}" for k in range(len(found))])


def history_of(runs: pd.DataFrame, epochs: float) -> pd.DataFrame:
    """Two measurements of each run."""
    begun = pd.DataFrame({"run_id": runs["run_id"], "epoch": 0.0})
    return pd.concat([begun, begun.assign(epoch=epochs)])


def test_trials_and_epochs_of_tuning_are_counted() -> None:
    """Each cell is a trial, each of its seeds costs epochs; runs of evaluation are not part of it."""
    tuning, evaluation = (
        runs_of({"a": [0.1, 0.2, 0.3], "b": [0.1]}, "tuning", 2),
        runs_of({"a": [0.1]}, "evaluation", 9),
    )
    history = pd.concat([history_of(tuning, 5.0), history_of(evaluation, 5.0)])
    found = tuning_effort(pd.concat([tuning, evaluation], ignore_index=True), history).set_index("label")
    assert found["trials"].to_dict() == {"a": 3, "b": 1}
    assert found["runs"].to_dict() == {"a": 6, "b": 2}
    assert found["epochs"].to_dict() == {"a": 30.0, "b": 10.0}


def test_runs_that_were_given_up_count_as_far_as_they_came() -> None:
    """And one that failed before its first measurement counts as a trial of no epochs."""
    tuning = runs_of({"a": [0.1, 0.2, 0.3]}, "tuning", 1)
    history = pd.concat([history_of(tuning[:1], 8.0), history_of(tuning[1:2], 2.0)])
    found = tuning_effort(tuning, history).iloc[0]
    assert (found["trials"], found["runs"], found["epochs"]) == (3, 3, 10.0)


def test_without_tuning_the_grid_is_the_tuning() -> None:
    """Where the best cell is chosen on the seeds that are shown, these runs are what it took."""
    runs = runs_of({"a": [0.1, 0.2]}, "evaluation", 3)
    found = tuning_effort(runs, history_of(runs, 1.0)).iloc[0]
    assert (found["trials"], found["epochs"]) == (2, 6.0)
