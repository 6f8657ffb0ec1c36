"""The results folder: what is written is what is read, whatever lies in the folder besides."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from optilab import store
from optilab.errors import InputError, ResultsWarning
from optilab.records.columns import MEASURES
from optilab.store import HISTORY, Store, load
from tables import LR, held, parts, tables, write


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    """Runs and their histories come back value by value, in the order of label, hyperparameters and seed."""
    rows = [
        {"run_id": "b", "seed": 1, "status": "diverged", "message": "at step 3\nor so", "lr": 2.5, "value": 0.1},
        {"run_id": "a", "seed": 0, "lr": 2.5},
    ]
    with Store(tmp_path / "r", LR, "{}") as kept:
        runs, history = tables(rows)
        kept.add(runs, history)
    found = load(tmp_path / "r")
    assert found.runs["run_id"].tolist() == ["a", "b"]
    assert found.runs["message"].tolist() == ["", "at step 3\nor so"]
    assert found.runs.columns.tolist() == runs.column_names
    assert found.history.columns.tolist() == history.column_names
    assert found.history["run_id"].tolist() == ["a"] * 3 + ["b"] * 3
    assert found.history["step"].tolist() == [0, 1, 2] * 2
    assert found.history["step"].dtype == "int64"
    assert repr(found) == f"<Results {tmp_path / 'r'}: 2 runs (1 budget, 1 diverged)>"


def test_the_columns_of_history() -> None:
    """The history has the columns of the design, and the first two weights."""
    design = "run_id step epoch examples gradient_evaluations seconds cpu_seconds train_cost test_cost train_accuracy "
    design += "test_accuracy gradient_norm update_norm weight_norm lr w_0 w_1"
    assert design.split() == HISTORY.names


def test_the_columns_of_runs() -> None:
    """Runs have the columns of the design, with one a hyperparameter after what names the line."""
    head = "run_id experiment problem optimizer label problem_id line_id is_random lr mode schedule batch_size seed role status message traceback "
    head += "steps last_finite_step measurements"
    measures = [f"{what}_{name}" for what in ("final", "best") for name in MEASURES]
    tail = "compile_seconds train_seconds measure_seconds code versions host spec"
    schema = store.runs_schema({"lr": float, "mode": str})
    assert schema.names == [*head.split(), *measures, *tail.split()]
    assert [str(schema.field(name).type) for name in ("lr", "mode")] == ["double", "string"]


def test_files_have_the_columns_of_the_schema_and_the_commit(tmp_path: Path) -> None:
    """Also where a column has no value in any row, and where a run has no history."""
    write(tmp_path / "r", "a", measurements=0)
    (runs,), (history,) = (parts(tmp_path / "r", name) for name in ("runs", "history"))
    assert pq.read_schema(runs).names == [*store.runs_schema(LR).names, "commit"]
    assert pq.read_schema(history).names == [*HISTORY.names, "commit"]
    assert held(tmp_path / "r") == {"a": (1.0, 0)}


@pytest.mark.parametrize("name", ["status", "seed", "run_id", "final_train_cost", "commit", "traceback"])
def test_a_hyperparameter_can_not_take_a_column(name: str, tmp_path: Path) -> None:
    """A hyperparameter with the name of another column is refused by its name, before anything is written."""
    with pytest.raises(InputError, match=f"can't be called '{name}'"):
        Store(tmp_path / "r", {"lr": float, name: float}, "{}")
    assert not (tmp_path / "r").exists()


def test_the_experiment_is_kept_beside_its_results(tmp_path: Path) -> None:
    """experiment.json holds what the store was given, and the next start writes its own; so does what is wanted."""
    for name in ("one", "two"):
        with Store(tmp_path / "r", LR, json.dumps({"name": name})) as kept:
            kept.want(tables([{"run_id": name}])[0].select(["run_id"]))
    assert json.loads((tmp_path / "r" / "experiment.json").read_text("utf-8")) == {"name": "two"}
    table = store.wanted(tmp_path / "r")
    assert table is not None
    assert table.to_pylist() == [{"run_id": "two"}]
    assert store.wanted(tmp_path / "elsewhere") is None


def test_of_a_run_that_was_made_twice_the_later_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the history of that making, even if it is shorter, and whatever the clock says."""
    monkeypatch.setattr("time.time", lambda: 2e9)
    monkeypatch.setattr("time.time_ns", lambda: 2 * 10**18)
    write(tmp_path / "r", "a", value=1.0, measurements=5)
    monkeypatch.setattr("time.time", lambda: 1e9)
    monkeypatch.setattr("time.time_ns", lambda: 10**18)
    write(tmp_path / "r", "a", value=2.0, measurements=2)
    assert held(tmp_path / "r") == {"a": (2.0, 2)}
    assert pq.read_table(parts(tmp_path / "r", "runs")[0]).num_rows == 1


