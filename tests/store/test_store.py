"""The results folder: what is written is what is read."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from optilab import store
from optilab.errors import InputError
from optilab.records.columns import MEASURES
from optilab.store import HISTORY, Store, load
from optilab.store.survey import survey
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


def test_the_history_is_not_copied_to_be_put_in_order(tmp_path: Path) -> None:
    """It is made of views of the parts: five million measurements fit in a memory that holds them twice, and not three times."""
    for name in ("c", "a", "b"):
        write(tmp_path / "r", name, measurements=5000)
    found = survey(tmp_path / "r")
    before = pa.total_allocated_bytes()
    history = found.history()
    assert history.column("run_id").unique().to_pylist() == found.runs.column("run_id").to_pylist()
    assert pa.total_allocated_bytes() - before < 0.25 * history.nbytes


@pytest.mark.parametrize("runs", [["a"], ["a", "b"]])
def test_a_loaded_history_can_be_changed(runs: list[str], tmp_path: Path) -> None:
    """It is the reader's own, and not a view of what was read."""
    for name in runs:
        write(tmp_path / "r", name, measurements=3)
    history = load(tmp_path / "r").history
    history.loc[0, "train_cost"] = 5.0
    history.loc[history["step"] > 0, "seconds"] = 7.0
    assert history["train_cost"].iat[0] == 5
    assert history["seconds"].tolist() == [0, 7, 7] * len(runs)


def test_neighbours_in_a_part_are_read_in_one_piece(tmp_path: Path) -> None:
    """A history takes as many pieces as its order has jumps, not as many as there are runs."""
    with Store(tmp_path / "r", LR, "{}") as store_of_runs:
        store_of_runs.add(*tables([{"run_id": f"r{k}", "seed": k, "measurements": 2} for k in range(50)]))
    history = survey(tmp_path / "r").history()
    assert history.column("step").num_chunks == 1
    assert history.column("step").to_pylist() == [0, 1] * 50


def test_the_columns_of_history() -> None:
    """The history has the columns of the design, those of the validation part, and the first two weights."""
    design = "run_id step epoch examples gradient_evaluations seconds cpu_seconds train_cost valid_cost test_cost "
    design += "train_accuracy valid_accuracy test_accuracy gradient_norm update_norm weight_norm lr w_0 w_1"
    assert design.split() == HISTORY.names


def test_the_columns_of_runs() -> None:
    """Runs have the columns of the design, with one a hyperparameter after what names the line."""
    head = "run_id experiment problem optimizer label problem_id line_id is_random depends_on_length lr mode schedule batch_size seed role status message traceback "
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
