"""Runs that diverge, fail or take their worker down: what is kept, and what is made again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from runner.running import FEEDBACK, Counted, experiment

from optilab import store
from optilab.errors import InputError
from optilab.plugins import loading
from optilab.runner.run import run_experiment
from optilab.runner.session import FailedFast, Way

INLINE, TWO = Way("inline"), Way(workers=2)


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
