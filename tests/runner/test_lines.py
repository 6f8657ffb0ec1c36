"""Lines of the comparison from the experiment to the table: what is one, and what is chosen for it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from runner.lines import experiment, table, two_files

from optilab import store
from optilab.analysis.comparison import comparison
from optilab.errors import InputError
from optilab.figures import draw as drawing
from optilab.runner.remaking import made_again
from optilab.runner.run import run_experiment
from optilab.runner.session import Way
from optilab.store import WANTED

INLINE = Way("inline")
draw = partial(drawing.draw, train_again=made_again)


@pytest.mark.parametrize("tuning", [None, {"seeds": 1, "by": "test_cost", "by_test": True}])
def test_two_files_of_one_name_are_two_problems(tmp_path: Path, tuning: Any) -> None:
    """Each has a row of its own, evaluated on its own seeds, under a label that names the folder."""
    entries = [{"use": "sgd", "lr": [0.01, 0.1]}]
    made = run_experiment(experiment(**two_files(tmp_path), tuning=tuning, optimizers=entries), tmp_path / "r", INLINE)
    rows = comparison(made.runs, made.history)
    assert rows["problem"].tolist() == ["network (dataset=a/data)", "network (dataset=b/data)"]
    assert rows["seeds"].tolist() == [2, 2]
    evaluated = made.runs[made.runs["role"] == "evaluation"]
    for _, row in rows.iterrows():
        own = evaluated[evaluated["problem"] == row["problem"]].groupby("lr")["final_train_cost"].median()
        assert row["train_cost"] == own.min()
    again = run_experiment(
        experiment(**two_files_again(tmp_path), tuning=tuning, optimizers=entries), tmp_path / "r", INLINE
    )
    assert comparison(again.runs, again.history)["problem"].tolist() == ["network"]  # one alone needs no folder
    assert again.runs["problem_id"].nunique() == 1


def two_files_again(folder: Path) -> dict[str, Any]:
    """The second of them alone."""
    problem = {"use": "network", "dataset": {"path": str(folder / "b" / "data.npz")}, "hidden": [2]}
    return {"problem": problem, "budget": {"epochs": 1}}


@pytest.mark.parametrize(
    ("one", "other", "labels"),
    [
        ({"lr": 0.1}, {"lr": 0.1 + 1e-9}, ["sgd (lr=0.1)", "sgd (lr=0.100000001)"]),
        ({}, {"schedule": "constant"}, ["sgd", "sgd (schedule=constant)"]),
        (
            {"schedule": {"use": "cosine", "floor": 0.1}},
            {"schedule": {"use": "cosine", "floor": 0.1 + 1e-9}},
            ["sgd, cosine (floor=0.1)", "sgd, cosine (floor=0.100000001)"],
        ),
    ],
)
def test_whatever_differs_is_another_line(tmp_path: Path, one: Any, other: Any, labels: list[str]) -> None:
    """Two entries are two rows, however near they are, and each is tuned and evaluated on its own."""
    given = experiment(
        problem={"use": "bowl", "start": "random"},
        optimizers=[{"use": "sgd", **one}, {"use": "sgd", **other}],
        tuning={"seeds": 1},
    )
    made = run_experiment(given, tmp_path / "r", INLINE)
    assert sorted(table(made).index) == sorted(labels)
    assert table(made)["seeds"].tolist() == [2, 2]
    assert made.runs.groupby("label")["line_id"].nunique().tolist() == [1, 1]


@pytest.mark.usefixtures("wordy_plugin")
def test_a_hyperparameter_may_be_a_word_here_and_a_number_there(tmp_path: Path) -> None:
    """As text, numbers keep all their digits: two that differ in the ninth are two cells."""
    entries = [{"use": "wordy", "mode": ["up", "down"]}, {"use": "numeric", "mode": [0.1, 0.1 + 1e-9, 1]}]
    flat = {"use": "bowl", "condition": 2}
    made = run_experiment(experiment(problem=flat, optimizers=entries), tmp_path / "r", INLINE)
    assert set(made.runs["mode"]) == {"up", "down", "0.1", "0.100000001", "1"}
    assert table(made).loc["numeric", "hyperparameters"] == "mode=1"
    assert table(made).loc["wordy", "hyperparameters"] == "mode=down"


def test_cells_that_differ_in_the_ninth_digit_are_two_cells(tmp_path: Path) -> None:
    """The better one is chosen, and named with as many digits as tell it from the other."""
    entries = [{"use": "sgd", "lr": [0.1, 0.1 + 1e-9]}]
    flat = {"use": "bowl", "condition": 2}
    given = experiment(problem=flat, optimizers=entries, tuning={"seeds": 1})
    made = run_experiment(given, tmp_path / "r", INLINE)
    assert table(made).loc["sgd", "hyperparameters"] == "lr=0.100000001*"
    assert len(made.runs) == 3


def test_the_same_line_on_two_problems_is_ranked_as_one(tmp_path: Path) -> None:
    """Its identity is the same on both, and differs from all others."""
    problems = [{"use": "bowl"}, {"use": "bowl", "condition": 3}]
    entries = [{"use": "sgd"}, {"use": "adam"}]
    made = run_experiment(experiment(problem=None, problems=problems, optimizers=entries), tmp_path / "r", INLINE)
    assert made.runs.groupby("label")["line_id"].nunique().tolist() == [1, 1]
    assert made.runs["line_id"].nunique() == made.runs["problem_id"].nunique() == 2


def test_what_is_wanted_is_put_down_with_its_identity(tmp_path: Path) -> None:
    """A label that is changed later renames the line, and leaves it what it is."""
    run_experiment(experiment(), tmp_path / "r", INLINE)
    before = store.load(tmp_path / "r").runs
    run_experiment(experiment(optimizers=[{"use": "sgd", "label": "mine"}]), tmp_path / "r", INLINE)
    named = store.load(tmp_path / "r").runs
    assert named["label"].tolist() == ["mine"]
    assert named[["run_id", "line_id", "problem_id"]].equals(before[["run_id", "line_id", "problem_id"]])
    wanted = store.wanted(tmp_path / "r")
    assert wanted is not None
    assert wanted.schema.names == WANTED.names


def test_what_an_earlier_version_wanted_is_read_by_its_labels(tmp_path: Path) -> None:
    """A folder without the identities is read as it was written, and goes on with them."""
    given = experiment(optimizers=[{"use": "sgd"}, {"use": "adam"}])
    run_experiment(given, tmp_path / "r", INLINE)
    wanted = store.wanted(tmp_path / "r")
    assert wanted is not None
    pq.write_table(wanted.drop_columns(["problem_id", "line_id"]), tmp_path / "r" / "wanted.parquet")
    before = store.load(tmp_path / "r")
    before.runs[["problem_id", "line_id", "is_random"]] = None
    assert table(before)["seeds"].to_dict() == {"sgd": 1, "adam": 1}
    assert draw(before, ("convergence",))
    after = run_experiment(given, tmp_path / "r", INLINE)
    assert after.runs["line_id"].nunique() == 2


def test_tuning_by_what_is_never_measured_is_refused(tmp_path: Path) -> None:
    """Every choice by it would be the first value that was tried."""
    given = experiment(tuning={"by": "test_cost", "by_test": True}, optimizers=[{"use": "sgd", "lr": [0.1, 0.2]}])
    with pytest.raises(
        InputError, match=r"tuning\.by = 'test_cost': it is not measured on problem, bowl, which has no test part"
    ):
        run_experiment(given, tmp_path / "r", INLINE)
    assert not (tmp_path / "r").exists()
