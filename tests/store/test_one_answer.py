"""Whoever asks what came of an experiment gets the same answer: run, load, plot, status, export."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

import optilab
from optilab import store
from optilab.cli.main import main
from optilab.errors import InputError, ResultsWarning
from optilab.experiment.experiment import Experiment
from optilab.report.html import Html
from optilab.report.report import write_report
from optilab.runner.observer import Observer
from optilab.runner.progress import status_of
from optilab.runner.remaking import made_again
from optilab.runner.run import run_experiment
from optilab.runner.session import Way
from tables import write

INLINE = Way("inline")


class Noted(Observer):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def noted(self, note: str) -> None:
        self.notes.append(note)


def experiment(**changes: Any) -> Experiment:
    """A tiny grid."""
    given = {
        "name": "e",
        "seeds": 2,
        "budget": {"steps": 20},
        "measure": {"steps": 10},
        "problem": {"use": "bowl", "start": "random"},
        "optimizers": [{"use": "sgd", "lr": [0.01, 0.1], "label": "first"}],
    }
    return Experiment.model_validate({**given, **changes})


LATER: dict[str, dict[str, Any]] = {
    "a label renamed": {"optimizers": [{"use": "sgd", "lr": [0.01, 0.1], "label": "second"}]},
    "a value dropped": {"optimizers": [{"use": "sgd", "lr": [0.1], "label": "first"}]},
    "a value more": {"optimizers": [{"use": "sgd", "lr": [0.1, 0.2], "label": "first"}]},
    "a seed less": {"seeds": 1},
    "another name": {"name": "other"},
    "another optimizer": {"optimizers": [{"use": "momentum", "lr": 0.1}]},
    "tuning": {"tuning": {"seeds": 1}},
}


@pytest.mark.parametrize("change", LATER)
def test_all_give_the_same_answer(tmp_path: Path, change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever was changed since: the runs that are wanted now, under the names that they have now."""
    folder = tmp_path / "r"
    run_experiment(experiment(), folder, INLINE)
    ran = run_experiment(experiment(**LATER[change]), folder, INLINE)
    loaded = optilab.load(folder)
    pd.testing.assert_frame_equal(loaded.runs, ran.runs)
    pd.testing.assert_frame_equal(loaded.history, ran.history)
    status = status_of(folder)
    assert (status.wanted, status.missing) == (len(ran.runs), 0)
    drawn: list[store.Results] = []
    monkeypatch.setattr("optilab.figures.draw.draw", lambda results, *_, **_k: drawn.append(results) or [])
    assert CliRunner().invoke(main, ["plot", str(folder)]).exit_code == 0
    pd.testing.assert_frame_equal(drawn[0].runs, ran.runs)
    assert CliRunner().invoke(main, ["export", str(folder), "--csv"]).exit_code == 0
    exported = pd.read_csv(folder / "runs.csv")
    assert exported["run_id"].tolist() == ran.runs["run_id"].tolist()
    assert exported["label"].tolist() == ran.runs["label"].tolist()
    assert len(pd.read_csv(folder / "history.csv")) == len(ran.history)
    every = optilab.load(folder, every=True)
    assert len(every.runs) == len(ran.runs) + status.others
    assert set(every.runs["run_id"]) >= set(ran.runs["run_id"])


def test_nothing_of_it_is_there_yet(tmp_path: Path) -> None:
    """Where an experiment wants none of the runs that a folder holds, that is told, and how to have the others."""
    write(tmp_path / "r", "a")
    with store.Store(tmp_path / "r", {}) as kept:
        kept.want(pa.table({"run_id": ["b"]}))
    with pytest.raises(InputError, match=r"no finished runs yet of the experiment as it was last run; .* every = True"):
        optilab.load(tmp_path / "r")
    assert optilab.load(tmp_path / "r", every=True).runs["run_id"].tolist() == ["a"]


