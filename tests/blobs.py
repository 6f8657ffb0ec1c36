"""Sixty examples of three overlapping classes, and small networks that tell them apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import optilab
from optilab.problems.problem import Problem
from optilab.randomness import data_order

N = 60  # examples


def write_blobs(path: Path) -> None:
    """The examples as a file."""
    random = np.random.default_rng(3)
    labels = np.arange(N) % 3
    x = random.normal(size=(N, 4)) + np.eye(3, 4)[labels]
    np.savez(path, x_train=x, y_train=labels)


def network_on(data: Path, dtype: str = "float64", hidden: tuple[int, ...] = (5,), **more: Any) -> Problem:
    """A small smooth network that tells the classes apart."""
    given = {"dataset": {"path": str(data), "test_fraction": 0.0}, "hidden": list(hidden), "activation": "tanh"}
    return optilab.get_problem("network", **{**given, "cost": "cross_entropy", "precision": dtype, **more})


def batches(seed: int, size: int, epochs: int) -> list[NDArray[np.int64]]:
    """Rows of the batches of a run."""
    orders = [data_order(seed, epoch).permutation(N) for epoch in range(epochs)]
    return [order[k : k + size] for order in orders for k in range(0, N, size)]
