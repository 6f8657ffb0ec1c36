"""Grids of small experiments."""

from __future__ import annotations

from typing import Any

from optilab.experiment.blocks import Cells
from optilab.experiment.experiment import Experiment
from optilab.experiment.grid import grid_of

BASE: dict[str, Any] = {
    "name": "grid",
    "budget": {"steps": 20},
    "problem": {"use": "bowl", "condition": 20},
    "optimizers": [{"use": "adam", "lr": 0.1}],
}


def grid(**changes: Any) -> Cells:
    """Cells of a small experiment."""
    return grid_of(Experiment.model_validate({**BASE, **changes})).cells


def adam(**changes: Any) -> dict[str, Any]:
    """The optimizers of an experiment of one cell."""
    return {"optimizers": [{"use": "adam", **changes}]}