def test_another_hyperparameter_gives_all_parts_its_column(tmp_path: Path) -> None:
    """Readers of plain Parquet take the columns of the first part for those of all."""
    write(tmp_path / "r", "a", lr=0.5)
    with Store(tmp_path / "r", {"beta": float, "mode": str}, "{}") as kept:
        assert kept.done() == {"a": ("budget", "c")}
        kept.add(*tables([{"run_id": "b", "beta": 0.9, "mode": "raw"}], hyperparameters={"beta": float, "mode": str}))
        kept.commit()
        schemas = [
            pq.read_schema(path) for path in [*parts(tmp_path / "r", "runs"), *parts(tmp_path / "r", "recent/runs")]
        ]
        assert len(schemas) == 2
        assert (
            schemas[0].names
            == schemas[1].names
            == [*store.runs_schema({"beta": float, "mode": str, "lr": float}).names, "commit"]
        )
    found = load(tmp_path / "r").runs.set_index("run_id")
    assert found.loc["a", "lr"] == 0.5
    assert found.loc["b", "mode"] == "raw"
    assert found.isna().loc["b", "lr"]


def test_numbers_become_words_where_a_hyperparameter_has_words(tmp_path: Path) -> None:
    """What was a number for one optimizer may be a word for another."""
    write(tmp_path / "r", "a", lr=0.5)
    with Store(tmp_path / "r", {"lr": str}, "{}") as kept:
        kept.add(*tables([{"run_id": "b", "lr": "auto"}], hyperparameters={"lr": str}))
    assert load(tmp_path / "r").runs.set_index("run_id")["lr"].to_dict() == {"a": "0.5", "b": "auto"}


def test_a_second_writer_is_told_who_has_the_folder(tmp_path: Path) -> None:
    """By process and host; once the first has ended, however it did, the folder is free."""
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom optilab.store import Store\n"
        "with Store(Path(sys.argv[1]), {'lr': float}, '{}'):\n    print('ready', flush=True)\n    time.sleep(100)\n"
    )
    other = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "r")], stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    try:
        assert other.stdout.readline() == "ready\n"
        with pytest.raises(
            InputError, match=rf"is being written by process {other.pid} on {os.uname().nodename}, since 2"
        ):
            Store(tmp_path / "r", LR, "{}")
    finally:
        other.kill()
        other.wait()
        other.stdout.close()
    write(tmp_path / "r", "a")
    assert held(tmp_path / "r") == {"a": (1.0, 3)}
    assert not (tmp_path / "r" / ".holder.json").exists()


def test_folders_that_are_no_results(tmp_path: Path) -> None:
    """Each is told as what it is, and nothing in it is touched."""
    with pytest.raises(InputError, match=r"there is no results folder '.*nowhere'"):
        load(tmp_path / "nowhere")
    assert store.done(tmp_path / "nowhere") == {}
    (tmp_path / "file").write_text("precious", "utf-8")
    with pytest.raises(InputError, match=r"is not a results folder: it has no results.json"):
        load(tmp_path)
    with pytest.raises(InputError, match=r"can't write results to '.*file/below': Not a directory"):
        Store(tmp_path / "file" / "below", LR, "{}")
    with pytest.raises(InputError, match=r"file' is a file; results go to a folder"):
        Store(tmp_path / "file", LR, "{}")
    with pytest.raises(InputError, match="is not empty and holds no results; choose another with --results"):
        Store(tmp_path, LR, "{}")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    with Store(tmp_path / "r", LR, "{}"):
        pass
    with pytest.raises(InputError, match="holds no finished runs yet"):
        load(tmp_path / "r")


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        (
            None,
            "has no results.json: it was deleted, or an older optilab wrote these results; the tables can be read with pandas",
        ),
        ('{"layout": 1}', "an older optilab"),
        ('{"layout": 99}', "a newer optilab"),
        ("{}", r"results\.json' can't be read"),
        ("not JSON", r"results\.json' can't be read"),
    ],
)
def test_results_of_another_layout(tmp_path: Path, facts: str | None, message: str) -> None:
    """They are neither read nor written, and left as they are."""
    (tmp_path / "r" / "runs").mkdir(parents=True)
    (tmp_path / "r" / "runs" / "00001700000000-ab.parquet").write_text("old", "utf-8")
    if facts is not None:
        (tmp_path / "r" / "results.json").write_text(facts, "utf-8")
    before = sorted(tmp_path.rglob("*"))
    for use in (load, lambda folder: Store(folder, LR, "{}")):
        with pytest.raises(InputError, match=message):
            use(tmp_path / "r")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("table", ["runs", "history"])
