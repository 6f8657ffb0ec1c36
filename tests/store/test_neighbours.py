"""A part that isn't what its name says takes nothing away from others, whoever reads or writes the folder."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from store.parts_by_hand import HEALTHY, as_parquet, column, lay, there

from optilab.errors import InputError, ResultsWarning
from optilab.store import Store, done, export_csv, load_all, load_runs, merge
from optilab.store.parts import LAST_COMMIT, TABLES
from tables import LR, held, tables, write

pytestmark = pytest.mark.usefixtures("no_waiting")


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


def test_the_last_number_of_a_commit(folder: Path) -> None:
    """Where no further commit can be numbered, that is told; the runs can be read."""
    rows = there(folder, "runs")[:1]
    for table in TABLES:
        rows = there(folder, table)
        last = column(rows, "commit", pa.array(np.full(len(rows), LAST_COMMIT)))
        lay(folder, table, f"{LAST_COMMIT}-{LAST_COMMIT}-{{}}.parquet", as_parquet(last))
    assert held(folder) == HEALTHY
    with pytest.raises(InputError, match="has used up the numbers of commits"):
        Store(folder, LR)


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
