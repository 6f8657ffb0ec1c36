"""A small dataset and a network on it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from training.runs import TESTING, TRAINING

import optilab


@pytest.fixture(scope="module")
def split_file(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Fifty examples of three classes to learn from, and twenty to be tested on."""
    random = np.random.default_rng(0)
    labels = np.arange(TRAINING + TESTING) % 3
    x = random.normal(size=(labels.size, 4)) + 2 * np.eye(3, 4)[labels]
    path = tmp_path_factory.mktemp("data") / "blobs.npz"
    parts: dict[str, Any] = {
        "x_train": x[:TRAINING],
        "y_train": labels[:TRAINING],
        "x_test": x[TRAINING:],
        "y_test": labels[TRAINING:],
    }
    np.savez(path, **parts)
    return {"path": str(path)}


@pytest.fixture(scope="module")
def network(split_file: dict[str, Any]) -> Any:
    """A small network on them, in float64."""
    return optilab.get_problem("network", dataset=split_file, hidden=[5], cost="cross_entropy", precision="float64")
