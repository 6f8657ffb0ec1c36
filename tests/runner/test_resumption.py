"""Experiments that are started again: what is missing is run, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from runner.running import Counted, experiment

from optilab import store
from optilab.plugins import loading
from optilab.runner.observer import Observer
from optilab.runner.rows import Finished
from optilab.runner.run import run_experiment
from optilab.runner.session import Way

INLINE, TWO = Way("inline"), Way(workers=2)


def test_a_second_start_runs_nothing(tmp_path: Path) -> None:
    """What is done is not run again, is not compiled again, and stays as it was."""
    first = run_experiment(experiment(), tmp_path / "r", INLINE)
    told = Counted()
    second = run_experiment(experiment(), tmp_path / "r", INLINE, told)
    assert told.stages == [("evaluation", 0, 8)]
    assert told.rows == []
    assert told.compiled == []
    pd.testing.assert_frame_equal(first.runs, second.runs)
    pd.testing.assert_frame_equal(first.history, second.history)


def test_only_what_is_new_is_run(tmp_path: Path) -> None:
    """Another seed, another value and another optimizer each add their own runs and no others."""
    run_experiment(experiment(), tmp_path / "r", INLINE)

    def added(**changes: Any) -> list[tuple[str, float, int]]:
        told = Counted()
        run_experiment(experiment(**changes), tmp_path / "r", INLINE, told)
        return [
            (row.job.task.plan.optimizer.name, row.job.task.cell.hyperparameters["lr"], row.job.seed)
            for row in told.rows
        ]

    grid = [{"use": "sgd", "lr": [0.01, 0.05]}, {"use": "adam", "lr": [0.01, 0.1]}]
    assert added(seeds=3) == [("sgd", 0.01, 2), ("sgd", 0.05, 2), ("adam", 0.01, 2), ("adam", 0.1, 2)]
    wider = [{"use": "sgd", "lr": [0.01, 0.02, 0.05]}, grid[1]]
    assert added(optimizers=wider) == [("sgd", 0.02, 0), ("sgd", 0.02, 1)]
    more = [*grid, {"use": "momentum", "lr": 0.01}]
    assert added(optimizers=more) == [("momentum", 0.01, 0), ("momentum", 0.01, 1)]
    assert added(optimizers=more) == []


def test_results_are_those_of_the_experiment_alone(tmp_path: Path) -> None:
    """What else the folder holds from earlier starts is kept, and not part of what run returns."""
    run_experiment(experiment(seeds=3), tmp_path / "r", INLINE)
    results = run_experiment(experiment(), tmp_path / "r", INLINE)
    assert sorted(results.runs["seed"].unique()) == [0, 1]
    assert set(results.history["run_id"]) == set(results.runs["run_id"])
    assert len(store.load_all(tmp_path / "r").runs) == 12


def test_labels_are_those_of_the_present_experiment(tmp_path: Path) -> None:
    """Runs that were done before are shown under the label that the file gives them now."""
    run_experiment(experiment(optimizers=[{"use": "sgd", "lr": [0.01]}]), tmp_path / "r", INLINE)
    told = Counted()
    renamed = experiment(optimizers=[{"use": "sgd", "label": "plain descent", "lr": [0.01, 0.05]}])
    results = run_experiment(renamed, tmp_path / "r", INLINE, told)
    assert len(told.rows) == 2
    assert results.runs["label"].unique().tolist() == ["plain descent"]


def test_tuning_is_resumed_as_well(tmp_path: Path) -> None:
    """A second start of a tuned experiment runs nothing; more seeds of evaluation run only themselves."""
    run_experiment(experiment(tuning={"seeds": 1}), tmp_path / "r", INLINE)
    told = Counted()
    run_experiment(experiment(tuning={"seeds": 1}), tmp_path / "r", INLINE, told)
    assert told.stages == [("tuning", 0, 4), ("evaluation", 0, 4)]
    told = Counted()
    run_experiment(experiment(tuning={"seeds": 1}, seeds=3), tmp_path / "r", INLINE, told)
    assert told.stages == [("tuning", 0, 4), ("evaluation", 2, 4)]


def test_a_seed_that_changes_its_role_is_shown_in_its_new_role(tmp_path: Path) -> None:
    """A run made for tuning counts as evaluation once its seed is one of evaluation."""
    run_experiment(experiment(tuning={"seeds": [5]}), tmp_path / "r", INLINE)
    results = run_experiment(experiment(seeds=[5]), tmp_path / "r", INLINE)
    assert len(results.runs) == 4
    assert results.runs["role"].eq("evaluation").all()


@pytest.mark.parametrize("interrupted_after", [1, 5])
def test_an_interrupted_experiment_goes_on_where_it_was(tmp_path: Path, interrupted_after: int) -> None:
    """Runs that had ended before an interruption are on disk and are not run again."""

    class Interrupting(Observer):
        """Raises what Ctrl-C raises."""

        left = interrupted_after

        def finished(self, runs: Sequence[Finished], running: int) -> None:
            """Count down."""
            self.left -= len(runs)
            if not self.left:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_experiment(experiment(), tmp_path / "r", INLINE, Interrupting())
    assert len(store.done(tmp_path / "r")) == interrupted_after
    told = Counted()
    results = run_experiment(experiment(), tmp_path / "r", INLINE, told)
    assert len(told.rows) == 8 - interrupted_after
    assert len(results.runs) == 8


def test_the_next_process_compiles_nothing(tmp_path: Path, cache_folder: Path) -> None:
    """Code that one process compiled is loaded by the next, which compiles none of it."""
    code = (
        "import sys, optilab\n"
        "from optilab.compiler import cache\n"
        "optilab.run(sys.argv[1], sys.argv[2], executor='inline')\n"
        "print(cache.LOG.compiled, cache.LOG.loaded)"
    )

    def run(results: str) -> str:
        command = [sys.executable, "-c", code, str(tmp_path / "e.toml"), str(tmp_path / results)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    (tmp_path / "e.toml").write_text(
        'name = "e"\nbudget = { steps = 5 }\nproblem = { use = "bowl" }\noptimizers = [{ use = "sgd", lr = 0.01 }]\n',
        "utf-8",
    )
    run("one")
    compiled, loaded = map(int, run("two").split())
    assert compiled == 0
    assert loaded == 5  # the loop, its norm, the control of arithmetic, the function, the update


RULE = """from optilab import elementwise, hookimpl

