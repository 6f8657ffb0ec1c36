"""Parts of a table: how they are named and written."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from optilab.files import pending, write_whole

TABLES = ("history", "runs")  # in the order in which they are written: a run that can be seen is complete
RECENT = "recent"
_NAME = re.compile(r"\.?([0-9]{8,19})-([0-9]{8,19})-([0-9a-f]{16})\.(?:parquet|joined)")
LAST_COMMIT = 2**63 - 1  # the largest number that the column `commit` can hold
_ROWS = 2**17  # of a row group: about what is in memory at a time

Visibility = Literal["recent", "open", "hidden"]  # preferred in this order if they have the same rows
VISIBILITIES: tuple[Visibility, ...] = ("recent", "open", "hidden")


@dataclass(frozen=True)
class Part:
    """A part as its name describes it: the commits whose rows it has, from the first to the last, and the digest of its bytes.

    `store.content` checks whether its content agrees.

    visibility: "open" to everybody; "recent" commits, soon to be joined; or "hidden", about to take the place of others.
    """

    table: Path
    first: int
    last: int
    digest: str
    visibility: Visibility = "open"

    @property
    def path(self) -> Path:
        """The path of its file."""
        name = f"{self.first:08d}-{self.last:08d}-{self.digest}"
        if self.visibility == "recent":
            return self.table.parent / RECENT / self.table.name / f"{name}.parquet"
        return self.table / (f".{name}.joined" if self.visibility == "hidden" else f"{name}.parquet")

    @property
    def size(self) -> int:
        """Its size in bytes. OSError if it is gone."""
        return self.path.lstat().st_size


def digest_of(content: bytes) -> str:
    """The digest of a part's bytes, as in its name."""
    return hashlib.sha256(content).hexdigest()[:16]


def listed(table: Path) -> tuple[list[Part], list[Path]]:
    """All parts of a table in order, by their names; and the other files in its folders, hidden ones left out."""
    found: list[Part] = []
    foreign: list[Path] = []
    recent: tuple[Path, Visibility] = (table.parent / RECENT / table.name, "recent")
    for folder, visibility in (recent, (table, "open")):
        for path in sorted(folder.iterdir()) if folder.is_dir() else []:
            part = _part(table, path, "hidden" if visibility == "open" and path.name.startswith(".") else visibility)
            if part is not None:
                found.append(part)
            elif not path.name.startswith("."):
                foreign.append(path)
    return sorted(found, key=lambda part: (part.first, part.last)), foreign


def _part(table: Path, path: Path, visibility: Visibility) -> Part | None:
    """The part of this path; None where its name is not that of a part."""
    name = _NAME.fullmatch(path.name)
    if name is None or not 1 <= int(name[1]) <= int(name[2]) <= LAST_COMMIT:
        return None
    part = Part(table, int(name[1]), int(name[2]), name[3], visibility)
    return part if part.path == path else None


def rows_of(content: bytes, **options: Any) -> Iterator[pa.Table]:
    """Yields the rows in the bytes of a part, so many at a time that memory suffices; options: of `pyarrow.parquet.ParquetFile`.

    Row groups are read together where they are small: each costs a read of every column.
    """
    file = pq.ParquetFile(pa.BufferReader(content), **options)
    together: list[int] = []
    rows = 0
    for k in range(file.num_row_groups):
        together.append(k)
        rows += file.metadata.row_group(k).num_rows
        if rows >= _ROWS:
            yield file.read_row_groups(together)
            together, rows = [], 0
    if together:
        yield file.read_row_groups(together)


def _encoding(schema: pa.Schema) -> dict[str, Any]:
    """Options of the Parquet writer. Measurements hardly repeat: a dictionary of them makes files larger, and slower to read."""
    repeated = [field.name for field in schema if not pa.types.is_floating(field.type)]
    return {"compression": "zstd", "compression_level": 1, "use_dictionary": repeated}


def write_commit(table: Path, rows: pa.Table, number: int) -> Part:
    """Write the rows of a commit durably, as a recent part. OSError if that fails."""
    buffer = io.BytesIO()
    pq.write_table(rows, buffer, row_group_size=_ROWS, **_encoding(rows.schema))
    part = Part(table, number, number, digest_of(buffer.getvalue()), "recent")
    write_whole(part.path, buffer.getvalue())
    return part


def write_joined(
    table: Path, rows: Iterable[pa.Table], schema: pa.Schema, parts: Sequence[Part], visibility: Visibility
) -> Part:
    """Write a part that replaces others, with the rows of `rows`, one table at a time. OSError if that fails."""
    first, last = min(part.first for part in parts), max(part.last for part in parts)
    with pending(table) as made:
        with pq.ParquetWriter(made.file, schema, **_encoding(schema)) as writer:
            for some in _together(rows):
                writer.write_table(some, row_group_size=_ROWS)
        digest = hashlib.sha256()
        made.file.seek(0)
        while chunk := made.file.read(2**22):
            digest.update(chunk)
        part = Part(table, first, last, digest.hexdigest()[:16], visibility)
        made.path = part.path
    return part


def _together(rows: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Yields small tables as larger ones, so that they share a row group."""
    small: list[pa.Table] = []
    for some in rows:
        small.append(some)
        if sum(map(len, small)) >= _ROWS:
            yield pa.concat_tables(small)
            small = []
    if small:
        yield pa.concat_tables(small)
