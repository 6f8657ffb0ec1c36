"""What bundled schedules multiply with, step by step, and the data that a feedback schedule listens to."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

import optilab
from optilab.problems.problem import Problem

Vector = NDArray[np.float64]

REQUIRED: dict[str, dict[str, Any]] = {
    "step": {"every": 3},
    "exponential": {"gamma": 0.95},
    "inverse_time": {"rate": 0.1},
    "warmup": {"steps": 4},
    "cyclic": {"up": 4},
    "cosine_restarts": {"steps": 4},
    "cosine_wave": {"steps": 4},
    "transition": {"steps": 4},
}
floors = st.floats(0, 1)
totals = st.integers(1, 500)
increasing = st.lists(st.integers(1, 100), min_size=1, max_size=5, unique=True).map(sorted)


def bundled() -> list[str]:
    """Names of the schedules that come with optilab, feedback aside."""
    names = []
    for point in entry_points(group="optilab"):
        if point.dist is not None and point.dist.name == "optilab-framework":
            module = point.load()
            if hasattr(module, "optilab_schedules"):
                names += [s.name for s in module.optilab_schedules() if not s.is_feedback]
    return sorted(names)


def curve(name: str, steps: int, total: int | None = None, /, **parameters: Any) -> Vector:
    """Multipliers of the first steps of a run of `total`, or of as many."""
    step = np.arange(steps, dtype=np.float64)
    return optilab.get_schedule(name, **parameters).curve(step, total or steps)


def line_through(file: Path) -> Problem:
    """A straight line through twelve noisy points, which are written to a file; in float64."""
    x = np.linspace(-1, 1, 12)[:, None]
    y = x[:, 0] / 2 + np.random.default_rng(0).normal(scale=0.1, size=12)
    np.savez(file, x_train=x, y_train=y)
    return optilab.get_problem(
        "network", dataset={"path": str(file), "test_fraction": 0.0}, hidden=[], precision="float64"
    )
