"""The compiled-code cache, when what lies in it can't be read."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import optilab
from optilab.kernels import cache

print(optilab.get_optimizer("sgd").start([1.0], lr=0.25).step([1.0])[0], cache.LOG.compiled)
"""


def moved_and_compiled(folder: Path) -> tuple[float, int]:
    """Where a step leads in a new process, and how many functions it compiled."""
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "OPTILAB_CACHE": str(folder)},
        check=True,
        capture_output=True,
        text=True,
    )
    w, compiled = ran.stdout.split()
    return float(w), int(compiled)


@pytest.mark.parametrize("damaged", ["*.nbi", "*.nbc"])
@pytest.mark.parametrize("left", [b"", b"not a pickle"])
def test_what_cannot_be_read_is_compiled_again(tmp_path: Path, damaged: str, left: bytes) -> None:
    """A cache entry that was cut off or written over is compiled again, and no other; the next process finds it whole."""
    w, compiled = moved_and_compiled(tmp_path)
    assert (w, moved_and_compiled(tmp_path)) == (0.75, (0.75, 0))
    files = sorted(tmp_path.glob(f"compiled/*/__pycache__/*sgd*{damaged.removeprefix('*')}"))
    assert len(files) == 1
    files[0].write_bytes(left)
    assert moved_and_compiled(tmp_path) == (0.75, 1)
    assert compiled == 2
    assert moved_and_compiled(tmp_path) == (0.75, 0)
