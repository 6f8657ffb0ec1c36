"""A small data set and a network on it, for rules that need a problem of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from blobs import network_on, write_blobs
from curves import line_through
from optilab.problems.problem import Problem


@pytest.fixture(scope="session")
def blobs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of sixty examples of three overlapping classes."""
    path = tmp_path_factory.mktemp("data") / "blobs.npz"
    write_blobs(path)
    return path


@pytest.fixture(scope="session")
def network(blobs: Path) -> Problem:
    """A small network on them, in float64."""
    return network_on(blobs)


@pytest.fixture(scope="session")
def line(tmp_path_factory: pytest.TempPathFactory) -> Problem:
    """A straight line through twelve noisy points, in float64."""
    return line_through(tmp_path_factory.mktemp("data") / "line.npz")
