"""Decides which rows of a results folder count, for all that reads or writes it.

Parts are judged by their content, never by their names. A run may have been computed several times; each such attempt is known
by its run_id and commit. The latest complete attempt of each run counts: one whose row of `runs` and whose history are both in
good parts, the history with as many rows as the run has measurements. Where two parts have the rows of one attempt, as when a
process died while it joined them, those of the part with more commits count. So a part that is damaged, empty, or out of place
takes no other one's rows away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from optilab.errors import InputError
from optilab.store.content import Content, DamagedError, content_of
from optilab.store.locking import check_readable
from optilab.store.parts import TABLES, VISIBILITIES, Part, listed
from optilab.store.schema import COMMIT, HISTORY, fitted, hyperparameters_of, runs_schema, united

_READERS = 4  # threads that read and check parts
_ATTEMPTS = 10  # to read while parts are being joined

Key = tuple[str, int]  # an attempt of a run: its run_id and the number of its commit
_Read = dict[Part, Content | DamagedError]  # a part never changes, so that each is read once


@dataclass(frozen=True)
class Damage:
    """A damaged part. what: the damage. covered: whether good parts have rows of all its commits."""

    part: Part
    what: str
    covered: bool

    def __str__(self) -> str:
        name = self.part.path.relative_to(self.part.table.parent).as_posix()
        first, last = self.part.first, self.part.last
        commits = f"commit {first}" if first == last else f"commits {first} to {last}"
        rest = f"other parts have the runs of {commits}" if self.covered else f"runs of {commits} may be missing"
        return f"{name} {self.what}: {rest}"


@dataclass(frozen=True)
class Survey:
    """The content of a results folder.

    runs: the rows that count, `commit` included, in no particular order.
    good: the parts of each table that were read whole, in order, and what is in them.
    owned: for each part of each table, the attempts whose rows count there. doubled: those of which it has rows that count in
    another part.
    damaged: the parts that aren't good. foreign: other files among the parts.
    """

    folder: Path
    runs: pa.Table
    good: Mapping[str, Sequence[Content]]
    owned: Mapping[Part, frozenset[Key]]
    doubled: Mapping[Part, frozenset[Key]]
    damaged: Sequence[Damage]
    foreign: Sequence[Path]

    def history(self) -> pa.Table:
        """The rows of the history that count, those of a run together, in the order of `runs`: views of the parts, which are not copied."""
        position = {key: k for k, key in enumerate(keys_of(self.runs))}
        schema = pa.schema([*list(HISTORY)[1:], COMMIT])
        parts, stretches = [], []
        for number, content in enumerate(self.good["history"]):
            assert content.rows is not None
            parts.append(fitted(content.rows.drop_columns(["run_id"]), schema))
            own = self.owned[content.part]
            blocks = zip(_keys(content), content.begins.tolist(), content.lengths.tolist(), strict=True)
            stretches += [(position[key], number, begin, length) for key, begin, length in blocks if key in own]
        stretches.sort()
        positions, lengths = [stretch[0] for stretch in stretches], [stretch[3] for stretch in stretches]
        pieces = [parts[number].slice(begin, length) for number, begin, length in _joined(stretches)]
        runs = self.runs.column("run_id").take(pa.array(np.repeat(np.array(positions, np.int64), lengths)))
        return pa.concat_tables(pieces or [schema.empty_table()]).add_column(0, HISTORY.field(0), runs)

    @property
    def untidy(self) -> bool:
        """Whether good parts have rows that don't count."""
        return any(
            content.n_rows != sum(length for key, length in _lengths(content) if key in self.owned[content.part])
            for name in TABLES
            for content in self.good[name]
        )

    @property
    def last_commit(self) -> int:
        """The highest number of a commit with a row in a good part; 0 if there is none."""
        return max((int(c.commits.max()) for name in TABLES for c in self.good[name] if len(c.commits)), default=0)


def survey(folder: Path, *, rows: bool = True) -> Survey:
    """Read a results folder. InputError if it holds no results, or can't be read.

    rows: whether the rows of the history are kept, or only the runs that they belong to.
    """
    try:
        check_readable(folder)
        return _survey(folder, rows=rows)
    except OSError as error:
        raise InputError(f"{str(folder)!r} can't be read: {error.strerror or error}") from None
    except MemoryError:
        raise InputError(f"{str(folder)!r} can't be read: there is not enough memory for it") from None


def _survey(folder: Path, *, rows: bool) -> Survey:
    read: _Read = {}
    found = None
    for _ in range(_ATTEMPTS):
        before = found
        # The history is written first: read last, it has the rows of all runs seen, unless one was made again meanwhile.
        parts = {name: _parts(folder / name, read, rows=rows or name == "runs") for name in ("runs", "history")}
        good = {name: [c for p in parts[name] if isinstance(c := read[p], Content)] for name in TABLES}
        found = parts
        if before == parts or _is_complete(good):
            break
    damaged = [
        Damage(part, str(fault), _is_covered(part, good[name]))
        for name in TABLES
        for part in parts[name]
        if isinstance(fault := read[part], DamagedError)
    ]
    foreign = [path for name in TABLES for path in listed(folder / name)[1]]
    return _decided(folder, good, damaged, foreign)


