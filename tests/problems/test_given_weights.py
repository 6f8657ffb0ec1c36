"""First weights that a user gives."""

from __future__ import annotations

import numpy as np
import pytest

import optilab
from optilab.errors import InputError


def test_training_begins_at_given_weights() -> None:
    """As a vector or as layers, copied; on a problem that starts there the run is the same."""
    w = np.array([1.0, -2.0])
    there = optilab.train(optilab.get_problem("bowl", start=[1.0, -2.0]), "momentum", steps=5, lr=0.01)
    for given in (w, [1.0, -2.0], (1, -2), [w], w.astype(np.float32)):
        made = optilab.train("bowl", "momentum", w=given, steps=5, lr=0.01)
        assert made.history["train_cost"].tolist() == there.history["train_cost"].tolist()
    assert w.tolist() == [1.0, -2.0]


def test_masked_weights_are_refused() -> None:
    """What lies below a mask is nobody's number; an array without masked values is an array."""
    masked = np.ma.array([1.0, 2.0], mask=[True, False])
    with pytest.raises(InputError, match="w has masked values"):
        optilab.train("bowl", "sgd", lr=0.01, steps=1, w=masked)
    with pytest.raises(InputError, match="gradient has masked values"):
        optilab.get_optimizer("sgd").start([1.0, 2.0]).step(masked)
    assert optilab.train("bowl", "sgd", lr=0.01, steps=1, w=np.ma.array([1.0, 2.0])).status == "budget"
