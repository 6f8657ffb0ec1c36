"""Two folders into one, and tables as CSV."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from optilab.errors import InputError
from optilab.store import Merged, Store, export_csv, load, load_all, merge
from tables import LR, held, tables, write


def test_what_is_in_the_other_folder_alone_is_added(tmp_path: Path) -> None:
    """Runs that are in both stay as they are; the other folder stays as it is."""
    write(tmp_path / "a", "x", "y", value=1.0)
    write(tmp_path / "b", "y", "z", value=1.0)
    assert merge(tmp_path / "a", tmp_path / "b") == Merged(added=1, replaced=0, in_both=1, differing=0, notes=())
    assert held(tmp_path / "a") == dict.fromkeys("xyz", (1.0, 3))
    assert set(held(tmp_path / "b")) == {"y", "z"}


def test_the_same_run_with_other_measurements_is_told(tmp_path: Path) -> None:
    """By the same code it ought to be the same to the last bit; by other code it needn't."""
    write(tmp_path / "a", "x", value=1.0)
    write(tmp_path / "b", "x", value=2.0)
    write(tmp_path / "c", "x", value=2.0, code="other")
    assert merge(tmp_path / "a", tmp_path / "b").differing == 1
    assert merge(tmp_path / "a", tmp_path / "c").differing == 0
    assert held(tmp_path / "a") == {"x": (1.0, 3)}


def test_what_failed_here_and_not_there_is_replaced(tmp_path: Path) -> None:
    """A result counts for more than a failure."""
    write(tmp_path / "a", "x", status="crashed", measurements=0)
    write(tmp_path / "b", "x", value=2.0)
    assert merge(tmp_path / "a", tmp_path / "b").replaced == 1
    assert held(tmp_path / "a") == {"x": (2.0, 3)}
    assert merge(tmp_path / "b", tmp_path / "a").replaced == 0


def test_folders_that_can_not_be_merged(tmp_path: Path) -> None:
    """Each is told as what it is."""
    write(tmp_path / "a", "x")
    with pytest.raises(InputError, match="are the same folder"):
        merge(tmp_path / "a", tmp_path / "." / "a")
    with pytest.raises(InputError, match="there is no results folder"):
        merge(tmp_path / "a", tmp_path / "b")


def test_csv_has_every_bit(tmp_path: Path) -> None:
    """Numbers are written in full; a second export replaces the first."""
    write(tmp_path / "r", "x", value=0.1 + 0.2, message='said "no",\nand went')
    for _ in range(2):
        paths = export_csv(tmp_path / "r", tmp_path / "out")
    assert [path.name for path in paths] == ["runs.csv", "history.csv"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["history.csv", "runs.csv"]
    found = load(tmp_path / "r")
    history = pd.read_csv(paths[1])
    assert history["train_cost"].tolist() == found.history["train_cost"].tolist() == [0.1 + 0.2] * 3
    assert pd.read_csv(paths[0])["message"].tolist() == ['said "no",\nand went']


def test_csv_where_nothing_can_be_written(tmp_path: Path) -> None:
    """The path and the reason are told."""
    write(tmp_path / "r", "x")
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"can't write '.*file/out/runs\.csv': Not a directory"):
        export_csv(tmp_path / "r", tmp_path / "file" / "out")


def wanting(folder: Path, *runs: str, question: str = "") -> None:
    """A folder with these runs, of an experiment that wants them."""
    experiment = {"question": question, "problem": {"use": "bowl"}, "optimizers": [{"use": "sgd"}]}
    with Store(folder, LR, json.dumps(experiment)) as store:
        store.add(*tables([{"run_id": run} for run in runs]))
        store.want(pa.table({"run_id": runs}))


def test_what_the_other_one_wants_is_wanted_here(tmp_path: Path) -> None:
    """Two machines make some seeds each, and what they made is one table after the merge, in `load` as well."""
    wanting(tmp_path / "a", "x")
    wanting(tmp_path / "b", "y", "z")
    write(tmp_path / "b", "not wanted any more")
    merged = merge(tmp_path / "a", tmp_path / "b")
    assert (merged.added, merged.unwanted) == (3, 1)
    assert set(load(tmp_path / "a").runs["run_id"]) == {"x", "y", "z"}
    assert len(load_all(tmp_path / "a").runs) == 4


def test_results_of_another_experiment_are_not_mixed_in(tmp_path: Path) -> None:
    """They come, are counted, and stay out of what the experiment here shows."""
    wanting(tmp_path / "a", "x")
    wanting(tmp_path / "b", "y", "z", question="Another one?")
    merged = merge(tmp_path / "a", tmp_path / "b")
    assert (merged.added, merged.unwanted) == (2, 2)
    assert set(load(tmp_path / "a").runs["run_id"]) == {"x"}
    assert len(load_all(tmp_path / "a").runs) == 3


def test_a_merge_leaves_the_experiment_as_it_is(tmp_path: Path) -> None:
    """Also where there is none, or a damaged one."""
    for content in (None, b"[", b'{"name": "e"}'):
        for name in ("a", "b"):
            write(tmp_path / name, name)
        if content is not None:
            (tmp_path / "a" / "experiment.json").write_bytes(content)
        merge(tmp_path / "a", tmp_path / "b")
        there = tmp_path / "a" / "experiment.json"
        assert (there.read_bytes() if there.exists() else None) == content


@pytest.mark.parametrize("table", [{"run_id": ["y"]}, {"run_id": ["y"], "seed": ["one"]}])
def test_a_list_of_wanted_runs_that_does_not_fit(tmp_path: Path, table: dict[str, list[str]]) -> None:
    """It adds nothing to what is wanted here; the runs come all the same."""
    wanting(tmp_path / "a", "x")
    wanting(tmp_path / "b", "y")
    pq.write_table(pa.table({"run_id": ["x"], "seed": [1]}), tmp_path / "a" / "wanted.parquet")
    pq.write_table(pa.table(table), tmp_path / "b" / "wanted.parquet")
    merged = merge(tmp_path / "a", tmp_path / "b")
    assert (merged.added, merged.unwanted) == (1, 1)
    assert set(load(tmp_path / "a").runs["run_id"]) == {"x"}
