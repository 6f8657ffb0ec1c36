"""A part that isn't what its name says takes nothing away from others, whoever reads or writes the folder."""

from __future__ import annotations

import errno
import io
import os
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from optilab.errors import InputError, ResultsWarning
from optilab.store import Store, done, export_csv, load_all, load_runs, merge
from optilab.store.compaction import join_open
from optilab.store.content import content_of
from optilab.store.parts import LAST_COMMIT, TABLES, Part, digest_of, listed, write_commit, write_joined
from optilab.store.schema import COMMIT, HISTORY
from tables import LR, held, tables, write

HEALTHY = {"a": (1.0, 3), "b": (2.0, 3)}


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here depends on when the disk has it."""
    monkeypatch.setattr("os.fsync", lambda _: None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A results folder of two commits, one run each."""
    write(tmp_path / "r", "a", value=1.0)
    write(tmp_path / "r", "b", value=2.0)
    return tmp_path / "r"


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


WIDE = "00000001-99999999-{}.parquet"
CASES: dict[str, tuple[str, Callable[[Path, str], bytes]]] = {
    "empty": ("00000001-00000002-0123456789abcdef.parquet", lambda *_: b""),
    "empty and wide": ("00000001-99999999-0123456789abcdef.parquet", lambda *_: b""),
    "empty with its digest": (WIDE, lambda *_: b""),
    "no Parquet": (WIDE, lambda *_: b"PAR1 and so on"),
    "cut off": (WIDE, lambda f, t: as_parquet(there(f, t))[:-9]),
    "no rows": (WIDE, lambda f, t: as_parquet(there(f, t)[:0])),
    "rows of other commits": ("00000005-00000009-{}.parquet", lambda f, t: as_parquet(there(f, t))),
    "the other table": (WIDE, lambda f, t: as_parquet(there(f, "history" if t == "runs" else "runs"))),
    "a column less": (WIDE, lambda f, t: as_parquet(there(f, t).drop_columns(["commit"]))),
    "another type": (
        WIDE,
        lambda f, t: as_parquet(column(there(f, t), "commit", there(f, t).column("commit").cast(pa.float64()))),
    ),
    "gaps": (WIDE, lambda f, t: as_parquet(column(there(f, t), "run_id", pa.nulls(len(there(f, t)), pa.string())))),
    "no UTF-8": (WIDE, lambda f, t: as_parquet(column(there(f, t), "run_id", no_text(len(there(f, t)))))),
    "hidden and empty": (".00000001-00000002-0123456789abcdef.joined", lambda *_: b""),
    "hidden without rows": (".00000001-99999999-{}.joined", lambda f, t: as_parquet(there(f, t)[:0])),
    "recent and empty": ("recent/00000001-00000002-0123456789abcdef.parquet", lambda *_: b""),
    "recent without rows": ("recent/00000001-99999999-{}.parquet", lambda f, t: as_parquet(there(f, t)[:0])),
    "more digits than a number has": (f"00000001-{'9' * 30}-{{}}.parquet", lambda f, t: as_parquet(there(f, t))),
    "beyond 64 bits": (f"00000001-{2**63}-{{}}.parquet", lambda f, t: as_parquet(there(f, t))),
    "the last that 64 bits hold": (f"00000001-{LAST_COMMIT}-{{}}.parquet", lambda f, t: as_parquet(there(f, t)[:0])),
    "zeros too many": ("0000000001-00000002-{}.parquet", lambda f, t: as_parquet(there(f, t))),
    "other digits": ("٠٠٠٠٠٠٠١-٠٠٠٠٠٠٠٢-{}.parquet", lambda f, t: as_parquet(there(f, t))),
    "the wrong way round": ("00000002-00000001-{}.parquet", lambda f, t: as_parquet(there(f, t))),
}


