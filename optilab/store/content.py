"""The content of a part, read whole and checked against its name; the store trusts no name without that."""

from __future__ import annotations

import errno
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from optilab.files import NotAFileError, kind_of, read_plain
from optilab.store.parts import Part, digest_of, rows_of
from optilab.store.schema import COMPLETE, ROLES, complaint

_SHORT = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EINTR)  # of the machine, not of the file


class DamagedError(Exception):
    """A part is not as it was written. The message continues a sentence that begins with its name, as in "is damaged"."""


@dataclass(frozen=True)
class Content:
    """A part that was read whole and found good. A block is a sequence of rows with one run_id and one commit.

    rows: its rows, run_id as a dictionary; None where only their keys were kept.
    runs, commits: run_id and commit of each block. begins, lengths: its first row, and its number of rows.
    """

    part: Part
    rows: pa.Table | None
    runs: list[str]
    commits: NDArray[np.int64]
    begins: NDArray[np.int64]
    lengths: NDArray[np.int64]
    schema: pa.Schema

    @property
    def n_rows(self) -> int:
        """The number of its rows."""
        return int(self.lengths.sum())


def bytes_of(part: Part) -> bytes:
    """The bytes of a part, exactly as they were written.

    FileNotFoundError if the part is gone, DamagedError if its bytes differ from what was written; another OSError if the machine
    lacks memory or file handles.
    """
    try:
        content = read_plain(part.path)
    except FileNotFoundError:
        raise
    except NotAFileError:
        kind = kind_of(part.path)
        what = "a link, which is not followed" if kind == "link" else "no regular file"
        raise DamagedError(f"is {what}") from None
    except OSError as error:
        if error.errno in _SHORT:
            raise
        raise DamagedError(f"can't be read ({error.strerror or error})") from None
    if digest_of(content) != part.digest:
        raise DamagedError("is damaged")
    return content


def content_of(part: Part, *, rows: bool = True) -> Content:
    """Read a part. FileNotFoundError if it is gone; DamagedError unless its bytes, columns and commits are good; OSError as for
    `bytes_of`.

    rows: whether to keep them; every one is read in any case.
    """
    content = bytes_of(part)
    try:
        schema = pq.read_schema(pa.BufferReader(content)).remove_metadata()
        if wrong := complaint(part.table.name, schema):
            raise DamagedError(f"is damaged: {wrong}")
        kept = schema.names if rows else ["run_id", "commit"]
        groups = [_checked(some, part).select(kept) for some in rows_of(content, read_dictionary=["run_id"])]
        none = pa.schema([schema.field(name) for name in kept]).empty_table()
        table = pa.concat_tables(groups) if groups else none
        found = _content(part, table.replace_schema_metadata(None), schema, rows=rows)
    except (DamagedError, MemoryError):
        raise
    except Exception as error:  # bytes that are no table may make pyarrow raise anything
        raise DamagedError(f"is damaged: it is no Parquet file that can be read ({type(error).__name__})") from None
    if part.table.name == "runs" and len(set(zip(found.runs, found.commits.tolist(), strict=True))) < found.n_rows:
        raise DamagedError("is damaged: a run is there twice in one commit")
    return found


def _checked(group: pa.Table, part: Part) -> pa.Table:
    """Some rows, checked. DamagedError where values are missing, or out of range."""
    group.validate(full=True)
    for name in COMPLETE[part.table.name]:
        if group.column(name).null_count:
            raise DamagedError(f"is damaged: its column {name!r} has gaps")
    for name in {"measurements", "seed"} & set(group.column_names):
        if len(group) and pc.min(group.column(name)).as_py() < 0:
            raise DamagedError(f"is damaged: its column {name!r} has negative numbers")
    if "role" in group.column_names and not ROLES.issuperset(pc.unique(group.column("role")).to_pylist()):
        raise DamagedError("is damaged: its column 'role' has other words than optilab's")
    if len(group):
        low, high = (f(group.column("commit")).as_py() for f in (pc.min, pc.max))
        if low < part.first or high > part.last:
            raise DamagedError(f"is damaged: it has rows of the commits {low} to {high}")
    return group


def _content(part: Part, table: pa.Table, schema: pa.Schema, *, rows: bool) -> Content:
    ids = table.column("run_id")
    if not pa.types.is_dictionary(ids.type):
        ids = ids.dictionary_encode()
    column = ids.unify_dictionaries().combine_chunks()
    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    codes = column.indices.to_numpy() if len(table) else np.zeros(0, np.int64)
    commits = table.column("commit").to_numpy()
    words = column.dictionary.to_pylist()
    changes = (np.diff(codes) != 0) | (np.diff(commits) != 0)
    begins = np.flatnonzero(np.append(True, changes)) if len(codes) else np.zeros(0, np.int64)
    if part.table.name == "runs":
        begins = np.arange(len(codes))
    return Content(
        part,
        table if rows else None,
        [words[code] for code in codes[begins]],
        np.asarray(commits[begins], np.int64),
        begins,
        np.diff(np.append(begins, len(codes))),
        schema,
    )


def same_rows(one: Iterable[Content], other: Iterable[Content], keys: set[tuple[str, int]]) -> bool:
    """Whether two sets of parts have the same rows for these keys: value by value, in the same order of steps."""
    first, second = (_rows_of(some, keys) for some in (one, other))
    names = set(first.column_names) & set(second.column_names)
    return all(bool(first.column(n).to_pandas().equals(second.column(n).to_pandas())) for n in sorted(names))


def _rows_of(contents: Iterable[Content], keys: set[tuple[str, int]]) -> pa.Table:
    taken = []
    seen: set[tuple[str, int]] = set()
    for content in contents:
        assert content.rows is not None
        wanted, here = [], set()
        blocks = zip(content.runs, content.commits.tolist(), content.begins, content.lengths, strict=True)
        for run, commit, begin, length in blocks:
            if (run, commit) in keys and (run, commit) not in seen:
                here.add((run, commit))
                wanted.append(np.arange(begin, begin + length))
        seen |= here
        rows = content.rows.take(pa.array(np.concatenate(wanted) if wanted else np.zeros(0, np.int64)))
        taken.append(rows.set_column(0, "run_id", rows.column("run_id").cast(pa.string())))
    table = pa.concat_tables(taken, promote_options="permissive")
    keys_there = list(zip(table.column("run_id").to_pylist(), table.column("commit").to_pylist(), strict=True))
    return table.take(pa.array(sorted(range(len(table)), key=keys_there.__getitem__), pa.int64()))
