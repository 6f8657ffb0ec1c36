"""Files and folders of the tests of this room."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from experiment.files import Write


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, which holds a dataset alone."""
    stream = np.random.default_rng(0)
    np.savez(tmp_path / "data.npz", x_train=stream.uniform(size=(24, 3)), y_train=np.arange(24) % 3)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """An experiment in a file beside two small datasets: data.npz has three classes, numbers.npz has none."""
    stream = np.random.default_rng(0)
    x = stream.uniform(size=(20, 3))
    np.savez(tmp_path / "data.npz", x_train=x, y_train=np.arange(20) % 3)
    np.savez(tmp_path / "numbers.npz", x_train=x, y_train=x.sum(axis=1))

    def put(text: str) -> Path:
        path = tmp_path / "experiment.toml"
        path.write_text(text, "utf-8")
        return path

    return put
