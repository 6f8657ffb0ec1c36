"""Experiment files, and their grids."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from optilab.experiment.cell import Cell
from optilab.experiment.file import read
from optilab.experiment.grid import grid_of
from optilab.experiment.seeds import seeds_of

PLAIN = """
name = "plain"
seeds = 2
budget = { steps = 10 }

[problem]
use = "bowl"

[[optimizers]]
use = "adam"
lr = [0.1, 0.2]
"""
NETWORK = """
name = "net"
budget = { epochs = 1 }

[problem]
use = "network"
dataset = { path = "data.npz" }
hidden = [4]

[[optimizers]]
use = "sgd"
"""
Write = Callable[[str], Path]


def grid(path: Path, *changes: str) -> Sequence[Cell]:
    """Everything that is checked before anything runs."""
    experiment = read(path, changes)
    found = grid_of(experiment).cells
    seeds_of(experiment, "evaluation")
    return found
