"""How far an experiment is, by its folder alone; and runs made again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from click.testing import CliRunner

from optilab.cli.main import main
from optilab.errors import InputError
from optilab.experiment.experiment import Experiment
from optilab.experiment.file import read_stored
from optilab.plugins import loading
from optilab.runner.progress import status_of
from optilab.runner.replay import replay
from optilab.runner.run import run_experiment
from optilab.runner.session import Way
from optilab.store import Results, Store, load
from optilab.store.reading import live_tables
from optilab.store.schema import hyperparameters_of
from optilab.workers import environment

INLINE = Way("inline")

RULE = """from optilab import elementwise, hookimpl


@elementwise(lr=0.1)
def changing(w, g, lr):
    w -= {factor} * lr * g
    return w


@hookimpl
def optilab_optimizers():
    return [changing]
"""


def experiment(**changes: Any) -> Experiment:
    """A tiny grid."""
    given = {
        "name": "tiny",
        "seeds": 2,
        "budget": {"steps": 500},
        "measure": {"steps": 100},
        "problem": {"use": "bowl", "start": "random"},
        "optimizers": [{"use": "sgd", "lr": [0.01, 50.0]}, {"use": "adam", "lr": 0.1, "schedule": "cosine"}],
    }
    return Experiment.model_validate({**given, **changes})


@pytest.fixture
def results(tmp_path: Path) -> Results:
    """Its results."""
    return run_experiment(experiment(), tmp_path / "r", INLINE)


@pytest.fixture
def rule(tmp_path: Path) -> Callable[[float], None]:
    """Use a plugin whose code has this factor."""

    def use(factor: float) -> None:
        file = tmp_path / str(factor) / "changing_rule.py"
        file.parent.mkdir()
        file.write_text(RULE.format(factor=factor), "utf-8")
        loading.forget()
        loading.use_file(file)

    return use


def test_a_finished_experiment(results: Results) -> None:
    """All that is wanted is there, and how it ended is counted."""
    status = status_of(results.folder)
    assert (status.wanted, status.missing, status.stale, status.others) == (6, 0, 0, 0)
    assert status.statuses == {"budget": 4, "diverged": 2}
    assert status.failed.empty


def test_an_experiment_that_has_shrunk_or_grown(tmp_path: Path, results: Results) -> None:
    """Runs that it no longer wants are others; what it wants and isn't there is missing."""
    run_experiment(experiment(seeds=1), results.folder, INLINE)
    status = status_of(results.folder)
    assert (status.wanted, status.missing, status.others) == (3, 0, 3)
    with Store(results.folder, {}, "{}") as store:
        table = pa.table({"run_id": [*results.runs["run_id"], "not there", "nor this"]})
        store.want(table)
    assert (status_of(results.folder).wanted, status_of(results.folder).missing) == (8, 2)


def test_runs_of_other_code(tmp_path: Path, rule: Callable[[float], None]) -> None:
    """They are stale; whether they are can't be told where the plugin isn't at hand."""
    rule(1.0)
    grid = experiment(optimizers=[{"use": "changing"}, {"use": "sgd", "lr": 0.1}])
    run_experiment(grid, tmp_path / "r", INLINE)
    assert status_of(tmp_path / "r").stale == 0
    rule(2.0)
    assert status_of(tmp_path / "r").stale == 2
    loading.forget()
    assert status_of(tmp_path / "r").stale is None


def test_the_folder_may_be_moved_with_its_data(tmp_path: Path) -> None:
    """Paths in it are relative: status, replay and the stored experiment work at the new place, and nothing names the old."""
    stream = np.random.default_rng(0)
    (tmp_path / "one").mkdir()
    np.savez(tmp_path / "one" / "data.npz", x_train=stream.random((20, 3)), y_train=np.arange(20) % 2)
    problem = {"use": "network", "dataset": {"path": str(tmp_path / "one" / "data.npz")}, "hidden": [2]}
    grid = experiment(problem=problem, optimizers=[{"use": "sgd", "lr": 0.1, "batch_size": 5}])
    found = run_experiment(grid, tmp_path / "one" / "r", INLINE)
    shutil.move(tmp_path / "one", tmp_path / "two")
    folder = tmp_path / "two" / "r"
    assert status_of(folder).stale == 0
    assert replay(folder, found.runs["run_id"][0]).identical
    assert read_stored(folder).problem == {**problem, "dataset": {"path": str(tmp_path / "two" / "data.npz")}}
    for path in folder.rglob("*"):
        assert path.is_dir() or str(tmp_path).encode() not in path.read_bytes()
    (tmp_path / "two" / "data.npz").unlink()
    assert status_of(folder).stale is None


