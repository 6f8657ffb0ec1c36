"""While it is written, the folder is read by others; and it stays small."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from optilab.records.columns import COLUMNS, WHOLE
from optilab.store import HISTORY, Store, runs_schema
from optilab.store.compaction import join_recent
from optilab.store.content import content_of
from optilab.store.parts import Part, listed, write_commit
from optilab.store.schema import COMMIT
from tables import LR, held, tables

READERS = {
    "pandas": "import pandas as pd\ndef ids():\n    return pd.read_parquet(folder / 'runs', columns=['run_id'])['run_id'].tolist()\n",
    "duckdb": (
        "import duckdb\ndef ids():\n"
        "    return [r for (r,) in duckdb.sql(f\"select run_id from '{folder}/runs/*.parquet'\").fetchall()]\n"
    ),
    "optilab": "from optilab.store import load\ndef ids():\n    return load(folder).runs['run_id'].tolist()\n",
}
LOOP = """
import sys
from pathlib import Path
folder = Path(sys.argv[1])
{reader}
print("ready", flush=True)
reads, seen = 0, 0
while not (folder.parent / "over").exists():
    found = ids()
    assert len(set(found)) == len(found), "a run was there twice"
    reads, seen = reads + 1, max(seen, len(found))
print(reads, seen)
"""


@pytest.mark.parametrize("reader", READERS)
def test_others_read_what_is_being_written(tmp_path: Path, reader: str) -> None:
    """No error, and no run twice, while parts are written and joined all the time."""
    folder = tmp_path / "r"
    with Store(folder, LR, "{}") as kept:
        kept.add(*tables([{"run_id": "first"}]))
        kept.commit()
        command = [sys.executable, "-c", LOOP.format(reader=READERS[reader]), str(folder)]
        other = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert other.stdout is not None
        other.stdout.readline()
        for k in range(150):
            kept.add(*tables([{"run_id": f"run {k}"}]))
            kept.commit()
        (tmp_path / "over").touch()
        said, complaint = other.communicate(timeout=60)
    assert complaint == ""
    reads, seen = map(int, said.split())
    assert reads > 5
    assert 1 < seen <= 151


def test_many_commits_leave_few_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In 500 commits there are never more than fifty files, and with each factor of three a few more."""
    monkeypatch.setattr("os.fsync", lambda _: None)  # a matter of the disk's time alone
    most = 0
    with Store(tmp_path / "r", LR, "{}") as kept:
        for k in range(500):
            kept.add(*tables([{"run_id": f"{k}"}], 1))
            kept.commit()
            most = max(most, sum(1 for path in (tmp_path / "r").rglob("*") if path.is_file()))
    assert most <= 50
    assert not list((tmp_path / "r" / "recent").rglob("*.parquet"))
    assert len(held(tmp_path / "r")) == 500


def test_joining_needs_little_memory(tmp_path: Path) -> None:
    """Parts are joined some rows at a time: the memory is that of a part and a row group, not that of all."""
    (tmp_path / "history").mkdir()
    schema = HISTORY.append(COMMIT)
    stream = np.random.default_rng(0)
    rows, count = 150_000, 8
    ids = pa.array([f"{k:016d}" for k in range(rows // 100)]).take(pa.array(np.arange(rows) // 100))
    numbers = {n: pa.array(np.arange(rows) if n in WHOLE else stream.random(rows)) for n in COLUMNS}
    for number in range(1, count + 1):
        table = pa.table({"run_id": ids, **numbers, "commit": pa.array(np.full(rows, number))}, schema)
        write_commit(tmp_path / "history", table, number)
    del table, numbers
    parts = listed(tmp_path / "history")[0]
    before, one = pa.total_allocated_bytes(), rows * (len(schema) * 8 + 20)
    peak = 0

    def kept(_: Part, group: pa.Table) -> pa.Table:
        nonlocal peak
        peak = max(peak, pa.total_allocated_bytes() - before)
        return group

    part = join_recent(parts, schema, kept, openly=True)
    assert (part.first, part.last, part.visibility) == (1, count, "open")
    assert peak < 3 * one
    assert content_of(part).n_rows == rows * count


def test_the_schema_of_runs_has_no_commit() -> None:
    """It is the store that numbers commits."""
    assert "commit" not in runs_schema(LR).names