SIZE = {size}


@elementwise(lr=0.1)
def edited(w, g, lr):
    w -= SIZE * lr * g
    return w


@hookimpl
def optilab_optimizers():
    return [edited]
"""


def test_runs_of_other_code_are_noticed_and_made_again_on_request(tmp_path: Path) -> None:
    """After an edit to a plugin its old runs are counted as stale, and are kept unless they are asked for again."""

    def run(size: float, rerun_stale: bool = False) -> tuple[store.Results, Counted]:
        file = tmp_path / f"folder{size}" / "plugin_that_is_edited.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(RULE.format(size=size))
        loading.forget()
        loading.use_file(file)
        told = Counted()
        grid = experiment(optimizers=[{"use": "edited", "lr": 0.01}], seeds=2)
        way = Way("inline", rerun="stale" if rerun_stale else None)
        return run_experiment(grid, tmp_path / "r", way, told), told

    first, told = run(1.0)
    assert (len(told.rows), told.stale) == (2, 0)
    _, told = run(1.0)
    assert (len(told.rows), told.stale) == (0, 0)
    edited, told = run(2.0)
    assert (len(told.rows), told.stale) == (0, 2)
    assert edited.runs["final_train_cost"].tolist() == first.runs["final_train_cost"].tolist()
    made, told = run(2.0, rerun_stale=True)
    assert (len(told.rows), told.stale) == (2, 0)
    assert (made.runs["final_train_cost"] != first.runs["final_train_cost"]).all()
    assert len(store.load(tmp_path / "r").runs) == 2


def test_results_of_an_experiment_leave_out_what_it_no_longer_asks_for(tmp_path: Path) -> None:
    """Runs of another budget, and of an optimizer that was taken out, stay in the folder and out of the comparison."""
    two = experiment(optimizers=[{"use": "sgd", "lr": 0.01}, {"use": "momentum", "lr": 0.01}], seeds=1)
    run_experiment(two, tmp_path / "r", INLINE)
    one = experiment(optimizers=[{"use": "sgd", "lr": 0.01}], seeds=1, budget={"steps": 7})
    run_experiment(one, tmp_path / "r", INLINE)
    assert len(store.load_all(tmp_path / "r").runs) == 3
    present = store.load(tmp_path / "r")
    assert present.runs["label"].tolist() == ["sgd"]
    assert present.history["step"].max() == 7
