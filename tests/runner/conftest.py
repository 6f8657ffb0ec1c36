"""Plugins in files, for the tests of this room."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from runner.lines import PLUGIN
from runner.running import FEEDBACK
from runner.searching import SAMPLERS

from optilab.plugins import loading


@pytest.fixture
def wordy_plugin(tmp_path: Path) -> None:
    """Rules with a hyperparameter of one name, a word for one and a number for the other, as a plugin in a file."""
    file = tmp_path / "of_lines.py"
    file.write_text(PLUGIN, "utf-8")
    loading.use_file(file)


@pytest.fixture
def told(tmp_path: Path) -> Path:
    """Where the sampler `halving` puts down what it is told."""
    path = tmp_path / "samplers.py"
    path.write_text(SAMPLERS.format(told=str(tmp_path / "told.json")), "utf-8")
    loading.use_file(path)
    return tmp_path / "told.json"


@pytest.fixture
def feedback_file(tmp_path: Path) -> Iterator[Path]:
    """A plugin with feedback schedules that misbehave."""
    marks = tmp_path / "marks"
    marks.mkdir()
    path = tmp_path / "misbehaving.py"
    path.write_text(FEEDBACK.format(marks=str(marks)), "utf-8")
    loading.forget()
    loading.use_file(path)
    yield path
    loading.forget()
