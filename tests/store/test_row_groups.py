"""Rows in the bytes of a part: in how many reads they come, and in how many groups they are written."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optilab.store import parts
from optilab.store.content import bytes_of, content_of
from optilab.store.parts import Part, rows_of, write_joined
from optilab.store.schema import COMMIT, HISTORY
from tables import tables

pytestmark = pytest.mark.usefixtures("groups_of_ten")


@pytest.fixture(scope="module")
def groups_of_ten() -> Iterator[None]:
    """Row groups are full with ten rows."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts, "_ROWS", 10)
        yield


def as_parquet(sizes: list[int]) -> tuple[bytes, pa.Table]:
    """A file with row groups of these sizes, and its rows."""
    rows = pa.table({"number": pa.array(range(sum(sizes)), pa.int64())})
    buffer, begin = io.BytesIO(), 0
    with pq.ParquetWriter(buffer, rows.schema) as writer:
        for size in sizes:
            writer.write_table(rows.slice(begin, size))
            begin += size
    return buffer.getvalue(), rows


@given(st.lists(st.integers(1, 25), max_size=30))
def test_small_row_groups_are_read_together(sizes: list[int]) -> None:
    """All rows come in order; each read but the last has ten at least, and without its last row group fewer."""
    content, rows = as_parquet(sizes)
    assert pq.ParquetFile(pa.BufferReader(content)).num_row_groups == len(sizes)
    found = list(rows_of(content))
    assert pa.concat_tables([rows.schema.empty_table(), *found]).equals(rows)
    assert all(len(some) >= 10 for some in found[:-1])
    ends = {sum(sizes[:k]) for k in range(len(sizes) + 1)}
    begin = 0
    for some in found:
        assert max(end for end in ends if end < begin + len(some)) - begin < 10
        begin += len(some)


def test_small_tables_share_a_row_group(tmp_path: Path) -> None:
    """A part that joins seven commits of three rows has three row groups, not seven, and no row is lost."""
    (tmp_path / "history").mkdir()
    schema = HISTORY.append(COMMIT)
    commits = [
        tables([{"run_id": f"{k}"}])[1].append_column(COMMIT, pa.array([k] * 3, pa.int64())) for k in range(1, 8)
    ]
    replaced = [Part(tmp_path / "history", k, k, "0" * 16) for k in range(1, 8)]
    part = write_joined(tmp_path / "history", commits, schema, replaced, "open")
    file = pq.ParquetFile(pa.BufferReader(bytes_of(part)))
    assert [file.metadata.row_group(k).num_rows for k in range(file.num_row_groups)] == [10, 2, 9]
    assert content_of(part).runs == [f"{k}" for k in range(1, 8)]
    assert pa.concat_tables(rows_of(bytes_of(part))).equals(pa.concat_tables(commits))
