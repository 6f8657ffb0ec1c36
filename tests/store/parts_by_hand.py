"""Parts of a results folder, laid there by hand."""

from __future__ import annotations

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from optilab.store.parts import digest_of

HEALTHY = {"a": (1.0, 3), "b": (2.0, 3)}


def as_parquet(table: pa.Table) -> bytes:
    """The bytes of a file."""
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()


def lay(folder: Path, table: str, name: str, content: bytes) -> Path:
    """Put a file among the parts; {} in its name becomes the digest of its content."""
    path = (
        folder
        / ("recent" if "recent/" in name else "")
        / table
        / name.removeprefix("recent/").format(digest_of(content))
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def there(folder: Path, table: str) -> pa.Table:
    """All rows of a table."""
    return pa.concat_tables([pq.read_table(path) for path in sorted((folder / table).glob("*.parquet"))])


def column(rows: pa.Table, name: str, values: pa.Array) -> pa.Table:
    """The rows with another column."""
    return rows.set_column(rows.column_names.index(name), name, values)
