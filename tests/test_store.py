"""The results folder: what is written is what is read, whatever else happens."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from optilab import store
from optilab.errors import InputError

MEASURES = ["train_cost", "test_cost", "train_accuracy", "test_accuracy", "gradient_norm"]


def row(run_id: str = "a", **changes: Any) -> dict[str, Any]:
    """A row of `runs`."""
    final = {f"{kind}_{name}": 0.5 for kind in ("final", "best") for name in MEASURES}
    return {
        "run_id": run_id,
        "experiment": "e",
        "problem": "bowl",
        "optimizer": "adam",
        "label": "adam",
        "lr": 0.1,
        "schedule": "constant",
        "batch_size": 1,
        "seed": 0,
        "role": "evaluation",
        "status": "budget",
        "message": "",
        "steps": 2,
        **final,
        "compile_seconds": 0.0,
        "train_seconds": 0.1,
        "measure_seconds": 0.2,
        "code": "c",
        "versions": "{}",
        "host": "h",
        "spec": "{}",
        **changes,
    }


def measurements(steps: int = 3, **changes: Any) -> list[dict[str, float]]:
    """Rows of the history of one run."""
    names = ["epoch", "seconds", "cpu_seconds", *MEASURES, "update_norm", "weight_norm", "lr", "w_0", "w_1"]
    return [
        {
            "step": step,
            "examples": step,
            "gradient_evaluations": step,
            **dict.fromkeys(names, 1.0 / (step + 1)),
            **changes,
        }
        for step in range(steps)
    ]


def write(folder: Path, *rows: dict[str, Any], names: tuple[str, ...] = ("lr",), **changes: Any) -> None:
    """Write one part with these runs."""
    kept = store.Store(folder, names, "{}")
    for run in rows:
        kept.add(run, measurements(**changes))
    kept.flush()


def parts(folder: Path, kind: str) -> list[Path]:
    """The parts of `runs` or `history`, oldest first."""
    return sorted((folder / kind).glob("*.parquet"))


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    """Runs and their histories come back value by value."""
    rows = [row("a"), row("b", seed=1, status="diverged", message="at step 3\nor so", lr=2.5)]
    write(tmp_path / "r", *rows)
    results = store.load(tmp_path / "r")
    assert results.runs.to_dict("records") == rows
    assert results.history["run_id"].tolist() == ["a"] * 3 + ["b"] * 3
    assert results.history.drop(columns="run_id").to_dict("records") == measurements() * 2
    assert results.folder == tmp_path / "r"
    assert "1 diverged" in repr(results)


def test_the_columns_of_history() -> None:
    """The history has the columns of the design, and the first two weights."""
    assert store.HISTORY.names == [
        "run_id",
        "step",
        "epoch",
        "examples",
        "gradient_evaluations",
        "seconds",
        "cpu_seconds",
        "train_cost",
        "test_cost",
        "train_accuracy",
        "test_accuracy",
        "gradient_norm",
        "update_norm",
        "weight_norm",
        "lr",
        "w_0",
        "w_1",
    ]


def test_the_columns_of_runs() -> None:
    """Runs have the columns of the design, with one a hyperparameter after the label."""
    assert store.runs_schema(["lr", "beta1"]).names == [
        "run_id",
        "experiment",
        "problem",
        "optimizer",
        "label",
        "lr",
        "beta1",
        "schedule",
        "batch_size",
        "seed",
        "role",
        "status",
        "message",
        "steps",
        *(f"final_{name}" for name in MEASURES),
        *(f"best_{name}" for name in MEASURES),
        "compile_seconds",
        "train_seconds",
        "measure_seconds",
        "code",
        "versions",
        "host",
        "spec",
    ]


def test_the_files_have_the_columns_of_the_schema(tmp_path: Path) -> None:
    """What lies on disk has these columns in this order, and no pickled index."""
    write(tmp_path / "r", row())
    assert pq.read_schema(parts(tmp_path / "r", "history")[0]).names == store.HISTORY.names
    assert pq.read_schema(parts(tmp_path / "r", "runs")[0]).names == store.runs_schema(["lr"]).names
    assert list(store.load(tmp_path / "r").history) == store.HISTORY.names


def test_parts_belong_together_by_name(tmp_path: Path) -> None:
    """Each part of runs has a part of history of the same name, and nothing else lies beside them."""
    write(tmp_path / "r", row("a"))
    write(tmp_path / "r", row("b"))
    names = [[path.name for path in (tmp_path / "r" / kind).iterdir()] for kind in ("runs", "history")]
    assert sorted(names[0]) == sorted(names[1])
    assert len(names[0]) == 2
    assert sorted(path.name for path in (tmp_path / "r").iterdir()) == ["experiment.json", "history", "runs"]


def test_a_column_of_nothing_in_the_first_part_does_no_harm(tmp_path: Path) -> None:
    """Where the first runs have no test part and no code, later ones still can; pandas reads the folder as well."""
    nothing = {f"{kind}_{name}": math.nan for kind in ("final", "best") for name in MEASURES}
    first = row("a", status="failed", **nothing)
    for name in ("code", "versions", "host", "compile_seconds"):
        del first[name]
    write(tmp_path / "r", first, steps=1, test_cost=None, test_accuracy=None, w_0=None, w_1=math.nan)
    write(tmp_path / "r", row("b"))
    results = store.load(tmp_path / "r")
    assert results.runs["code"].isna().tolist() == [True, False]
    assert results.history["test_cost"].isna().tolist() == [True, False, False, False]
    for kind in ("runs", "history"):
        table = pd.read_parquet(tmp_path / "r" / kind)
        assert set(table["run_id"]) == {"a", "b"}
    assert pd.read_parquet(tmp_path / "r" / "history")["test_cost"].notna().sum() == 3


def test_a_failed_run_without_history_is_kept(tmp_path: Path) -> None:
    """A run that was never measured is in runs, and the history is empty but typed."""
    kept = store.Store(tmp_path / "r", ["lr"], "{}")
    kept.add(row("a", status="failed"), [])
    kept.flush()
    results = store.load(tmp_path / "r")
    assert results.runs["status"].tolist() == ["failed"]
    assert len(results.history) == 0
    assert results.history["step"].dtype == "int64"


def test_parts_with_other_hyperparameters_are_joined(tmp_path: Path) -> None:
    """A later part may have other hyperparameters; where a run has none, the value is missing."""
    momentum = row("b", optimizer="momentum", label="momentum", momentum=0.9)
    write(tmp_path / "r", row("a", beta1=0.8), names=("lr", "beta1"))
    write(tmp_path / "r", momentum, names=("lr", "momentum"))
    runs = store.load(tmp_path / "r").runs.set_index("run_id")
    assert runs["lr"].tolist() == [0.1, 0.1]
    assert runs.loc["a", "beta1"] == 0.8
    assert math.isnan(runs.loc["b", "beta1"])
    assert runs.loc["b", "momentum"] == 0.9
    assert math.isnan(runs.loc["a", "momentum"])


def test_a_history_without_its_runs_is_ignored(tmp_path: Path) -> None:
    """What was cut off between the two halves of a part is not seen."""
    write(tmp_path / "r", row("a"))
    write(tmp_path / "r", row("b"))
    parts(tmp_path / "r", "runs")[1].unlink()
    results = store.load(tmp_path / "r")
    assert results.runs["run_id"].tolist() == ["a"]
    assert set(results.history["run_id"]) == {"a"}
    assert store.done(tmp_path / "r") == {"a": ("budget", "c")}


def test_a_history_without_its_runs_is_removed_when_parts_are_joined(tmp_path: Path) -> None:
    """What was cut off does not lie about for ever."""
    for run in ("a", "b", "c"):
        write(tmp_path / "r", row(run))
    parts(tmp_path / "r", "runs")[1].unlink()
    cut_off = parts(tmp_path / "r", "history")[1]
    cut_off.rename(cut_off.with_name(f"{1:020d}-0123abcd.parquet"))  # long ago: a young one may still be completed
    store.Store(tmp_path / "r", ["lr"], "{}").compact()
    assert len(parts(tmp_path / "r", "history")) == 1
    assert set(pd.read_parquet(tmp_path / "r" / "history")["run_id"]) == {"a", "c"}


def test_half_a_file_is_never_seen(tmp_path: Path) -> None:
    """A temporary file that a killed process left behind is not read."""
    write(tmp_path / "r", row("a"))
    for kind in ("runs", "history"):
        (tmp_path / "r" / kind / ".0123.tmp").write_bytes(b"PAR1 half of it")
    assert store.load(tmp_path / "r").runs["run_id"].tolist() == ["a"]
    assert store.done(tmp_path / "r") == {"a": ("budget", "c")}


def test_a_run_that_was_made_twice_counts_as_it_was_made_last(tmp_path: Path) -> None:
    """The later of two rows of a run is the one that is read, with its history."""
    write(tmp_path / "r", row("a", status="crashed", steps=0), steps=0)
    write(tmp_path / "r", row("a", status="budget"), train_cost=7.0)
    write(tmp_path / "r", row("b"))
    for _ in range(2):
        results = store.load(tmp_path / "r")
        assert results.runs.set_index("run_id")["status"].to_dict() == {"a": "budget", "b": "budget"}
        assert results.history.loc[results.history["run_id"] == "a", "train_cost"].tolist() == [7.0] * 3
        assert store.done(tmp_path / "r") == {"a": ("budget", "c"), "b": ("budget", "c")}
        store.Store(tmp_path / "r", ["lr"], "{}").compact()


def test_joining_the_parts_keeps_everything(tmp_path: Path) -> None:
    """After compact there is one part, which reads as the many did."""
    for k in range(4):
        write(tmp_path / "r", row(f"{k}", seed=k, **{f"extra_{k}": float(k)}), names=("lr", f"extra_{k}"))
    before = store.load(tmp_path / "r")
    kept = store.Store(tmp_path / "r", ["lr"], "{}")
    kept.compact()
    after = store.load(tmp_path / "r")
    pd.testing.assert_frame_equal(before.runs, after.runs)
    pd.testing.assert_frame_equal(before.history, after.history)
    for kind in ("runs", "history"):
        assert len(list((tmp_path / "r" / kind).iterdir())) == 1
    kept.compact()
    assert len(parts(tmp_path / "r", "runs")) == 1


def test_joining_writes_what_is_waiting(tmp_path: Path) -> None:
    """A run that was added and not yet written is in the joined part."""
    kept = store.Store(tmp_path / "r", ["lr"], "{}")
    kept.add(row("a"), measurements())
    kept.compact()
    assert store.load(tmp_path / "r").runs["run_id"].tolist() == ["a"]


def test_two_folders_merge_by_copying(tmp_path: Path) -> None:
    """The parts of two folders can be put into one."""
    write(tmp_path / "one", row("a"))
    write(tmp_path / "two", row("b"))
    for kind in ("runs", "history"):
        for path in parts(tmp_path / "two", kind):
            path.rename(tmp_path / "one" / kind / path.name)
    assert store.load(tmp_path / "one").runs["run_id"].tolist() == ["a", "b"]


def test_the_experiment_is_kept_beside_its_results(tmp_path: Path) -> None:
    """experiment.json holds what the store was given, and the next start writes its own."""
    store.Store(tmp_path / "r", ["lr"], json.dumps({"name": "one"}))
    store.Store(tmp_path / "r", ["lr"], json.dumps({"name": "two"}))
    assert json.loads((tmp_path / "r" / "experiment.json").read_text("utf-8")) == {"name": "two"}


@pytest.mark.parametrize("name", ["status", "seed", "run_id", "final_train_cost", "schedule", "host"])
def test_a_hyperparameter_can_not_take_a_column(name: str, tmp_path: Path) -> None:
    """A hyperparameter with the name of another column is refused by its name, before anything is written."""
    with pytest.raises(InputError, match=f"can't be called '{name}'"):
        store.Store(tmp_path / "r", ["lr", name], "{}")
    assert not (tmp_path / "r").exists()


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """Loading nothing is told by its path, and nothing is done there."""
    with pytest.raises(InputError, match=r"there is no results folder '.*nowhere'"):
        store.load(tmp_path / "nowhere")
    assert store.done(tmp_path / "nowhere") == {}


def test_a_folder_that_is_no_results(tmp_path: Path) -> None:
    """A folder without runs, or with none finished, is told apart from results."""
    with pytest.raises(InputError, match="is not a results folder: it has no runs"):
        store.load(tmp_path)
    store.Store(tmp_path / "r", ["lr"], "{}")
    with pytest.raises(InputError, match="holds no finished runs yet"):
        store.load(tmp_path / "r")


def test_a_folder_that_can_not_be_written(tmp_path: Path) -> None:
    """A path through a file can't be a folder; a file isn't one; a folder of something else is left alone."""
    (tmp_path / "file").write_text("precious", "utf-8")
    with pytest.raises(InputError, match=r"can't write results to '.*file/below'"):
        store.Store(tmp_path / "file" / "below", ["lr"], "{}")
    with pytest.raises(InputError, match=r"file' is a file; results go to a folder"):
        store.Store(tmp_path / "file", ["lr"], "{}")
    with pytest.raises(InputError, match="is not empty and holds no results"):
        store.Store(tmp_path, ["lr"], "{}")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text("utf-8") == "precious"


def test_a_folder_that_goes_away_loses_nothing_written(tmp_path: Path) -> None:
    """Where a part can't be written that is an error, and what was written before stays."""
    kept = store.Store(tmp_path / "r", ["lr"], "{}")
    kept.add(row("a"), measurements())
    kept.flush()
    (tmp_path / "r" / "history").rename(tmp_path / "r" / "elsewhere")
    (tmp_path / "r" / "history").write_text("in the way", "utf-8")
    kept.add(row("b"), measurements())
    with pytest.raises(InputError, match="can't write results to"):
        kept.flush()
    (tmp_path / "r" / "history").unlink()
    (tmp_path / "r" / "elsewhere").rename(tmp_path / "r" / "history")
    assert store.load(tmp_path / "r").runs["run_id"].tolist() == ["a"]
    kept.flush()
    assert store.load(tmp_path / "r").runs["run_id"].tolist() == ["a", "b"]


