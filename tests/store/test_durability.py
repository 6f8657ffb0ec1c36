"""In which order things reach the disk, and what a process leaves that dies between two of them."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from optilab import files
from optilab.errors import InputError
from optilab.files import NotAFileError, pending, read_plain, replacing, sweep, write_whole
from optilab.store import Store, export_csv, merge
from tables import LR, held, tables, write

posix = pytest.mark.skipif(os.name != "posix", reason="folders are synced, and pipes made, on POSIX alone")


class DiedError(BaseException):
    """The process ends here."""


class Disk:
    """Records what is asked of the disk, in order; dies before the call number `last`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, last: int | None = None) -> None:
        self.calls: list[tuple[str, str]] = []
        self._last = last
        for name in ("fsync", "replace", "rename", "unlink"):
            monkeypatch.setattr(os, name, self._recorded(name, getattr(os, name)))

    def _recorded(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            if self._last is not None and len(self.calls) >= self._last:
                raise DiedError
            self.calls.append((name, self._what(name, given)))
            return real(*given, **named)

        return call

    @staticmethod
    def _what(name: str, given: tuple[Any, ...]) -> str:
        if name != "fsync":
            return Path(given[-1]).name
        handle = given[0]
        path = Path(f"/proc/self/fd/{handle}").readlink()
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            return f"{path.parent.name}/{path.name}/"
        return path.suffix


@posix
@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="handles are named by Linux")
def test_a_file_is_synced_before_it_has_its_name_and_its_folder_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Content, then name, then the folder with the name: after a power cut there is the old file or the new one, whole."""
    disk = Disk(monkeypatch)
    write_whole(tmp_path / "file", b"content")
    assert disk.calls == [
        ("fsync", ".tmp"),
        ("replace", "file"),
        ("fsync", f"{tmp_path.parent.name}/{tmp_path.name}/"),
    ]


def test_content_is_flushed_before_it_is_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the disk is asked to keep is all that was written."""
    sizes = []
    monkeypatch.setattr(os, "fsync", lambda handle: sizes.append(os.fstat(handle).st_size))
    with replacing(tmp_path / "file") as file:
        file.write(b"x" * 5)
    assert sizes[0] == 5


@posix
@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="handles are named by Linux")
def test_a_commit_writes_the_history_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that can be seen is complete; and its own part is begun when the history is on disk with its name."""
    with Store(tmp_path / "r", LR) as kept:
        kept.add(*tables([{"run_id": "a"}]))
        monkeypatch.setattr(kept, "_compact", lambda: None)
        disk = Disk(monkeypatch)
        kept.commit()
        folders_synced = [what for name, what in disk.calls if name == "fsync"]
        assert folders_synced == [".tmp", "recent/history/", ".tmp", "recent/runs/"]
        assert [name for name, _ in disk.calls] == ["fsync", "replace", "fsync"] * 2
        monkeypatch.undo()


@posix
@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="handles are named by Linux")
def test_what_is_replaced_is_removed_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A joined part is on disk with its name, and only then the parts go that it was joined from."""
    with Store(tmp_path / "r", LR) as kept:
        kept.add(*tables([{"run_id": "a"}]))
        disk = Disk(monkeypatch)
        kept.commit()
        names = [name for name, _ in disk.calls]
        first = names.index("unlink")
        assert names[first - 3 : first] == ["fsync", "replace", "fsync"]
        assert disk.calls[first - 1][1] == "r/history/"
        monkeypatch.undo()


@posix
def test_new_folders_are_on_disk_before_anything_is_in_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The names of `recent` and of its folders are synced when the store is opened."""
    synced: list[Path] = []
    real = files.sync_folder
    monkeypatch.setattr("optilab.store.writing.sync_folder", lambda folder: (synced.append(folder), real(folder)))
    with Store(tmp_path / "r", LR):
        pass
    assert synced == [tmp_path / "r", tmp_path / "r" / "recent"]


@pytest.mark.parametrize("last", range(14))
def test_a_process_that_dies_at_any_point_of_a_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last: int
) -> None:
    """Either the whole commit is there or nothing of it, and the next one that writes leaves no trace of the other."""
    folder = tmp_path / "r"
    write(folder, "a")
    kept = Store(folder, LR)
    kept.add(*tables([{"run_id": "b", "value": 2.0}]))
    with monkeypatch.context() as patched:
        Disk(patched, last)
        with contextlib.suppress(DiedError):
            kept.commit()
    kept._lock.release()
    before = {"a": (1.0, 3)}
    there = held(folder)
    assert there in (before, before | {"b": (2.0, 3)})
    with Store(folder, LR) as again:
        assert set(again.done()) == set(there)
        assert again.notes == []
    assert held(folder) == there
    assert not list(folder.rglob("*.tmp"))
    write(folder, "c")
    assert set(held(folder)) == {*there, "c"}
    assert len(list((folder / "history").glob("*.parquet"))) == len(list((folder / "runs").glob("*.parquet")))


def test_a_process_that_dies_at_any_point_of_the_end_of_a_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was committed is there whichever operation was the last: no part goes before there is what replaces it."""
    monkeypatch.setattr(os, "fsync", lambda _: None)  # no power is cut here
    made = {"a": (2.0, 3), "b": (1.0, 3)}
    for last in range(100):
        folder = tmp_path / str(last)
        write(folder, "a", "b")
        kept = Store(folder, LR)
        kept.add(*tables([{"run_id": "a", "value": 2.0}]))
        kept.commit()
        died = True
        with monkeypatch.context() as patched:
            Disk(patched, last)
            with contextlib.suppress(DiedError):
                kept._tidy()
                died = False
        kept._lock.release()
        assert held(folder) == made
        with Store(folder, LR):
            pass
        assert held(folder) == made
        if not died:
            break
    assert not died
    assert last > 10


