"""Many runs: what is missing is run, whatever happens is kept, and the number of workers changes nothing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import optilab
from optilab import store
from optilab.errors import InputError
from optilab.experiment.experiment import Experiment
from optilab.plugins import loading
from optilab.runner.observer import Observer
from optilab.runner.rows import Finished
from optilab.runner.run import run_experiment
from optilab.runner.session import FailedFast, Way

INLINE, TWO = Way("inline"), Way(workers=2)
OFF_THE_CLOCK = ["seconds", "cpu_seconds"]
TIMES = ["compile_seconds", "train_seconds", "measure_seconds", "host"]

FEEDBACK = '''
import os
from pathlib import Path

from optilab import feedback, hookimpl

MARKS = Path({marks!r})


@feedback()
def raises(after=3):
    """Answer for a while, and then fail."""
    for _ in range(int(after)):
        yield 1.0
    raise RuntimeError("this schedule gives up")


@feedback()
def dies(after=3):
    """Take the process down, and leave a mark for every time."""
    for _ in range(int(after)):
        yield 1.0
    (MARKS / f"{{os.getpid()}}").touch()
    os._exit(1)


@feedback()
def patient(waits=0):
    """Hold on for a while, as long as fewer than two processes have been taken down."""
    import time

    if len(list(MARKS.iterdir())) < 2:
        time.sleep(waits)
    while True:
        yield 1.0


@hookimpl
def optilab_schedules():
    return [raises, dies, patient]
'''


class Counted(Observer):
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.stages: list[tuple[str, int, int]] = []
        self.stale = 0
        self.rows: list[Finished] = []
        self.compiled: list[str] = []

    def compiling(self, what: str) -> None:
        """Something is compiled or loaded."""
        self.compiled.append(what)

    def started(self, role: str, missing: int, done: int, stale: int, later: int) -> None:
        """A stage begins."""
        self.stages.append((role, missing, done))
        self.stale += stale

    def finished(self, runs: Sequence[Finished], running: int) -> None:
        """Runs have ended."""
        self.rows += runs

    @property
    def statuses(self) -> list[str]:
        """How they ended."""
        return [row.outcome.status for row in self.rows]


def experiment(**changes: Any) -> Experiment:
    """A tiny grid: two optimizers with two learning rates, on a bowl."""
    given = {
        "name": "tiny",
        "seeds": 2,
        "budget": {"steps": 50},
        "measure": {"steps": 10},
        "problem": {"use": "bowl", "start": "random"},
        "optimizers": [{"use": "sgd", "lr": [0.01, 0.05]}, {"use": "adam", "lr": [0.01, 0.1]}],
    }
    return Experiment.model_validate({**given, **changes})


@pytest.fixture
def feedback_file(tmp_path: Path) -> Iterator[Path]:
    """A plugin with feedback schedules that misbehave."""
    marks = tmp_path / "marks"
    marks.mkdir()
    path = tmp_path / "misbehaving.py"
    path.write_text(FEEDBACK.format(marks=str(marks)), "utf-8")
    loading.forget()
    loading.use_file(path)
    yield path
    loading.forget()


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


def test_tuning_is_resumed_as_well(tmp_path: Path) -> None:
    """A second start of a tuned experiment runs nothing; more seeds of evaluation run only themselves."""
    run_experiment(experiment(tuning={"seeds": 1}), tmp_path / "r", INLINE)
    told = Counted()
    run_experiment(experiment(tuning={"seeds": 1}), tmp_path / "r", INLINE, told)
    assert told.stages == [("tuning", 0, 4), ("evaluation", 0, 4)]
    told = Counted()
    run_experiment(experiment(tuning={"seeds": 1}, seeds=3), tmp_path / "r", INLINE, told)
    assert told.stages == [("tuning", 0, 4), ("evaluation", 2, 4)]


def test_seeds_that_are_used_twice_stop_it_before_anything_runs(tmp_path: Path) -> None:
    """An overlap of tuning and evaluation seeds is an error, and no folder is made."""
    with pytest.raises(InputError, match=r"tuning\.seeds: 1 is a seed of the evaluation too"):
        run_experiment(experiment(tuning={"seeds": [1, 9]}), tmp_path / "r", INLINE)
    assert not (tmp_path / "r").exists()


def test_a_seed_that_changes_its_role_is_shown_in_its_new_role(tmp_path: Path) -> None:
    """A run made for tuning counts as evaluation once its seed is one of evaluation."""
    run_experiment(experiment(tuning={"seeds": [5]}), tmp_path / "r", INLINE)
    results = run_experiment(experiment(seeds=[5]), tmp_path / "r", INLINE)
    assert len(results.runs) == 4
    assert results.runs["role"].eq("evaluation").all()


def test_a_diverged_run_is_kept(tmp_path: Path) -> None:
    """A run whose cost stops being finite has a status, a message, its history so far, and isn't run again."""
    wild = experiment(optimizers=[{"use": "sgd", "lr": [0.01, 50.0]}], budget={"steps": 500})
    results = run_experiment(wild, tmp_path / "r", INLINE)
    assert results.runs.groupby("lr")["status"].unique().map(list).to_dict() == {0.01: ["budget"], 50.0: ["diverged"]}
    diverged = results.runs[results.runs["lr"] == 50.0]
    assert diverged["message"].str.contains("last finite step").all()
    assert diverged["steps"].between(1, 499).all()
    kept = results.history[results.history["run_id"].isin(diverged["run_id"])]
    assert kept.groupby("run_id")["step"].min().eq(0).all()
    assert kept.groupby("run_id")["step"].max().tolist() == diverged.set_index("run_id")["steps"].sort_index().tolist()
    told = Counted()
    run_experiment(wild, tmp_path / "r", INLINE, told)
    assert told.rows == []