def _parts(table: Path, read: _Read, *, rows: bool) -> list[Part]:
    """The parts of a table, all of them read. Where parts are gone, joined with others meanwhile, the folder is listed again."""
    there: list[Part] = []
    for _ in range(_ATTEMPTS):
        there = listed(table)[0]
        fresh = [part for part in there if part not in read]
        for part, found in zip(fresh, _contents(fresh, rows=rows), strict=True):
            if found is not None:
                read[part] = found
        good = [content for part in there if isinstance(content := read.get(part), Content)]
        if all(part in read or _is_covered(part, good) for part in there):
            break
    return [part for part in there if part in read]


def _contents(parts: Sequence[Part], *, rows: bool) -> list[Content | DamagedError | None]:
    """The content of several parts, as by `_content`, read by threads where there are several."""
    read = partial(_content, rows=rows)
    if len(parts) < 2:
        return [read(part) for part in parts]
    with ThreadPoolExecutor(_READERS) as readers:
        return list(readers.map(read, parts))


def _content(part: Part, *, rows: bool) -> Content | DamagedError | None:
    """The content of a part, or its damage; None if the part is gone."""
    try:
        return content_of(part, rows=rows)
    except FileNotFoundError:
        return None
    except DamagedError as damage:
        return damage


def _is_covered(part: Part, good: Iterable[Content]) -> bool:
    """Whether good parts have rows of all the commits of a part."""
    commits = np.unique(np.concatenate([np.zeros(0, np.int64), *(content.commits for content in good)]))
    inside = commits[(commits >= part.first) & (commits <= part.last)]
    return len(inside) == part.last - part.first + 1


def _is_complete(good: Mapping[str, Sequence[Content]]) -> bool:
    """Whether each attempt of a run has its history."""
    lengths = {key: length for content in good["history"] for key, length in _lengths(content)}
    return all(
        measurements in (0, lengths.get(key))
        for content in good["runs"]
        if content.rows is not None
        for key, measurements in zip(_keys(content), content.rows.column("measurements").to_pylist(), strict=True)
    )


def _decided(
    folder: Path, good: Mapping[str, Sequence[Content]], damaged: Sequence[Damage], foreign: Sequence[Path]
) -> Survey:
    """The survey of a folder, which decides which rows of good parts count."""
    preferred = {name: sorted(good[name], key=_preference) for name in TABLES}
    part_of: dict[tuple[Key, int], Part] = {}  # by attempt and number of rows
    for content in preferred["history"]:
        for found in _lengths(content):
            part_of.setdefault(found, content.part)
    measurements: dict[Key, int] = {}
    runs_of: dict[Key, Part] = {}
    for content in preferred["runs"]:
        assert content.rows is not None
        for key, count in zip(_keys(content), content.rows.column("measurements").to_pylist(), strict=True):
            if count == 0 or (key, count) in part_of:
                runs_of.setdefault(key, content.part)
                measurements.setdefault(key, count)
    last: dict[str, int] = {}
    for run, commit in measurements:
        last[run] = max(commit, last.get(run, 0))
    counting = set(last.items())
    halves = {key: part_of[key, count] for key, count in measurements.items() if count}
    owned, doubled = {}, {}
    for name, owners in (("runs", runs_of), ("history", halves)):
        for content in good[name]:
            keys = counting.intersection(_keys(content))
            owned[content.part] = frozenset(key for key in keys if owners.get(key) == content.part)
            doubled[content.part] = frozenset(keys) - owned[content.part]
    return Survey(folder, _runs(good["runs"], owned), good, owned, doubled, damaged, foreign)


def _preference(content: Content) -> tuple[int, int]:
    """Sort key of parts: of several with the same rows, those of the first count."""
    return content.part.first - content.part.last, -VISIBILITIES.index(content.part.visibility)


def _keys(content: Content) -> list[Key]:
    return list(zip(content.runs, content.commits.tolist(), strict=True))


def _lengths(content: Content) -> list[tuple[Key, int]]:
    """The number of rows of each attempt in a part."""
    keys, lengths = _keys(content), content.lengths.tolist()
    if len(set(keys)) == len(keys):
        return list(zip(keys, lengths, strict=True))
    found: dict[Key, int] = {}
    for key, length in zip(keys, lengths, strict=True):
        found[key] = found.get(key, 0) + length
    return list(found.items())


def _joined(stretches: Iterable[tuple[int, int, int, int]]) -> list[tuple[int, int, int]]:
    """Part, begin and length of stretches in their order; those that follow each other in a part are one."""
    found: list[tuple[int, int, int]] = []
    for _, number, begin, length in stretches:
        if found and found[-1][0] == number and sum(found[-1][1:]) == begin:
            found[-1] = (number, found[-1][1], found[-1][2] + length)
        else:
            found.append((number, begin, length))
    return found


def keys_of(runs: pa.Table) -> list[Key]:
    """The attempt of each row."""
    return list(zip(runs.column("run_id").to_pylist(), runs.column("commit").to_pylist(), strict=True))


def _runs(good: Sequence[Content], owned: Mapping[Part, frozenset[Key]]) -> pa.Table:
    known: dict[str, type] = {}
    for content in good:
        known = united(known, hyperparameters_of(content.schema))
    schema = runs_schema(known).append(COMMIT)
    kept = []
    for content in good:
        assert content.rows is not None
        mask = pa.array([key in owned[content.part] for key in _keys(content)], pa.bool_())
        kept.append(fitted(content.rows.filter(mask), schema))
    return pa.concat_tables(kept or [schema.empty_table()])
