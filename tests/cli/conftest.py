"""Current folders of the tests of this room."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli.calls import IDEA, TINY
from cli.nasty import RUN_NASTY, prepare

from terminals import call


@pytest.fixture
def noisy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with the experiments of `nasty.py`, and a wide terminal."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "300")
    prepare(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def both_made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the results of both experiments; for tests that add nothing to it."""
    made = tmp_path_factory.mktemp("made")
    prepare(made)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made)
        call(*RUN_NASTY, code=1)
        call("run", "tiny.toml", "--executor", "inline")
    return made


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with an experiment and a plugin in it, and a wide terminal."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "tiny.toml").write_text(TINY, "utf-8")
    (tmp_path / "idea_in_file.py").write_text(IDEA, "utf-8")
    return tmp_path
