"""One core and one thread; the command as a program."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from speed import setting
from speed.cases import PARTS

FOLDER = Path(__file__).parents[2] / "experiments"


def test_the_command_starts_without_numpy() -> None:
    """Libraries read their number of threads as they are loaded, so options are read before any of them."""
    code = "import sys; sys.path.insert(0, sys.argv[1]); import speed.__main__ as m; m.arguments([]); print('numpy' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code, str(FOLDER)], capture_output=True, text=True, check=True)
    assert told.stdout == "False\n"


def test_the_folder_is_a_program() -> None:
    """`python experiments/speed --help` names the parts."""
    told = subprocess.run([sys.executable, str(FOLDER / "speed"), "--help"], capture_output=True, text=True, check=True)
    assert ", ".join(PARTS) in told.stdout


def test_every_library_gets_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment says so; OpenBLAS's kernels are those asked for, its own choice, or what was set before."""
    monkeypatch.setattr(os, "environ", {"OPENBLAS_CORETYPE": "Haswell", "OMP_NUM_THREADS": "8"})
    setting.one_thread()
    assert {os.environ[f"{name}_NUM_THREADS"] for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")} == {"1"}
    assert setting.described()["OPENBLAS_CORETYPE"] == "Haswell"
    setting.one_thread("Zen")
    assert setting.described()["OPENBLAS_CORETYPE"] == "Zen"
    setting.one_thread("")
    assert setting.described()["OPENBLAS_CORETYPE"] == "not set"


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system doesn't say on which cores a process is")
def test_cores_are_given_back() -> None:
    """Inside there is one of the cores, outside there are all of them."""
    before = os.sched_getaffinity(0)
    with setting.cores(1):
        assert len(os.sched_getaffinity(0)) == 1
        with setting.cores(len(setting.EVERY_CORE)):
            assert os.sched_getaffinity(0) == setting.EVERY_CORE
        assert len(os.sched_getaffinity(0)) == 1
    assert os.sched_getaffinity(0) == before


def test_the_setting_names_machine_and_versions() -> None:
    """Processor, caches, cores, system, and the packages with their versions."""
    found = setting.described()
    assert list(found) == ["processor", "caches", "cores", "system", "versions", "OPENBLAS_CORETYPE"]
    assert all(found.values())
    assert {"numba", "numpy", "optilab-framework"} < set(setting.versions())
    assert "L1" not in setting.caches() or setting.caches()["L1"] <= setting.caches()["L2"]