def test_the_experiment_changes_with_its_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A start that ends before the runs are known leaves the experiment of before, with its runs."""
    folder = tmp_path / "r"
    before = run_experiment(experiment(), folder, INLINE)

    def fail(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("optilab.runner.run.jobs", fail)
    with pytest.raises(KeyboardInterrupt):
        run_experiment(experiment(budget={"steps": 7}), folder, INLINE)
    assert json.loads((folder / "experiment.json").read_text("utf-8"))["budget"] == {"steps": 20}
    pd.testing.assert_frame_equal(optilab.load(folder).runs, before.runs)


ANOTHER: dict[str, dict[str, Any]] = {
    "another question": {"question": "Which?"},
    "another problem": {"problem": {"use": "rosenbrock"}},
    "another optimizer": {"optimizers": [{"use": "momentum", "lr": 0.1}]},
}


@pytest.mark.parametrize("change", ANOTHER)
def test_another_experiment_of_the_same_name(tmp_path: Path, change: str) -> None:
    """It is told, the pictures of the first are set aside, and tables and pictures are those of the second alone."""
    folder, told = tmp_path / "r", Noted()
    optilab_draw(run_experiment(experiment(), folder, INLINE))
    (folder / "mine.png").write_bytes(b"no picture of optilab's")
    (folder / "mine.html").write_bytes(b"no report of optilab's")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("optilab.report.report.pictures", lambda *_: Html(""))  # which have tests of their own
        patch.setattr("optilab.report.report.still", lambda *_: None)
        write_report([store.load(folder)], folder / "report.html")
    pictures = {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix in (".png", ".html")}
    found = run_experiment(experiment(**ANOTHER[change]), folder, INLINE, told)
    (note,) = told.notes
    assert "holds results of another experiment of this name" in note
    names = sorted(pictures.keys() - {"mine.png", "mine.html"})
    assert {"convergence.png", "path.png", "sensitivity.png"} <= set(names)
    assert "report.html" in names
    assert f"its {', '.join(names)} are now in set_aside/" in note
    assert sorted(path.name for path in folder.iterdir() if path.suffix in (".png", ".html")) == [
        "mine.html",
        "mine.png",
    ]
    del pictures["mine.png"], pictures["mine.html"]
    assert {path.name: path.read_bytes() for path in (folder / "set_aside").iterdir()} == pictures
    wanted = set(found.runs["run_id"])
    assert set(optilab.load(folder).runs["run_id"]) == wanted
    if change != "another question":
        assert len(optilab.load(folder, every=True).runs) == 4 + len(wanted)


def optilab_draw(results: store.Results) -> None:
    """All pictures of some results, as `optilab plot` draws them."""
    from optilab.figures.draw import draw

    draw(results, train_again=made_again)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, None),
        ({"seeds": 3}, None),
        ({"budget": {"steps": 7}}, "has changed in budget:"),
        (
            {"optimizers": [{"use": "sgd", "lr": 0.2}], "precision": "float32"},
            "has changed in optimizers and precision:",
        ),
    ],
)
def test_an_experiment_that_was_edited(tmp_path: Path, change: dict[str, Any], told: str | None) -> None:
    """What has another value is named; more seeds are nothing to talk about, and pictures stay where they are."""
    run_experiment(experiment(), tmp_path / "r", INLINE)
    heard = Noted()
    run_experiment(experiment(**change), tmp_path / "r", INLINE, heard)
    assert [told in note for note in heard.notes] == ([True] if told else []) if told else not heard.notes


EDITS: dict[str, Callable[[Path], object]] = {
    "no Parquet": lambda path: path.write_bytes(b"nothing"),
    "empty": lambda path: path.write_bytes(b""),
    "a column of numbers": lambda path: pq.write_table(pa.table({"run_id": [1]}), path),
    "no run_id": lambda path: pq.write_table(pa.table({"id": ["a"]}), path),
    "gaps": lambda path: pq.write_table(pa.table({"run_id": pa.array([None], pa.string())}), path),
    "another role": lambda path: pq.write_table(pa.table({"run_id": ["a"], "role": ["x"]}), path),
    "a label of numbers": lambda path: pq.write_table(pa.table({"run_id": ["a"], "label": [1]}), path),
}


@pytest.mark.parametrize("edit", EDITS)
def test_a_damaged_list_of_what_is_wanted(tmp_path: Path, edit: str) -> None:
    """All runs are taken, that is told, and the next start of the experiment writes the list again."""
    folder = tmp_path / "r"
    run_experiment(experiment(), folder, INLINE)
    before = run_experiment(experiment(seeds=1), folder, INLINE)
    EDITS[edit](folder / "wanted.parquet")
    with pytest.warns(ResultsWarning, match=r"wanted\.parquet is damaged"):
        assert len(optilab.load(folder).runs) == 4
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run_experiment(experiment(seeds=1), folder, INLINE)
        pd.testing.assert_frame_equal(optilab.load(folder).runs, before.runs)
