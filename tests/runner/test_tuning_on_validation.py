"""Hyperparameters chosen on a validation part, and never silently on the test part."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import optilab
from optilab import InputError
from optilab.experiment.file import read_stored

X = np.random.default_rng(0).normal(size=(60, 4))
Y = np.where(X[:, 0] + 0.5 * X[:, 1] > 0, "up", "down")
RATES = [0.001, 0.1, 3.0]


def experiment(by: str, **tuning: Any) -> dict[str, Any]:
    """Three learning rates of one rule on a small network."""
    arrays = {"x_train": X[:40], "y_train": Y[:40], "x_test": X[40:], "y_test": Y[40:]}
    return {
        "name": "tuned",
        "seeds": 2,
        "problem": {"use": "network", "dataset": arrays, "hidden": [3], "validation": 12},
        "budget": {"epochs": 4},
        "tuning": {"seeds": 3, "by": by, **tuning},
        "optimizers": [{"use": "sgd", "lr": RATES, "batch_size": 4}],
    }


@pytest.mark.parametrize("which", ["final", "best"])
@pytest.mark.parametrize("by", ["train_cost", "valid_cost", "valid_accuracy"])
def test_the_cell_with_the_best_median_is_evaluated(tmp_path: Path, by: str, which: str) -> None:
    """Evaluation runs have the rate whose median of that measure over the tuning seeds is best."""
    runs = optilab.run(experiment(by, which=which), results=tmp_path / "r", executor="inline").runs
    tuned = runs[runs["role"] == "tuning"].groupby("lr")[f"{which}_{by}"].median()
    assert set(tuned.index) == set(RATES)
    best = tuned.max() if by == "valid_accuracy" else tuned.min()
    assert tuned[runs.loc[runs["role"] == "evaluation", "lr"]].eq(best).all()
    assert runs[["final_valid_cost", "final_valid_accuracy", "best_valid_cost"]].notna().all(axis=None)


def test_tuning_on_the_test_part_must_be_asked_for(tmp_path: Path) -> None:
    """The message names both ways on; with by_test the runs are those of any other measure."""
    with pytest.raises(InputError, match=r"give the problem a validation part.*or else by_test = true"):
        optilab.run(experiment("test_cost"), results=tmp_path / "r", executor="inline")
    assert not (tmp_path / "r").exists()
    runs = optilab.run(experiment("test_cost", by_test=True), results=tmp_path / "r", executor="inline").runs
    tuned = runs[runs["role"] == "tuning"].groupby("lr")["final_test_cost"].median()
    assert set(runs.loc[runs["role"] == "evaluation", "lr"]) == {tuned.idxmin()}


def test_results_of_earlier_versions_that_were_tuned_on_the_test_part_can_be_read(tmp_path: Path) -> None:
    """Their experiment says `by` alone, which was enough then."""
    content = {**experiment("test_cost"), "problem": {"use": "bowl"}}
    (tmp_path / "experiment.json").write_text(json.dumps(content), "utf-8")
    tuning = read_stored(tmp_path).tuning
    assert tuning is not None
    assert tuning.by == "test_cost"
    assert tuning.by_test


def test_tuning_on_a_validation_part_that_there_is_not() -> None:
    """The message says which problem has none."""
    given = {**experiment("valid_cost"), "problem": {"use": "bowl"}}
    with pytest.raises(
        InputError, match=r"tuning\.by = 'valid_cost': it is not measured on problem, bowl, which has no valid"
    ):
        optilab.run(given, executor="inline")
