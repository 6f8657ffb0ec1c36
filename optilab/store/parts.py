"""One part of a table: its name, how it is written, and whether its bytes are those that were written."""

from __future__ import annotations

import hashlib
import io
import os
import re
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from optilab.folders import sync_folder, write_whole

TABLES = ("history", "runs")  # in the order in which they are written: a run that can be seen is complete
RECENT = "recent"
_NAME = re.compile(r"(\d{8,})-(\d{8,})-([0-9a-f]{16})\.parquet")
_HIDDEN = re.compile(r"\.(\d{8,})-(\d{8,})-([0-9a-f]{16})\.joined")
_ROWS = 2**17  # of a row group: what is in memory at a time when parts are joined

Place = Literal["recent", "open", "hidden"]  # in the order in which one counts for more than an equal one
_PLACES: tuple[Place, ...] = ("recent", "open", "hidden")


@dataclass(frozen=True)
class Part:
    """A part, by its name: the commits whose rows it has, from the first to the last, and the digest of its bytes.

    place: "open" to everybody; "recent" commits, soon to be joined; or "hidden", about to take the place of others.
    """

    table: Path
    first: int
    last: int
    digest: str
    place: Place = "open"

    @property
    def path(self) -> Path:
        """Where it lies."""
        name = f"{self.first:08d}-{self.last:08d}-{self.digest}"
        if self.place == "recent":
            return self.table.parent / RECENT / self.table.name / f"{name}.parquet"
        return self.table / (f".{name}.joined" if self.place == "hidden" else f"{name}.parquet")

    @property
    def size(self) -> int:
        """Its bytes."""
        return self.path.stat().st_size

    def replaces(self, other: Part) -> bool:
        """Whether the rows of `other` are in this one."""
        if not (self.first <= other.first and other.last <= self.last):
            return False
        larger = self.last - self.first > other.last - other.first
        return larger or _PLACES.index(self.place) > _PLACES.index(other.place)

    def read(self) -> bytes | None:
        """Its bytes, or None if they are not what was written, or can't be read."""
        try:
            content = self.path.read_bytes()
        except OSError:
            return None
        return content if _digest(content) == self.digest else None


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def listed(table: Path) -> tuple[list[Part], list[Path]]:
    """All parts of a table, and what else lies among them but hidden files."""
    found: list[Part] = []
    foreign: list[Path] = []
    recent: tuple[Path, Place] = (table.parent / RECENT / table.name, "recent")
    for folder, place in (recent, (table, "open")):
        for path in sorted(folder.iterdir()) if folder.is_dir() else []:
            hidden = _HIDDEN.fullmatch(path.name)
            name = hidden or _NAME.fullmatch(path.name)
            if name:
                found.append(Part(table, int(name[1]), int(name[2]), name[3], "hidden" if hidden else place))
            elif not path.name.startswith("."):
                foreign.append(path)
    return found, foreign


def live(table: Path) -> list[Part]:
    """The parts of a table that count, in order: whose rows are in no other one."""
    parts, _ = listed(table)
    found = [part for part in parts if not any(other.replaces(part) for other in parts)]
    return sorted(found, key=lambda part: (part.first, part.last))


def table_of(content: bytes) -> pa.Table:
    """The table in a part's bytes; run_id is a dictionary."""
    return pq.read_table(pa.BufferReader(content), read_dictionary=["run_id"])


def row_groups(content: bytes) -> Iterator[pa.Table]:
    """The rows of a part's bytes, some at a time."""
    file = pq.ParquetFile(pa.BufferReader(content))
    for k in range(file.num_row_groups):
        yield file.read_row_group(k)


def _encoding(schema: pa.Schema) -> dict[str, Any]:
    """How columns are written. Hardly two measurements are the same: a dictionary of them makes files larger, and slow to read."""
    repeated = [field.name for field in schema if not pa.types.is_floating(field.type)]
    return {"compression": "zstd", "compression_level": 1, "use_dictionary": repeated}


def write_commit(table: Path, rows: pa.Table, number: int) -> Part:
    """Write the rows of a commit, and have them on disk."""
    buffer = io.BytesIO()
    pq.write_table(rows, buffer, row_group_size=_ROWS, **_encoding(rows.schema))
    part = Part(table, number, number, _digest(buffer.getvalue()), "recent")
    write_whole(part.path, buffer.getvalue())
    return part


def write_joined(table: Path, rows: Iterable[pa.Table], schema: pa.Schema, parts: Sequence[Part], place: Place) -> Part:
    """Write a part with these rows, some at a time, that is to take the place of others."""
    temporary = table / f".{uuid.uuid4().hex}.tmp"
    try:
        with pq.ParquetWriter(temporary, schema, **_encoding(schema)) as writer:
            for some in rows:
                writer.write_table(some, row_group_size=_ROWS)
        digest = hashlib.sha256()
        with temporary.open("r+b") as file:
            while chunk := file.read(2**22):
                digest.update(chunk)
            os.fsync(file.fileno())
        part = Part(table, parts[0].first, parts[-1].last, digest.hexdigest()[:16], place)
        temporary.replace(part.path)
    except Exception:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    sync_folder(part.path.parent)
    return part
