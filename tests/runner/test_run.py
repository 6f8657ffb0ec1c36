"""Many runs: each cell and seed is one, and the number of workers changes nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from runner.running import Counted, experiment

import optilab
from optilab.errors import InputError
from optilab.runner.run import run_experiment
from optilab.runner.session import Way

INLINE, TWO = Way("inline"), Way(workers=2)
OFF_THE_CLOCK = ["seconds", "cpu_seconds"]
TIMES = ["compile_seconds", "train_seconds", "measure_seconds", "host"]


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    """Forty examples of 8 by 8 pixels in two classes."""
    stream = np.random.default_rng(5)
    labels = np.arange(40) % 2
    images = stream.integers(0, 80, (40, 8, 8)) + 150 * (labels[:, None, None] == (np.arange(8) > 3)[:, None])
    path = tmp_path / "digits.npz"
    np.savez(path, x_train=images.astype(np.uint8), y_train=labels)
    return path


def test_every_cell_and_seed_is_a_run(tmp_path: Path) -> None:
    """A grid of four cells with two seeds is eight runs, measured from the first weights to the last step."""
    told = Counted()
    results = run_experiment(experiment(), tmp_path / "r", INLINE, told)
    assert told.stages == [("evaluation", 8, 0)]
    assert len(told.rows) == len(results.runs) == 8
    assert results.runs["status"].eq("budget").all()
    assert results.runs["steps"].eq(50).all()
    assert sorted(results.runs.groupby("label")["lr"].unique().map(tuple)) == [(0.01, 0.05), (0.01, 0.1)]
    steps = results.history.groupby("run_id")["step"].apply(tuple)
    assert set(steps) == {(0, 10, 20, 30, 40, 50)}
    assert set(results.history["run_id"]) == set(results.runs["run_id"])
    assert results.runs["run_id"].is_unique


def test_every_optimizer_of_a_seed_starts_at_the_same_weights(tmp_path: Path) -> None:
    """The first weights depend on the seed alone."""
    results = run_experiment(experiment(), tmp_path / "r", INLINE)
    starts = results.history[results.history["step"] == 0].merge(results.runs[["run_id", "seed"]], on="run_id")
    assert starts.groupby("seed")["w_0"].nunique().tolist() == [1, 1]
    assert starts["w_0"].nunique() == 2


def test_the_number_of_workers_changes_no_bit(tmp_path: Path, digits: Path) -> None:
    """Runs in this process and in two others are the same to the last bit, on a function and on a network."""
    grid = experiment(
        problem=None,
        problems=[
            {"use": "bowl", "start": "random"},
            {"use": "network", "dataset": {"path": str(digits)}, "hidden": [5]},
        ],
        optimizers=[{"use": "sgd", "lr": 0.05}, {"use": "adam", "lr": 0.1, "schedule": "cosine"}],
    )
    here = run_experiment(grid, tmp_path / "here", INLINE)
    there = run_experiment(grid, tmp_path / "there", TWO)
    assert len(here.runs) == 8
    assert here.runs["problem"].nunique() == 2
    pd.testing.assert_frame_equal(
        here.history.drop(columns=OFF_THE_CLOCK), there.history.drop(columns=OFF_THE_CLOCK), check_exact=True
    )
    pd.testing.assert_frame_equal(here.runs.drop(columns=TIMES), there.runs.drop(columns=TIMES), check_exact=True)


def test_a_run_can_be_made_again_from_its_row(tmp_path: Path) -> None:
    """Training once more with what the row says gives the same history."""
    results = run_experiment(experiment(), tmp_path / "r", INLINE)
    row = results.runs[(results.runs["label"] == "adam") & (results.runs["seed"] == 1)].iloc[0]
    again = optilab.train(
        optilab.get_problem("bowl", start="random"), "adam", lr=row["lr"], steps=50, seed=1, measure_steps=10
    )
    kept = results.history[results.history["run_id"] == row["run_id"]]
    assert kept["train_cost"].tolist() == again.history["train_cost"].tolist()
    assert row["final_train_cost"] == again.history["train_cost"].iloc[-1]


def test_tuning_comes_first_and_on_other_seeds(tmp_path: Path) -> None:
    """The whole grid runs on the seeds of tuning; only the best cell of each line runs on the others."""
    told = Counted()
    results = run_experiment(experiment(tuning={"seeds": 3}), tmp_path / "r", INLINE, told)
    assert told.stages == [("tuning", 12, 0), ("evaluation", 4, 0)]
    runs = results.runs
    tuning, evaluation = (runs[runs["role"] == role] for role in ("tuning", "evaluation"))
    assert tuning["seed"].nunique() == 3
    assert sorted(evaluation["seed"].unique()) == [0, 1]
    assert not set(tuning["seed"]) & set(evaluation["seed"])
    medians = tuning.groupby(["label", "lr"])["final_train_cost"].median().reset_index()
    best = medians.loc[medians.groupby("label")["final_train_cost"].idxmin()].set_index("label")["lr"]
    assert evaluation.groupby("label")["lr"].unique().map(list).to_dict() == {k: [v] for k, v in best.items()}


def test_seeds_that_are_used_twice_stop_it_before_anything_runs(tmp_path: Path) -> None:
    """An overlap of tuning and evaluation seeds is an error, and no folder is made."""
    with pytest.raises(InputError, match=r"tuning\.seeds: 1 is a seed of the evaluation too"):
        run_experiment(experiment(tuning={"seeds": [1, 9]}), tmp_path / "r", INLINE)
    assert not (tmp_path / "r").exists()


def test_an_experiment_without_a_folder_goes_below_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no folder is given, results go to results/NAME in the current folder; a file's path is an experiment too."""
    monkeypatch.chdir(tmp_path)
    results = optilab.run(experiment(seeds=1), executor="inline")
    assert results.folder == Path("results/tiny")
    assert len(optilab.load("results/tiny").runs) == 4
    (tmp_path / "e.toml").write_text(
        'name = "e"\nbudget = { steps = 5 }\nproblem = { use = "bowl" }\noptimizers = [{ use = "sgd", lr = 0.01 }]\n',
        "utf-8",
    )
    assert len(optilab.run("e.toml", executor="inline").runs) == 1


