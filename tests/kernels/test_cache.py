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


EDITED = """
import sys
from pathlib import Path

import optilab
from optilab import plugins

file = Path(sys.argv[1])
plugins.use_file(file)
rule = optilab.get_optimizer("edited")
if sys.argv[2:]:
    file.write_text(file.read_text().replace("0.5", "0.25"))
print(rule.start([1.0], lr=1.0).step([1.0])[0])
"""

RULE = """from optilab import elementwise, hookimpl


@elementwise(lr=0.1)
def edited(w, g, lr):
    w -= 0.5 * lr * g
    return w


@hookimpl
def optilab_optimizers():
    return [edited]
"""


def test_a_file_that_is_edited_after_its_import(tmp_path: Path) -> None:
    """What was imported is what runs, and it is not taken for the code of the new text by the next process."""
    file = tmp_path / "edited_rule.py"
    file.write_text(RULE, "utf-8")

    def stepped(*edit: str) -> float:
        command = [sys.executable, "-c", EDITED, str(file), *edit]
        environment = {**os.environ, "OPTILAB_CACHE": str(tmp_path / "cache")}
        return float(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)

    assert stepped("edit") == 0.5
    assert stepped() == 0.75
