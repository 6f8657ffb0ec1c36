"""Executors, and how many workers they have."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from optilab.executors import usual_workers


def test_workers_are_the_cores_that_may_be_used() -> None:
    """A process that is bound to one core has one worker."""
    if not hasattr(os, "sched_setaffinity"):
        pytest.skip("cores can't be chosen here")
    code = (
        "import os; os.sched_setaffinity(0, {0}); from optilab.executors import usual_workers; print(usual_workers())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"
    assert 1 <= usual_workers() <= (os.cpu_count() or 1)
