"""A small network that the tests of this room share."""

from __future__ import annotations

import numpy as np
import pytest

import optilab
from optilab.problems.problem import Problem


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Problem:
    """A small network in float64 on thirty examples of three classes."""
    random = np.random.default_rng(1)
    labels = np.arange(30) % 3
    file = tmp_path_factory.mktemp("data") / "three.npz"
    np.savez(file, x_train=random.normal(size=(30, 4)), y_train=labels)
    dataset = {"path": str(file), "test_fraction": 0.0}
    return optilab.get_problem("network", dataset=dataset, hidden=[3], precision="float64")
