"""Rules for matrices: what holds for all of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from plugins.matrices import matrix

import optilab


@pytest.mark.parametrize("name", ["shampoo", "soap"])
def test_a_large_side_has_no_matrix(name: str) -> None:
    """At its defaults a layer of 784 inputs leaves the memory of 784 x 784 untouched, and its steps are finite."""
    stepper = optilab.get_optimizer(name).start([matrix(1, 784, 3).astype(np.float32)])
    before = stepper.w.copy()
    for k in range(3):
        stepper.step([matrix(k, 784, 3)])
    for state in ("left", "left_product"):
        assert stepper.state[state].size == 784**2
        assert not stepper.state[state].any()
    assert stepper.state["right"].all()
    assert np.isfinite(stepper.w).all()
    assert (stepper.w != before).all()


@pytest.mark.parametrize("place", [0, 7], ids=["matrix", "bias"])
@pytest.mark.parametrize("name", ["muon", "adafactor", "sm3", "shampoo", "soap"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_gradient_that_is_not_finite_is_seen(name: str, place: int, value: float) -> None:
    """In the first gradient or a later one, in a matrix or a bias: some weight is no longer finite after it."""
    for step in (0, 2):
        stepper = optilab.get_optimizer(name).start([matrix(1, 3, 2), matrix(2, 1, 2)[0]])
        for k in range(step + 2):
            gradient = [matrix(k, 3, 2), matrix(k + 9, 1, 2)[0]]
            if k == step:
                gradient[place // 6].flat[place % 6] = value
            assert np.isfinite(stepper.w).all() == (k <= step)
            stepper.step(gradient)
        assert not np.isfinite(stepper.w).all()


@pytest.mark.parametrize("name", ["muon", "adafactor", "sm3", "shampoo", "soap"])
def test_without_gradients_the_weights_stay(name: str) -> None:
    """Zero gradients from the first move nothing, as long as there is no weight decay."""
    w = [matrix(1, 3, 2), matrix(2, 1, 2)[0]]
    given: dict[str, Any] = {"weight_decay": 0.0} if name in ("muon", "adafactor", "soap") else {}
    stepper = optilab.get_optimizer(name).start(w, **given)
    for _ in range(3):
        stepper.step([np.zeros((3, 2)), np.zeros(2)])
    np.testing.assert_array_equal(stepper.w, np.concatenate([part.ravel() for part in w]))