@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "gone"])
def test_a_damaged_part_costs_its_runs_alone(tmp_path: Path, table: str, damage: str) -> None:
    """It is told and set aside; its runs are missing and can be made again, and all others are as they were."""
    folder = tmp_path / "r"
    write(folder, *"ab")
    with Store(folder, LR, "{}") as kept:
        kept.add(*tables([{"run_id": "c", "value": 3.0}]))
        kept.commit()
        path = parts(folder, table)[-1]
        content = path.read_bytes()
        changed = {
            "flip": content[:50] + bytes([content[50] ^ 1]) + content[51:],
            "cut": content[: len(content) // 2],
            "empty": b"",
        }
        kept._lock.release()  # as if the process were gone
        if damage == "gone":
            path.unlink()
        else:
            path.write_bytes(changed[damage])
        told = f"{table}/{path.name} is damaged: runs of commit 2 may be missing"
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            assert set(held(folder)) == {"a", "b"}
        assert [str(w.message) for w in heard if w.category is ResultsWarning] == (
            [] if damage == "gone" else [f"{told}; the next start of the experiment makes them again"]
        )
        kept._lock.acquire()
        kept._parts = {"runs": [], "history": []}  # nothing is left to be joined
    with Store(folder, LR, "{}") as again:
        assert set(again.done()) == {"a", "b"}
        assert again.notes == ([] if damage == "gone" else [f"{told}; the damaged part is in set_aside/"])
        again.add(*tables([{"run_id": "c", "value": 4.0}]))
    assert held(folder) == {"a": (1.0, 3), "b": (1.0, 3), "c": (4.0, 3)}
    if damage != "gone":
        assert (folder / "set_aside" / f"{table}-{path.name}").read_bytes() == changed[damage]


def test_a_foreign_file_among_the_parts(tmp_path: Path) -> None:
    """It is told, ignored, and left alone."""
    write(tmp_path / "r", "a")
    for name in ("notes.txt", "mine.parquet"):
        (tmp_path / "r" / "runs" / name).write_text("precious", "utf-8")
    with Store(tmp_path / "r", LR, "{}") as kept:
        assert kept.notes == [
            f"runs/{name} is no part of the results, and is ignored" for name in ("mine.parquet", "notes.txt")
        ]
    assert held(tmp_path / "r") == {"a": (1.0, 3)}
    assert (tmp_path / "r" / "runs" / "notes.txt").read_text("utf-8") == "precious"


def test_nothing_in_the_folder_is_pickled_or_absolute(tmp_path: Path) -> None:
    """Every file is Parquet, JSON or a lock, and none of them names the place where it lies."""
    folder = tmp_path / "r"
    write(folder, "a")
    for path in folder.rglob("*"):
        if path.is_file():
            assert path.suffix in (".parquet", ".json") or path.name == ".lock"
            assert str(tmp_path).encode() not in path.read_bytes()


FULL = """
import resource, signal, sys
from pathlib import Path

sys.path.insert(0, sys.argv[2])
from optilab.errors import InputError
from optilab.store import Store
from tables import LR, tables

folder = Path(sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with Store(folder, LR, "{}") as store:
    store.add(*tables([{"run_id": "a"}]))
    store.commit()
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, resource.RLIM_INFINITY))
    store.add(*tables([{"run_id": "b"}], 500))
    for _ in range(2):
        try:
            store.commit()
        except InputError as error:
            print(error)
    print(sorted(path.name[:17] for path in folder.glob("*/*.parquet")))
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    store.commit()
"""


def test_a_disk_that_is_full(tmp_path: Path) -> None:
    """One message; what was committed is untouched, nothing half-written stays, and with room again nothing is lost."""
    command = [sys.executable, "-c", FULL, str(tmp_path / "r"), str(Path(__file__).parents[1])]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert said[0] == said[1] == f"can't write results to {str(tmp_path / 'r')!r}: File too large"
    assert said[2] == str(["00000001-00000001"] * 2)
    assert held(tmp_path / "r") == {"a": (1.0, 3), "b": (1.0, 500)}


def test_no_room_to_join_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Joining is given up for the time being, and nothing else is."""

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with Store(tmp_path / "r", LR, "{}") as kept:
        monkeypatch.setattr("optilab.store.compaction.write_joined", full)
        for run in "abcdefgh":
            kept.add(*tables([{"run_id": run}]))
            kept.commit()
        assert len(parts(tmp_path / "r", "recent/runs")) == 8
    monkeypatch.undo()
    assert set(held(tmp_path / "r")) == set("abcdefgh")
    with Store(tmp_path / "r", LR, "{}"):
        pass
    assert len(parts(tmp_path / "r", "runs")) == 1


def test_a_folder_that_can_only_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Can be read, and a start of the experiment is told in one message."""
    write(tmp_path / "r", "a")

    def read_only(*_: Any, **__: Any) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("optilab.store.locking.FileLock.acquire", read_only)
    with pytest.raises(InputError, match=r"^can't write results to '.*r': Read-only file system$"):
        Store(tmp_path / "r", LR, "{}")
    assert list(held(tmp_path / "r")) == ["a"]
