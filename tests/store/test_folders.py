"""What may lie in a results folder: another writer, another layout, damaged parts, foreign files."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from optilab import store
from optilab.errors import InputError, ResultsWarning
from optilab.store import Store, load
from tables import LR, held, parts, tables, write


def test_a_second_writer_is_told_who_has_the_folder(tmp_path: Path) -> None:
    """By process and host; once the first has ended, however it did, the folder is free."""
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom optilab.store import Store\n"
        "with Store(Path(sys.argv[1]), {'lr': float}, '{}'):\n    print('ready', flush=True)\n    time.sleep(100)\n"
    )
    other = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "r")], stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    try:
        assert other.stdout.readline() == "ready\n"
        with pytest.raises(
            InputError, match=rf"is being written by process {other.pid} on {os.uname().nodename}, since 2"
        ):
            Store(tmp_path / "r", LR, "{}")
    finally:
        other.kill()
        other.wait()
        other.stdout.close()
    write(tmp_path / "r", "a")
    assert held(tmp_path / "r") == {"a": (1.0, 3)}
    assert not (tmp_path / "r" / ".holder.json").exists()


def test_folders_that_are_no_results(tmp_path: Path) -> None:
    """Each is told as what it is, and nothing in it is touched."""
    with pytest.raises(InputError, match=r"there is no results folder '.*nowhere'"):
        load(tmp_path / "nowhere")
    assert store.done(tmp_path / "nowhere") == {}
    (tmp_path / "file").write_text("precious", "utf-8")
    with pytest.raises(InputError, match=r"is not a results folder: it has no results.json"):
        load(tmp_path)
    with pytest.raises(InputError, match=r"can't write results to '.*file/below': Not a directory"):
        Store(tmp_path / "file" / "below", LR, "{}")
    with pytest.raises(InputError, match=r"file' is a file; results go to a folder"):
        Store(tmp_path / "file", LR, "{}")
    with pytest.raises(InputError, match="is not empty and holds no results; choose another with --results"):
        Store(tmp_path, LR, "{}")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    with Store(tmp_path / "r", LR, "{}"):
        pass
    with pytest.raises(InputError, match="holds no finished runs yet"):
        load(tmp_path / "r")


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        (
            None,
            "has no results.json: it was deleted, or an older optilab wrote these results; the tables can be read with pandas",
        ),
        ('{"layout": 1}', "an older optilab"),
        ('{"layout": 99}', "a newer optilab"),
        ("{}", r"results\.json' can't be read"),
        ("not JSON", r"results\.json' can't be read"),
    ],
)
def test_results_of_another_layout(tmp_path: Path, facts: str | None, message: str) -> None:
    """They are neither read nor written, and left as they are."""
    (tmp_path / "r" / "runs").mkdir(parents=True)
    (tmp_path / "r" / "runs" / "00001700000000-ab.parquet").write_text("old", "utf-8")
    if facts is not None:
        (tmp_path / "r" / "results.json").write_text(facts, "utf-8")
    before = sorted(tmp_path.rglob("*"))
    for use in (load, lambda folder: Store(folder, LR, "{}")):
        with pytest.raises(InputError, match=message):
            use(tmp_path / "r")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("table", ["runs", "history"])
@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "gone"])
def test_a_damaged_part_costs_its_runs_alone(tmp_path: Path, table: str, damage: str) -> None:
    """It is told and set aside; its runs are missing and can be made again, and all others are as they were."""
    folder = tmp_path / "r"
    write(folder, *"ab")
    with Store(folder, LR, "{}") as kept:
        kept.add(*tables([{"run_id": "c", "value": 3.0}]))
        kept.commit()
        path = parts(folder, table)[-1]
        content = path.read_bytes()
        changed = {
            "flip": content[:50] + bytes([content[50] ^ 1]) + content[51:],
            "cut": content[: len(content) // 2],
            "empty": b"",
        }
        kept._lock.release()  # as if the process were gone
        if damage == "gone":
            path.unlink()
        else:
            path.write_bytes(changed[damage])
        told = f"{table}/{path.name} is damaged: runs of commit 2 may be missing"
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            assert set(held(folder)) == {"a", "b"}
        assert [str(w.message) for w in heard if w.category is ResultsWarning] == (
            [] if damage == "gone" else [f"{told}; the next start of the experiment makes them again"]
        )
        kept._lock.acquire()
        kept._parts = {"runs": [], "history": []}  # nothing is left to be joined
    with Store(folder, LR, "{}") as again:
        assert set(again.done()) == {"a", "b"}
        assert again.notes == ([] if damage == "gone" else [f"{told}; the damaged part is in set_aside/"])
        again.add(*tables([{"run_id": "c", "value": 4.0}]))
    assert held(folder) == {"a": (1.0, 3), "b": (1.0, 3), "c": (4.0, 3)}
    if damage != "gone":
        assert (folder / "set_aside" / f"{table}-{path.name}").read_bytes() == changed[damage]


def test_a_foreign_file_among_the_parts(tmp_path: Path) -> None:
    """It is told, ignored, and left alone."""
    write(tmp_path / "r", "a")
    for name in ("notes.txt", "mine.parquet"):
        (tmp_path / "r" / "runs" / name).write_text("precious", "utf-8")
    with Store(tmp_path / "r", LR, "{}") as kept:
        assert kept.notes == [
            f"runs/{name} is no part of the results, and is ignored" for name in ("mine.parquet", "notes.txt")
        ]
    assert held(tmp_path / "r") == {"a": (1.0, 3)}
    assert (tmp_path / "r" / "runs" / "notes.txt").read_text("utf-8") == "precious"


def test_nothing_in_the_folder_is_pickled_or_absolute(tmp_path: Path) -> None:
    """Every file is Parquet, JSON or a lock, and none of them names the place where it lies."""
    folder = tmp_path / "r"
    write(folder, "a")
    for path in folder.rglob("*"):
        if path.is_file():
            assert path.suffix in (".parquet", ".json") or path.name == ".lock"
            assert str(tmp_path).encode() not in path.read_bytes()
