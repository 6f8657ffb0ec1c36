"""Axes: the values of a list, or those that lie evenly between two ends."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grids import adam, grid


def test_a_list_is_an_axis() -> None:
    """Every combination of the values of all axes is a cell, in the order in which they are written."""
    found = grid(**adam(lr=[0.1, 0.2], beta1=[0.8, 0.9], schedule=["constant", "cosine"]))
    assert [(c.schedule_label, c.hyperparameters["lr"], c.hyperparameters["beta1"]) for c in found] == [
        (schedule, lr, beta1) for schedule in ("constant", "cosine") for lr in (0.1, 0.2) for beta1 in (0.8, 0.9)
    ]


def test_a_logarithmic_axis() -> None:
    """Points stand at equal ratios, the ends are exact, and decades are round."""
    found = grid(**adam(lr={"log": [0.001, 10], "points": 5}))
    assert [cell.hyperparameters["lr"] for cell in found] == [0.001, 0.01, 0.1, 1.0, 10.0]
    found = grid(**adam(lr={"log": [0.03, 3], "points": 5}))
    values = np.array([cell.hyperparameters["lr"] for cell in found])
    assert values[[0, 2, -1]].tolist() == [0.03, 0.3, 3.0]
    np.testing.assert_allclose(values[1:] / values[:-1], 10**0.5, rtol=1e-10)


@given(st.integers(1, 40), st.floats(1e-8, 1e8), st.floats(1e-8, 1e8))
def test_a_logarithmic_axis_keeps_its_ends(points: int, low: float, high: float) -> None:
    """As many points as asked for, from the one end to the other, to twelve digits."""
    (entry,) = adam(lr={"log": [low, high], "points": points})["optimizers"]
    values = [cell.hyperparameters["lr"] for cell in grid(optimizers=[entry], problem={"use": "parabola"})]
    assert values[0] == pytest.approx(low, rel=1e-11)
    assert len(values) == len(set(values)) <= points
    if points > 1:
        assert values[-1] == pytest.approx(high, rel=1e-11)


def test_a_linear_axis() -> None:
    """Points stand at equal distances."""
    found = grid(**adam(lr=0.1, beta1={"linear": [0.5, 0.9], "points": 3}))
    assert [cell.hyperparameters["beta1"] for cell in found] == pytest.approx([0.5, 0.7, 0.9])
    found = grid(**adam(lr=0.1, beta1={"linear": [0.5, 0.9], "points": 1}))
    assert [cell.hyperparameters["beta1"] for cell in found] == [0.5]
