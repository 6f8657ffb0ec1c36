"""The time limit of each test, as pyproject.toml sets it: what never ends is a failure, whatever it runs in."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

CONFIGURATION = Path(__file__).parents[1] / "pyproject.toml"

FAULTS = '''
"""Tests that never end."""

import subprocess

import numpy as np

from optilab import vectorwise


@vectorwise(lr=1.0)
def endless(w, g, lr):
    """Turns round while the step doesn't lead below zero."""
    while w[0] + lr * g[0] > 0:
        w[1] += 1.0


stepper = endless.start(np.ones(2))


def test_that_loops_in_python():
    subprocess.Popen(["sh", "-c", "echo $$ > left; exec sleep 600"])
    while True:
        pass


def test_that_waits_for_a_child():
    subprocess.run(["sh", "-c", "echo $$ > child; exec sleep 600"])


def test_that_loops_in_compiled_code():
    stepper.step(np.ones(2))


def test_afterwards():
    pass
'''


def test_whatever_never_ends_is_a_failure(tmp_path: Path) -> None:
    """A loop or a wait in Python fails with its line, children and all; a rule that never returns ends with its worker; the rest runs."""
    (tmp_path / "test_endless.py").write_text(FAULTS)
    shutil.copy(Path(__file__).with_name("conftest.py"), tmp_path)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-c",
        str(CONFIGURATION),
        "--rootdir",
        str(tmp_path),
        "-n",
        "1",
        "-v",
        "--tb=short",
    ]
    limits = ["-o", "timeout=1", "-o", "faulthandler_timeout=2", "-o", "cache_dir=cache", "test_endless.py"]
    wide = {**os.environ, "COLUMNS": "200"}
    with (tmp_path / "output").open("w") as output:
        session = subprocess.Popen(
            [*command, *limits], cwd=tmp_path, env=wide, stdout=output, stderr=output, start_new_session=True
        )
    try:
        code = session.wait(120)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(session.pid, signal.SIGKILL)  # a worker that still turns round, if the limits don't hold
    said = (tmp_path / "output").read_text()
    assert code == 1, said
    assert "3 failed, 1 passed" in said, said
    for name in ("test_that_loops_in_python", "test_that_waits_for_a_child"):
        assert f"FAILED test_endless.py::{name} - Failed: Timeout" in said
    assert gone(int((tmp_path / "child").read_text()))
    assert gone(int((tmp_path / "left").read_text()))

    crashed = set(re.findall("crashed while running '(.*)'", said))
    assert crashed == {"test_endless.py::test_that_loops_in_compiled_code"}
    line = FAULTS.splitlines().index("    stepper.step(np.ones(2))") + 1
    assert f"line {line} in test_that_loops_in_compiled_code" in said
    assert re.search(r"PASSED.*test_afterwards", said)


def gone(process: int) -> bool:
    """Whether a process has ended, be it that nobody has asked how."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_python_gets_its_chance_first() -> None:
    """Every test has a limit, and what hears the signal has half a minute to clean up before its process is ended."""
    options = tomllib.loads(CONFIGURATION.read_text())["tool"]["pytest"]["ini_options"]
    assert options["timeout"] == 300
    assert options["faulthandler_timeout"] >= options["timeout"] + 30