def test_a_negative_number_of_workers_is_an_error(tmp_path: Path) -> None:
    """There is at least one, and no folder is made before that is told."""
    for workers in (-1, 0):
        with pytest.raises(InputError, match=f"workers = {workers}: accepted is a whole number above zero"):
            run_experiment(experiment(), tmp_path / "r", Way(workers=workers))
    with pytest.raises(InputError, match="unknown option of the executor inline 'workers'"):
        run_experiment(experiment(), tmp_path / "r", Way("inline", workers=2))
    with pytest.raises(InputError, match="executor: unknown executor 'lokal': did you mean 'local'"):
        run_experiment(experiment(), tmp_path / "r", Way("lokal"))
    assert not (tmp_path / "r").exists()


def test_a_dataset_of_the_wrong_folder_keeps_what_is_there(tmp_path: Path) -> None:
    """A folder that holds something else is refused, and nothing in it is touched."""
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "thesis.txt").write_text("precious", "utf-8")
    with pytest.raises(InputError, match="holds no results"):
        run_experiment(experiment(), tmp_path / "r", INLINE)
    assert [path.name for path in (tmp_path / "r").iterdir()] == ["thesis.txt"]


def test_a_feedback_schedule_of_an_unmeasured_column_is_refused_before_anything_runs(tmp_path: Path) -> None:
    """A monitor that this problem doesn't have is told with its place, and no folder is made."""
    for monitor, message in (
        ("tran_cost", "unknown column of the history 'tran_cost'"),
        ("test_cost", "is not measured"),
    ):
        schedule = {"use": "reduce_on_plateau", "monitor": monitor}
        grid = experiment(optimizers=[{"use": "sgd", "lr": 0.01, "schedule": schedule}])
        with pytest.raises(InputError, match=rf"optimizers\[0\]: .*{message}"):
            run_experiment(grid, tmp_path / "r", INLINE)
    assert not (tmp_path / "r").exists()