def test_a_cost_above_the_bound_is_divergence(tmp_path: Path) -> None:
    """diverged_above stops a run whose cost is still finite."""
    grid = experiment(optimizers=[{"use": "sgd", "lr": 50.0}], stop={"diverged_above": 1e6}, seeds=1)
    results = run_experiment(grid, tmp_path / "r", INLINE)
    assert results.runs["status"].tolist() == ["diverged"]
    assert results.runs["steps"].iloc[0] < 5
    assert np.isfinite(results.history["train_cost"]).all()


@pytest.mark.parametrize("way", [INLINE, TWO], ids=["inline", "local"])
def test_a_plugin_that_raises_is_a_failed_run(tmp_path: Path, feedback_file: Path, way: Way) -> None:
    """What it raised is the run's message, with a traceback beside it; what was measured before is kept; others go on."""
    grid = experiment(optimizers=[{"use": "sgd", "lr": 0.01, "schedule": ["constant", {"use": "raises", "after": 3}]}])
    results = run_experiment(grid, tmp_path / "r", way)
    statuses = results.runs.groupby("schedule")["status"].unique().map(list)
    assert statuses["constant"] == ["budget"]
    assert [s for name, s in statuses.items() if name != "constant"] == [["failed"]]
    failed = results.runs[results.runs["status"] == "failed"].set_index("run_id")
    assert failed["message"].eq("RuntimeError: this schedule gives up").all()
    assert failed["traceback"].str.startswith("Traceback").all()
    assert failed["traceback"].str.contains(feedback_file.name).all()
    assert results.history.groupby("run_id")["step"].max()[failed.index].tolist() == failed["steps"].tolist()


def test_what_failed_is_run_again_on_request_or_with_other_code(tmp_path: Path) -> None:
    """A failed run is kept as it is until it is asked for, or until its plugin has been edited."""

    def run(text: str, **given: Any) -> list[str]:
        file = tmp_path / str(abs(hash(text))) / "edited_schedule.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(FEEDBACK.format(marks=str(tmp_path)).replace("this schedule gives up", text), "utf-8")
        loading.forget()
        loading.use_file(file)
        told = Counted()
        run_experiment(grid, tmp_path / "r", Way("inline", **given), told)
        return told.statuses

    grid = experiment(seeds=1, optimizers=[{"use": "sgd", "lr": 0.01, "schedule": ["constant", "raises"]}])
    assert sorted(run("one")) == ["budget", "failed"]
    assert run("one") == []
    assert run("one", rerun="failed") == ["failed"]
    assert run("another") == ["failed"]
    assert len(store.load(tmp_path / "r").runs) == 2


