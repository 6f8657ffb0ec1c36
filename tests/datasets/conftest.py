"""Fixtures of the tests of datasets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from optilab.datasets.examples import Examples
from optilab.datasets.from_files import file_dataset
from optilab.datasets.options import File
from written import Load


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder for this test."""
    monkeypatch.setenv("OPTILAB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Write a text (or bytes) to a file of some name, and load it with some options; all of it is for training."""
    monkeypatch.setenv("OPTILAB_CACHE", str(tmp_path / "cache"))

    def write_and_load(content: str | bytes, name: str = "my_table.csv", **options: Any) -> Examples:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file_dataset(File(path=str(path), **{"test_fraction": 0.0, "label": "y", **options})).load()

    return write_and_load
