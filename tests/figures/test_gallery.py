"""The gallery: which kinds of pictures it has."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from optilab.experiment.file import read
from optilab.figures.kinds import KINDS

FOLDER = Path(__file__).parents[2] / "experiments"
GALLERY = runpy.run_path(str(FOLDER / "gallery.py"))


def test_no_kind_is_missing() -> None:
    """Each kind of picture is drawn of some source, and no other is asked for."""
    wanted = {kind for kinds in GALLERY["SOURCES"].values() for kind in kinds}
    assert wanted == set(KINDS)
    assert GALLERY["missing"](wanted) == []
    assert GALLERY["missing"](wanted - {"plane", "wins"}) == ["plane", "wins"]


@pytest.mark.parametrize("name", GALLERY["SOURCES"])
def test_sources_are_there(name: str) -> None:
    """Each is an experiment that can be read, or a published table."""
    if name.endswith(".csv"):
        assert (FOLDER / name).is_file()
    else:
        assert read(FOLDER / f"{name}.toml").name == name
