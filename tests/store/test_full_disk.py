"""A disk that is full, and a folder that can only be read: nothing committed is lost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from optilab.errors import InputError
from optilab.store import Store
from tables import LR, held, parts, tables, write

FULL = """
import resource, signal, sys
from pathlib import Path

sys.path.insert(0, sys.argv[2])
from optilab.errors import InputError
from optilab.store import Store
from tables import LR, tables

folder = Path(sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with Store(folder, LR, "{}") as store:
    store.add(*tables([{"run_id": "a"}]))
    store.commit()
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, resource.RLIM_INFINITY))
    store.add(*tables([{"run_id": "b"}], 500))
    for _ in range(2):
        try:
            store.commit()
        except InputError as error:
            print(error)
    print(sorted(path.name[:17] for path in folder.glob("*/*.parquet")))
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    store.commit()
"""


def test_a_disk_that_is_full(tmp_path: Path) -> None:
    """One message; what was committed is untouched, nothing half-written stays, and with room again nothing is lost."""
    command = [sys.executable, "-c", FULL, str(tmp_path / "r"), str(Path(__file__).parents[1])]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert said[0] == said[1] == f"can't write results to {str(tmp_path / 'r')!r}: File too large"
    assert said[2] == str(["00000001-00000001"] * 2)
    assert held(tmp_path / "r") == {"a": (1.0, 3), "b": (1.0, 500)}


def test_no_room_to_join_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Joining is given up for the time being, and nothing else is."""

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with Store(tmp_path / "r", LR, "{}") as kept:
        monkeypatch.setattr("optilab.store.compaction.write_joined", full)
        for run in "abcdefgh":
            kept.add(*tables([{"run_id": run}]))
            kept.commit()
        assert len(parts(tmp_path / "r", "recent/runs")) == 8
    monkeypatch.undo()
    assert set(held(tmp_path / "r")) == set("abcdefgh")
    with Store(tmp_path / "r", LR, "{}"):
        pass
    assert len(parts(tmp_path / "r", "runs")) == 1


def test_a_folder_that_can_only_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Can be read, and a start of the experiment is told in one message."""
    write(tmp_path / "r", "a")

    def read_only(*_: Any, **__: Any) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("optilab.store.locking.FileLock.acquire", read_only)
    with pytest.raises(InputError, match=r"^can't write results to '.*r': Read-only file system$"):
        Store(tmp_path / "r", LR, "{}")
    assert list(held(tmp_path / "r")) == ["a"]
