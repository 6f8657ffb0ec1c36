"""Joins parts, so that many commits leave few files.

Commits go to the folder `recent`, which optilab alone reads; there parts of similar size are joined, so that each row is
rewritten only logarithmically often. From time to time all of them are joined into one that everybody sees, and that doesn't change
any more: whoever reads the folder as plain Parquet while it is written meets no file that changes or vanishes, and no row twice.

A new part is written first, and what it replaces is removed afterwards: in between, readers of optilab find rows twice, and take
them once (`store.survey`). Parts that everybody sees are joined at the end of a session alone, in another order: the new one is
written under a hidden name, what it replaces is removed, and it gets its name. A process that dies in between leaves parts that
have the same rows, or a hidden one; the next one that writes finds out which of them to remove (`store.mending`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pyarrow as pa

from optilab.files import sync_folder
from optilab.store.content import bytes_of
from optilab.store.parts import Part, rows_of, write_joined
from optilab.store.schema import fitted

FAN = 3  # recent parts of similar size that are joined into one
FEW = 16  # parts that everybody sees, up to which they need not be joined
LARGE = 64 * 2**20  # bytes beyond which a part isn't joined any more
Kept = Callable[[Part, pa.Table], pa.Table]  # rows of a part -> those that still count


def join_recent(parts: Sequence[Part], schema: pa.Schema, kept: Kept, *, openly: bool = False) -> Part:
    """Join contiguous recent parts into one, which is recent as well or open to everybody.

    OSError if there is no room or a part is gone, DamagedError if one has been damaged; then all is as before.
    """
    table = parts[0].table
    part = write_joined(table, _rows(parts, schema, kept), schema, parts, "open" if openly else "recent")
    for other in parts:
        if other != part:
            other.path.unlink(missing_ok=True)
    return part


def join_open(parts: Sequence[Part], schema: pa.Schema, kept: Kept) -> Part:
    """Join contiguous parts that everybody sees. Errors as for `join_recent`."""
    hidden = write_joined(parts[0].table, _rows(parts, schema, kept), schema, parts, "hidden")
    for part in parts:
        part.path.unlink(missing_ok=True)
    part = replace(hidden, visibility="open")
    hidden.path.replace(part.path)
    sync_folder(part.table)
    return part


def _rows(parts: Sequence[Part], schema: pa.Schema, kept: Kept) -> Iterator[pa.Table]:
    for part in parts:
        for rows in rows_of(bytes_of(part)):
            yield kept(part, fitted(rows, schema))


def due(recent: Sequence[Part]) -> list[Part]:
    """The last recent parts that are to be joined: FAN of similar size; none if there are fewer."""
    last = recent[-FAN:]
    if len(last) < FAN or len({_tier(part) for part in last}) > 1 or sum(part.size for part in last) > LARGE:
        return []
    return list(last)


def _tier(part: Part) -> int:
    tier, span = 0, part.last - part.first + 1
    while span >= FAN:
        tier, span = tier + 1, span // FAN
    return tier


def groups(parts: Sequence[Part]) -> list[list[Part]]:
    """The parts in order, in few groups of which each may be joined without exceeding LARGE."""
    found: list[list[Part]] = []
    size = 0
    for part in parts:
        size += part.size
        if not found or size > LARGE:
            found.append([])
            size = part.size
        found[-1].append(part)
    return found