def test_a_history_without_its_runs_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where a process died between the two files of a commit: the run isn't there, and is made again."""
    folder = tmp_path / "r"
    write(folder, "a")
    kept = Store(folder, LR)
    kept.add(*tables([{"run_id": "b"}]))
    real = files.write_whole

    def dies(path: Path, content: bytes) -> None:
        if path.parent.name == "runs":
            raise DiedError
        real(path, content)

    monkeypatch.setattr("optilab.store.parts.write_whole", dies)
    with pytest.raises(DiedError):
        kept.commit()
    monkeypatch.undo()
    kept._lock.release()
    assert len(list((folder / "recent" / "history").iterdir())) == 1
    assert set(held(folder)) == {"a"}
    write(folder, "b", value=5.0, measurements=4)
    assert held(folder) == {"a": (1.0, 3), "b": (5.0, 4)}


def test_temporary_files_of_the_dead_are_removed(tmp_path: Path) -> None:
    """Wherever they lie in the folder, by the next one that writes, a merge as well; links among them go and not their targets."""
    write(tmp_path / "r", "a")
    write(tmp_path / "other", "b")
    precious = tmp_path / "precious"
    precious.write_text("precious", "utf-8")
    for use in (lambda: write(tmp_path / "r", "c"), lambda: merge(tmp_path / "r", tmp_path / "other")):
        for place in (".", "runs", "history", "recent", "recent/runs", "recent/history"):
            (tmp_path / "r" / place / ".0123.tmp").write_bytes(b"half")
        (tmp_path / "r" / ".link.tmp").symlink_to(precious)
        (tmp_path / "r" / ".folder.tmp").mkdir(exist_ok=True)
        use()
        assert [path.name for path in (tmp_path / "r").rglob("*.tmp")] == [".folder.tmp"]
    assert precious.read_text("utf-8") == "precious"


@posix
def test_temporary_files_in_use_stay(tmp_path: Path) -> None:
    """A picture or an export that is being written beside a session is left to whoever writes it."""
    with pending(tmp_path) as made:
        made.path = tmp_path / "file"
        made.file.write(b"content")
        sweep(tmp_path)
        assert len(list(tmp_path.glob(".*.tmp"))) == 1
    assert (tmp_path / "file").read_bytes() == b"content"


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    """No temporary file, and the old content where there was one."""
    (tmp_path / "file").write_bytes(b"old")

    def fail() -> None:
        with replacing(tmp_path / "file") as file:
            file.write(b"new")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"file": b"old"}


@posix
@pytest.mark.parametrize("kind", ["link", "dangling link", "pipe", "folder"])
def test_links_and_pipes_are_neither_read_nor_written(tmp_path: Path, kind: str) -> None:
    """Nothing is opened through them, and nothing waits for a pipe."""
    precious, path = tmp_path / "precious", tmp_path / "path"
    precious.write_bytes(b"precious")
    {
        "link": lambda: path.symlink_to(precious),
        "dangling link": lambda: path.symlink_to(tmp_path / "nothing"),
        "pipe": lambda: os.mkfifo(path),
        "folder": path.mkdir,
    }[kind]()
    with pytest.raises(NotAFileError):
        read_plain(path)
    with pytest.raises(NotAFileError):
        write_whole(path, b"new")
    assert precious.read_bytes() == b"precious"
    assert sorted(found.name for found in tmp_path.iterdir()) == ["path", "precious"]


@posix
def test_tables_are_not_exported_through_links(tmp_path: Path) -> None:
    """It is told, and what the link leads to stays."""
    write(tmp_path / "r", "a")
    precious = tmp_path / "precious"
    precious.write_bytes(b"precious")
    (tmp_path / "r" / "runs.csv").symlink_to(precious)
    with pytest.raises(InputError, match=r"can't write '.*runs\.csv': a link lies there"):
        export_csv(tmp_path / "r", tmp_path / "r")
    assert precious.read_bytes() == b"precious"


@posix
@pytest.mark.parametrize("name", ["runs", "history", "recent", "recent/runs", "set_aside", "results.json", ".lock"])
def test_a_folder_whose_own_places_are_links(tmp_path: Path, name: str) -> None:
    """It is refused by readers and writers, and nothing is touched where the link leads."""
    write(tmp_path / "r", "a")
    elsewhere = tmp_path / "elsewhere"
    path = tmp_path / "r" / name
    if path.exists():
        path.rename(elsewhere)
    else:
        elsewhere.mkdir()
    before = sorted(elsewhere.rglob("*")), elsewhere.is_file() and elsewhere.read_bytes()
    path.symlink_to(elsewhere)
    for use in (held, lambda folder: write(folder, "b")):
        with pytest.raises(InputError, match="is a link; within a results folder links are not followed"):
            use(tmp_path / "r")
    assert (sorted(elsewhere.rglob("*")), elsewhere.is_file() and elsewhere.read_bytes()) == before


def test_half_written_tables_of_an_export_that_died(tmp_path: Path) -> None:
    """The next export into the same folder removes them, and nothing else that is called .tmp."""
    write(tmp_path / "r", "a")
    (tmp_path / "out").mkdir()
    for name in (f".{'0a' * 16}.tmp", ".mine.tmp"):
        (tmp_path / "out" / name).write_bytes(b"half")
    export_csv(tmp_path / "r", tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [".mine.tmp", "history.csv", "runs.csv"]
