"""A results folder, and a disk that is never waited for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tables import write


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here depends on when the disk has it."""
    monkeypatch.setattr("os.fsync", lambda _: None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A results folder of two commits, one run each."""
    write(tmp_path / "r", "a", value=1.0)
    write(tmp_path / "r", "b", value=2.0)
    return tmp_path / "r"