def no_text(count: int) -> pa.Array:
    """Texts that aren't UTF-8."""
    offsets = pa.array([2 * k for k in range(count + 1)], pa.int32()).buffers()[1]
    return pa.StringArray.from_buffers(count, offsets, pa.py_buffer(b"\xff\xfe" * count))


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("case", CASES)
@pytest.mark.filterwarnings("ignore::optilab.errors.ResultsWarning")
def test_a_neighbour_takes_nothing_away(tmp_path: Path, folder: Path, case: str, table: str) -> None:
    """Every reader and writer finds the healthy runs, and their files stay, whatever lies beside them."""
    name, content = CASES[case]
    before = {path: path.read_bytes() for path in folder.rglob("*.parquet")}
    path = lay(folder, table, name, content(folder, table))
    assert held(folder) == HEALTHY
    assert set(load_runs(folder)["run_id"]) == set(done(folder)) == set(HEALTHY)
    with Store(folder, LR) as again:
        assert set(again.done()) == set(HEALTHY)
        assert {kept: kept.read_bytes() for kept in before} == before
        again.add(*tables([{"run_id": "c", "value": 3.0}]))
    assert held(folder) == HEALTHY | {"c": (3.0, 3)}
    bytes_there = [found.read_bytes() for found in tmp_path.rglob("*") if found.is_file()]
    assert not path.exists() or path.read_bytes() in bytes_there
    write(tmp_path / "other", "d", value=4.0)
    assert merge(tmp_path / "other", folder).added == 3
    assert export_csv(folder, tmp_path / "out")


@pytest.mark.parametrize("case", ["no rows", "hidden without rows", "recent without rows"])
def test_a_part_without_rows_goes_without_a_word(folder: Path, case: str, recwarn: pytest.WarningsRecorder) -> None:
    """It is good, and there is nothing in it that anybody could miss."""
    name, content = CASES[case]
    path = lay(folder, "runs", name, content(folder, "runs"))
    assert held(folder) == HEALTHY
    with Store(folder, LR) as again:
        assert again.notes == []
    assert not path.exists()
    assert not recwarn.list


def test_what_is_damaged_is_told_with_what_is_missing(folder: Path) -> None:
    """Nothing is where other parts have the runs of all its commits."""
    lay(folder, "runs", *_named("00000001-00000002"))
    lay(folder, "runs", *_named("00000002-00000003"))
    told = [
        "runs/00000001-00000002-0123456789abcdef.parquet is damaged: other parts have the runs of commits 1 to 2",
        "runs/00000002-00000003-0123456789abcdef.parquet is damaged: runs of commits 2 to 3 may be missing",
    ]
    with pytest.warns(ResultsWarning) as heard:
        load_all(folder)
    assert [str(w.message) for w in heard] == [told[0], f"{told[1]}; the next start of the experiment makes them again"]
    with Store(folder, LR) as again:
        assert again.notes == [f"{text}; the damaged part is in set_aside/" for text in told]


def _named(commits: str) -> tuple[str, bytes]:
    return f"{commits}-0123456789abcdef.parquet", b""


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_what_is_no_file_is_not_opened(tmp_path: Path, folder: Path, kind: str) -> None:
    """A link among the parts is not followed, a pipe not waited for; they are set aside as they are."""
    write(tmp_path / "elsewhere", "x")
    (target,) = (tmp_path / "elsewhere" / "runs").glob("*.parquet")
    path = folder / "runs" / target.name.replace("00000001-00000001", "00000007-00000007")
    {"link": lambda: path.symlink_to(target), "pipe": lambda: os.mkfifo(path), "folder": path.mkdir}[kind]()
    with pytest.warns(ResultsWarning, match="a link, which is not followed" if kind == "link" else "no regular file"):
        assert held(folder) == HEALTHY
    with Store(folder, LR) as again:
        assert len(again.notes) == 1
    assert held(folder) == HEALTHY
    assert target.is_file()
    assert (folder / "set_aside" / f"runs-{path.name}").is_symlink() == (kind == "link")


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
        assert any("says of some runs what other parts don't say" in note for note in again.notes)
        assert set(again.done()) == {"a", "b"}
    after = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    assert forged in before
    assert all(content in after for content in before)


def test_a_history_with_a_row_too_few(folder: Path) -> None:
    """A run counts only with as many rows as it was measured: the other ones do, and this one is made again."""
    (path, _) = sorted((folder / "history").glob("*.parquet"))
    rows = pq.read_table(path)
    path.unlink()
    write_commit(folder / "history", rows[:-1], 1)
    assert set(held(folder)) == {"b"}
    assert set(done(folder)) == {"b"}
    with Store(folder, LR) as again:
        assert set(again.done()) == {"b"}


