"""Halves of a run whose other half is damaged don't count, and are kept aside."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from store.parts_by_hand import lay

from optilab.store import Store, done
from optilab.store.parts import write_commit
from tables import LR, held

pytestmark = pytest.mark.usefixtures("no_waiting")


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
