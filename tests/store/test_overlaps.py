"""Parts that have the same rows: whole, by halves, twice, or contradicting each other."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from store.parts_by_hand import HEALTHY, as_parquet, column, lay, there

from optilab.store import Store
from optilab.store.compaction import join_open
from optilab.store.content import content_of
from optilab.store.parts import TABLES, Part, listed, write_joined
from optilab.store.schema import COMMIT, HISTORY
from tables import LR, held, write

pytestmark = pytest.mark.usefixtures("no_waiting")


def joined(folder: Path, table: str, visibility: str) -> Part:
    """All parts of a table in one, as a process leaves it that dies before it removes them."""
    parts = listed(folder / table)[0]
    schema = HISTORY.append(COMMIT) if table == "history" else content_of(parts[0]).schema
    rows = [pq.read_table(part.path) for part in parts]
    return write_joined(folder / table, rows, schema, parts, visibility)  # type: ignore[arg-type]


@pytest.mark.parametrize("visibility", ["recent", "open", "hidden"])
def test_a_part_that_holds_all_of_others_replaces_them(folder: Path, visibility: str) -> None:
    """Read value by value, it takes their place; nothing is said, and nobody finds a run twice meanwhile."""
    wholes = [joined(folder, table, visibility) for table in TABLES]
    assert held(folder) == HEALTHY
    with Store(folder, LR) as again:
        assert again.notes == []
    assert held(folder) == HEALTHY
    assert [path.name for path in sorted((folder / "runs").iterdir())] == [
        wholes[1].path.name.replace(".joined", ".parquet").lstrip(".")
    ]
    assert not (folder / "set_aside").exists()
    assert ds.dataset(folder / "history").count_rows() == 6


def test_a_part_of_which_others_hold_a_half(folder: Path) -> None:
    """Parts whose commits overlap, neither within the other: each run is there once, in the files as well."""
    write(folder, "c", value=3.0)
    for table in TABLES:
        first, second, third = listed(folder / table)[0]
        rows = [pq.read_table(part.path) for part in (first, second, third)]
        schema = rows[0].schema.remove_metadata()
        write_joined(folder / table, rows[:2], schema, [first, second], "open")
        write_joined(folder / table, rows[1:], schema, [second, third], "open")
        for part in (first, second, third):
            part.path.unlink()
    every = HEALTHY | {"c": (3.0, 3)}
    assert held(folder) == every
    with Store(folder, LR) as again:
        assert again.notes == []
    assert held(folder) == every
    assert sorted(ds.dataset(folder / "runs").to_table().column("run_id").to_pylist()) == ["a", "b", "c"]
    assert ds.dataset(folder / "history").count_rows() == 9


def test_the_same_part_twice(folder: Path) -> None:
    """In `recent` and in the open, as after a copy by hand: it counts once."""
    for table in TABLES:
        for path in (folder / table).glob("*.parquet"):
            shutil.copy(path, folder / "recent" / table)
    assert held(folder) == HEALTHY
    with Store(folder, LR) as again:
        assert again.notes == []
    assert held(folder) == HEALTHY
    assert not list((folder / "recent").rglob("*.parquet"))
    assert ds.dataset(folder / "runs").count_rows() == 2


def test_parts_that_contradict_each_other(folder: Path) -> None:
    """Where two parts say different things of one making, one of them counts, and the other is kept aside."""
    rows = there(folder, "runs")
    other = column(rows, "final_train_cost", pa.array(np.full(2, 9.0)))
    forged = lay(folder, "runs", "00000001-00000009-{}.parquet", as_parquet(other)).read_bytes()
    before = [path.read_bytes() for path in (folder / "runs").iterdir()]
    with Store(folder, LR) as again:
        assert any("has other rows of some runs than other parts" in note for note in again.notes)
        assert set(again.done()) == {"a", "b"}
    after = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    assert forged in before
    assert all(content in after for content in before)


def test_nothing_is_removed_before_all_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If reading fails, as for want of memory, every file is where it was."""
    for table in TABLES:
        joined(folder, table, "hidden")
    before = sorted(folder.rglob("*"))

    def no_memory(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("optilab.store.mending.content_of", no_memory)
    with pytest.raises(MemoryError), warnings.catch_warnings():
        Store(folder, LR)
    assert [path for path in sorted(folder.rglob("*")) if path.name != ".holder.json"] == before


def test_joining_reads_before_it_removes(folder: Path) -> None:
    """A part that was damaged since is noticed, and all is as it was."""
    parts = listed(folder / "runs")[0]
    schema = content_of(parts[0]).schema
    parts[1].path.write_bytes(b"damaged")
    with pytest.raises(Exception, match="is damaged"):
        join_open(parts, schema, lambda _, rows: rows)
    assert all(part.path.exists() for part in parts)
    assert not list((folder / "runs").glob(".*"))