def test_the_commands_status_and_replay(results: Results) -> None:
    """In words, and for programs."""

    def call(*arguments: str, code: int = 0) -> str:
        done = CliRunner().invoke(main, [*arguments])
        assert done.exit_code == code, done.output
        return done.output

    folder = str(results.folder)
    words = call("status", folder)
    assert "6 runs wanted: 6 done, 0 missing\n  4 budget\n  2 diverged\n0 stale" in words
    told = json.loads(call("status", folder, "--json"))
    assert told == {
        "wanted": 6, "done": 6, "missing": 0, "more_to_choose": False, "stale": 0, "statuses": {"budget": 4, "diverged": 2}, "others": 0, "failed": []
    }  # fmt: skip
    run = results.runs["run_id"][0]
    row = results.runs.iloc[0]
    said = f"{row['label']}, seed {row['seed']}, run {run}: all 6 measurements are identical, bit for bit\n"
    assert call("replay", folder, run[:8]) == said
    assert "unknown run 'zz'" in call("replay", folder, "zz", code=2)
    assert "there is no results folder" in call("status", "nowhere", code=2)


@pytest.mark.parametrize("number", range(6))
def test_a_run_made_again_is_identical(results: Results, number: int) -> None:
    """Whatever optimizer, schedule or end it had."""
    made = replay(results.folder, results.runs["run_id"][number])
    assert made.identical
    assert made.difference is None
    assert made.changed == {}
    assert made.status[0] == made.status[1] == results.runs["status"][number]


def test_a_measurement_that_was_another_one(results: Results) -> None:
    """The first difference is told with its step, its column and both values, if it is in the last bit alone."""
    run = results.runs["run_id"][0]
    runs, history = live_tables(results.folder)
    costs = history.column("train_cost").to_numpy().copy()
    row = pc.index(history.column("run_id"), run).as_py() + 3
    costs[row] = np.nextafter(costs[row], 1)
    changed = history.set_column(history.column_names.index("train_cost"), "train_cost", pa.array(costs))
    with Store(results.folder, hyperparameters_of(runs.schema), "{}") as store:
        store.add(runs.drop_columns(["commit"]), changed.drop_columns(["commit"]))
    made = replay(results.folder, run)
    assert not made.identical
    assert made.difference is not None
    assert (made.difference.step, made.difference.column) == (300, "train_cost")
    assert np.nextafter(made.difference.now, 1) == made.difference.before


def test_other_code_is_told(tmp_path: Path, rule: Callable[[float], None]) -> None:
    """A difference comes with what has changed since."""
    rule(3.0)
    run_experiment(experiment(optimizers=[{"use": "changing", "lr": 0.01}]), tmp_path / "r", INLINE)
    rule(4.0)
    made = replay(tmp_path / "r", load(tmp_path / "r").runs["run_id"][0])
    assert made.difference is not None
    assert made.difference.step == 100
    assert set(made.changed) == {"code"}


FAILING = """from optilab import hookimpl, vectorwise


@vectorwise(lr=0.1)
def changing(w, g, t, lr):
    if t > 250:
        raise ValueError("{factor}")
    w -= lr * g


@hookimpl
def optilab_optimizers():
    return [changing]
"""


def test_a_run_that_failed_fails_again(
    tmp_path: Path, rule: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is identical, with what was measured before; with another message it is not."""
    monkeypatch.setitem(globals(), "RULE", FAILING)
    rule(3.0)
    folder = tmp_path / "r"
    run_experiment(experiment(optimizers=[{"use": "changing", "lr": 0.01}]), folder, INLINE)
    identity = load(folder).runs["run_id"][0]
    made = replay(folder, identity)
    assert made.identical
    assert (made.measurements, made.status, made.message) == (3, ("failed", "failed"), ("ValueError: 3.0",) * 2)
    called = CliRunner().invoke(main, ["replay", str(folder), identity])
    assert (called.exit_code, "it failed as it did then: ValueError: 3.0" in called.output) == (0, True)
    rule(4.0)
    called = CliRunner().invoke(main, ["replay", str(folder), identity])
    assert called.exit_code == 1
    assert "it failed then with ValueError: 3.0, and now with ValueError: 4.0" in called.output


def test_a_run_that_ended_its_worker_is_not_made_again_here(results: Results) -> None:
    """It would end this process, whose exit code 0 would say that all is identical."""
    run = results.runs["run_id"][0]
    runs, history = live_tables(results.folder)
    died = [
        value if name != run else "crashed"
        for name, value in zip(*(runs.column(c).to_pylist() for c in ("run_id", "status")), strict=True)
    ]
    changed = runs.set_column(
        runs.column_names.index("status"), "status", pa.array(died).cast(runs.schema.field("status").type)
    )
    with Store(results.folder, hyperparameters_of(runs.schema), "{}") as store:
        store.add(changed.drop_columns(["commit"]), history.drop_columns(["commit"]))
    with pytest.raises(InputError, match=rf"run {run} can't be made again here, for it would end this process too"):
        replay(results.folder, run)


def test_another_blas_kernel_is_named(results: Results, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a run is made again on another processor, the kernels then and now are told."""
    here = json.loads(environment.versions())
    monkeypatch.setattr(
        "optilab.runner.replay.versions", lambda: json.dumps({**here, "blas": "numpy: openblas Another"})
    )
    again = replay(results.folder, results.runs["run_id"][0])
    assert again.changed == {"blas": (here["blas"], "numpy: openblas Another")}


def test_a_run_id_that_is_none_or_several(results: Results) -> None:
    """Is told."""
    with pytest.raises(InputError, match="unknown run 'none'"):
        replay(results.folder, "none")
    with pytest.raises(InputError, match="unknown run ''"):
        replay(results.folder, "")
