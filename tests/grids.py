"""Grids of small experiments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

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


def data(folder: Path, offset: float = 0.0) -> str:
    """A dataset file of 12 examples; its name is the same in every folder."""
    folder.mkdir(exist_ok=True)
    x = np.random.default_rng(3).uniform(size=(12, 2)) + offset
    np.savez(folder / "data.npz", x_train=x, y_train=np.arange(12) % 2)
    return str(folder / "data.npz")


def network(path: str, **changes: Any) -> dict[str, Any]:
    """An experiment of one cell with a network."""
    return {
        "budget": {"epochs": 1},
        "problem": {"use": "network", "dataset": {"path": path}, "hidden": [3], **changes},
        "optimizers": [{"use": "sgd", "batch_size": 4}],
    }