@pytest.mark.parametrize("kind", ["runs", "history"])
@pytest.mark.parametrize("content", [b"", b"PAR1", b"nothing like it" * 100])
def test_a_part_that_can_not_be_read(tmp_path: Path, kind: str, content: bytes) -> None:
    """A damaged part is told by its path."""
    write(tmp_path / "r", row("a"))
    path = parts(tmp_path / "r", kind)[0]
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        store.load(tmp_path / "r")
    assert str(path) in str(caught.value)


def test_a_history_that_is_missing(tmp_path: Path) -> None:
    """Runs whose history was deleted are told, not shown without it."""
    write(tmp_path / "r", row("a"))
    path = parts(tmp_path / "r", "history")[0]
    path.unlink()
    with pytest.raises(InputError) as caught:
        store.load(tmp_path / "r")
    assert str(path) in str(caught.value)


def test_the_summary_of_a_run() -> None:
    """The final value is the last; the best is the lowest, of accuracies the highest; what was never measured is NaN."""
    history = [
        {"train_cost": 3.0, "test_cost": 2.0, "train_accuracy": 0.1, "test_accuracy": math.nan, "gradient_norm": 1.0},
        {"train_cost": 1.0, "test_cost": 1.0, "train_accuracy": 0.9, "test_accuracy": math.nan, "gradient_norm": 0.5},
        {
            "train_cost": 2.0,
            "test_cost": math.nan,
            "train_accuracy": 0.5,
            "test_accuracy": math.nan,
            "gradient_norm": 0.7,
        },
    ]
    found = store.summary_of(history)
    assert (found["final_train_cost"], found["best_train_cost"]) == (2.0, 1.0)
    assert (found["final_train_accuracy"], found["best_train_accuracy"]) == (0.5, 0.9)
    assert (found["final_gradient_norm"], found["best_gradient_norm"]) == (0.7, 0.5)
    assert math.isnan(found["final_test_cost"])
    assert found["best_test_cost"] == 1.0
    assert math.isnan(found["final_test_accuracy"])
    assert math.isnan(found["best_test_accuracy"])
    assert all(math.isnan(value) for value in store.summary_of([]).values())
