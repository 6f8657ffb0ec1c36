"""Arrays in memory, made up, and loaded as a dataset."""

from __future__ import annotations

from typing import Any

import numpy as np

from optilab.datasets.examples import Examples
from optilab.datasets.given import given_dataset

STREAM = np.random.default_rng(5)
X = STREAM.normal(size=(20, 3))
Y = np.arange(20) % 3


def load(**given: Any) -> Examples:
    """The examples in arrays, all for training where no test part is given."""
    return given_dataset({"x_train": X, "y_train": Y, "test_fraction": 0.0, **given}).load()