def test_the_other_half_of_what_is_damaged_is_kept(folder: Path) -> None:
    """Nobody can use the history of a run whose row is damaged; but a copy of it stays, for whoever can repair the row."""
    (runs, _), (history, _) = (sorted((folder / table).glob("*.parquet")) for table in ("runs", "history"))
    content = history.read_bytes()
    runs.write_bytes(b"damaged")
    with Store(folder, LR) as again:
        assert set(again.done()) == {"b"}
    assert (folder / "set_aside" / f"history-{history.name}").read_bytes() == content
    assert (folder / "set_aside" / f"runs-{runs.name}").read_bytes() == b"damaged"


def test_runs_whose_history_is_gone_are_kept_aside(folder: Path) -> None:
    """They are made again; but a copy of their rows stays, for whoever has the history in a backup."""
    (runs, _), (history, _) = (sorted((folder / table).glob("*.parquet")) for table in ("runs", "history"))
    content = runs.read_bytes()
    history.unlink()
    with Store(folder, LR) as again:
        assert set(again.done()) == {"b"}
    assert (folder / "set_aside" / f"runs-{runs.name}").read_bytes() == content


def test_what_was_set_aside_before_stays(folder: Path) -> None:
    """Another part of the same name lies beside it."""
    for content in (b"one", b"two"):
        lay(folder, "runs", "00000009-00000009-0123456789abcdef.parquet", content)
        with Store(folder, LR):
            pass
    assert sorted(path.read_bytes() for path in (folder / "set_aside").iterdir()) == [b"one", b"two"]


def test_the_last_number_of_a_commit(folder: Path) -> None:
    """Where no further commit can be numbered, that is told; the runs can be read."""
    rows = there(folder, "runs")[:1]
    for table in TABLES:
        rows = there(folder, table)
        last = column(rows, "commit", pa.array(np.full(len(rows), LAST_COMMIT)))
        lay(folder, table, f"{LAST_COMMIT}-{LAST_COMMIT}-{{}}.parquet", as_parquet(last))
    assert held(folder) == HEALTHY
    with pytest.raises(InputError, match="a commit of the highest number there is"):
        Store(folder, LR)


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


@pytest.mark.parametrize(
    "error", [OSError(errno.EMFILE, "Too many open files"), MemoryError()], ids=["files", "memory"]
)
def test_a_machine_that_is_short_of_something(folder: Path, error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """No part is taken for damaged because there was no memory, or no file could be opened, to read it."""
    before = sorted(folder.rglob("*.parquet"))

    def fails(path: Path) -> bytes:
        raise error

    monkeypatch.setattr("optilab.store.content.read_plain", fails)
    for use in (load_all, lambda folder: Store(folder, LR)):
        with pytest.raises(InputError, match=r"can't be read: (Too many open files|there is not enough memory)"):
            use(folder)
    monkeypatch.undo()
    assert sorted(folder.rglob("*.parquet")) == before
    assert held(folder) == HEALTHY


@pytest.mark.parametrize("name", ["experiment.json", "wanted.parquet", "results.json"])
def test_a_link_for_a_file_of_the_folder_is_named_by_all(tmp_path: Path, folder: Path, name: str) -> None:
    """Who reads and who writes say the same: which file it is, and what to do."""
    (tmp_path / "precious").write_bytes(b"precious")
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(tmp_path / "precious")
    for use in (load_all, lambda place: Store(place, LR)):
        with pytest.raises(InputError, match=rf"{name}' is a link; within .* put the file itself there"):
            use(folder)
    assert (tmp_path / "precious").read_bytes() == b"precious"


def test_the_usual_folder_is_hinted_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An experiment's name in place of its results' folder gets the folder where results go."""
    monkeypatch.chdir(tmp_path)
    write(Path("results") / "wide", "x")
    with pytest.raises(InputError, match=r"there is no results folder 'wide'; did you mean 'results/wide'\?"):
        load_all("wide")
    with pytest.raises(InputError, match=r"there is no results folder 'narrow'$"):
        load_all("narrow")


def test_a_folder_without_its_facts_is_refused(folder: Path) -> None:
    """What may be of an older layout is not read as if it were of today's; that the file may have been deleted is said."""
    (folder / "results.json").unlink()
    with pytest.raises(InputError, match=r"has no results.json: it was deleted, or an older optilab wrote"):
        load_all(folder)