def test_what_is_made_again_on_request(tmp_path: Path) -> None:
    """Diverged runs alone, or all."""
    grid = experiment(seeds=1, optimizers=[{"use": "sgd", "lr": [0.01, 50.0]}], budget={"steps": 500})

    def run(**given: Any) -> list[str]:
        told = Counted()
        run_experiment(grid, tmp_path / "r", Way("inline", **given), told)
        return sorted(told.statuses)

    assert run() == ["budget", "diverged"]
    assert run() == []
    assert run(rerun="diverged") == ["diverged"]
    assert run(rerun="all") == ["budget", "diverged"]
    assert run(rerun="failed") == run(rerun="stale") == []


def test_the_first_failure_can_end_it(tmp_path: Path, feedback_file: Path) -> None:
    """With fail_fast nothing is begun after a run has failed, and what was done before is kept."""
    grid = experiment(
        optimizers=[
            {"use": "sgd", "label": "fails", "lr": 0.01, "schedule": "raises"},
            {"use": "sgd", "label": "plain", "lr": [0.01, 0.02, 0.03]},
        ]
    )
    with pytest.raises(FailedFast):
        run_experiment(grid, tmp_path / "r", Way("inline", fail_fast=True))
    assert [status for status, _ in store.done(tmp_path / "r").values()] == ["failed"]


def test_a_worker_that_dies_costs_its_run_alone(tmp_path: Path, feedback_file: Path) -> None:
    """What takes its process down is crashed; what was under way beside it is made again and finishes."""
    grid = experiment(
        seeds=1,
        measure={"steps": 50},
        optimizers=[
            {"use": "sgd", "label": "patient", "lr": 0.01, "schedule": {"use": "patient", "waits": 1.5}},
            {"use": "sgd", "label": "deadly", "lr": 0.01, "schedule": {"use": "dies", "after": 2}},
            {"use": "sgd", "label": "plain", "lr": [0.01, 0.02, 0.03, 0.04]},
        ],
    )
    told = Counted()
    results = run_experiment(grid, tmp_path / "r", TWO, told)
    statuses = results.runs.groupby("label")["status"].unique().map(list).to_dict()
    assert statuses == {"patient": ["budget"], "deadly": ["crashed"], "plain": ["budget"]}
    crashed = results.runs[results.runs["status"] == "crashed"].iloc[0]
    assert crashed["message"] == "its worker died twice: exit code 1"
    assert len(told.rows) == 6
    assert len(list((tmp_path / "marks").iterdir())) == 2


def test_a_rule_that_does_not_compile_stops_it_before_anything_runs(tmp_path: Path) -> None:
    """The plugin, its file and what the compiler said are one message; no worker is started for it."""
    path = tmp_path / "does_not_compile.py"
    path.write_text(
        "from optilab import elementwise, hookimpl\n\n\n"
        "@elementwise(lr=0.1)\ndef uncompilable(w, g, lr):\n    w -= lr * no_such_name(g)\n    return w\n\n\n"
        "@hookimpl\ndef optilab_optimizers():\n    return [uncompilable]\n",
        "utf-8",
    )
    loading.use_file(path)
    told = Counted()
    grid = experiment(optimizers=[{"use": "sgd", "lr": 0.01}, {"use": "uncompilable"}])
    with pytest.raises(
        InputError, match=r"optimizer 'uncompilable' doesn't compile.*does_not_compile\.py.*no_such_name"
    ):
        run_experiment(grid, tmp_path / "r", TWO, told)
    assert told.rows == []


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
    assert loaded == 4  # the loop, its norm, the function, the update


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
