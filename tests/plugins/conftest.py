"""A small data set and a network on it, for rules that need a problem of their own; packages of strangers; little patience."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from blobs import network_on, write_blobs
from curves import line_through
from optilab.plugins import loading
from optilab.problems.problem import Problem
from strangers import Install


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


@pytest.fixture
def fresh_registry() -> Iterator[None]:
    """Each test begins and ends with no registry."""
    loading.forget()
    yield
    loading.forget()


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put a package on sys.path as an installer would: a module, and a dist-info written by hand."""

    def put(dist: str, point: str, module: str, source: str) -> Path:
        site = tmp_path / dist
        info = site / f"{dist}-1.0.dist-info"
        info.mkdir(parents=True)
        (site / f"{module}.py").write_text(source, "utf-8")
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {dist}\nVersion: 1.0\n", "utf-8")
        (info / "entry_points.txt").write_text(f"[optilab]\n{point} = {module}\n", "utf-8")
        monkeypatch.syspath_prepend(site)
        importlib.invalidate_caches()
        return site

    return put


@pytest.fixture
def impatient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A current folder of its own, and little patience."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPTILAB_PLUGIN_SECONDS", "4")
    yield
    loading.forget()
