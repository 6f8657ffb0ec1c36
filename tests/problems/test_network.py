"""Networks as problems: the layout of their weights, and weights and rows that are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from problems.networks import make_examples, make_network

import optilab
from optilab.compiler.types import BIAS, MATRIX

Array = NDArray[np.float64]


def test_digit_network_has_13002_weights() -> None:
    """784 inputs, two hidden layers of 16 and ten outputs: the default network has 13,002 weights and biases."""
    network = make_network(make_examples(np.zeros((2, 784), np.uint8), np.array([0, 1]), classes=10))
    assert network.n_weights == 13_002 == 784 * 16 + 16 + 16 * 16 + 16 + 16 * 10 + 10
    fields = ["offset", "size", "rows", "columns", "kind"]
    assert network.layers[fields].tolist() == [
        (0, 12_544, 784, 16, MATRIX),
        (12_544, 16, 1, 16, BIAS),
        (12_560, 256, 16, 16, MATRIX),
        (12_816, 16, 1, 16, BIAS),
        (12_832, 160, 16, 10, MATRIX),
        (12_992, 10, 1, 10, BIAS),
    ]


def test_a_weight_matrix_is_fan_in_times_fan_out_and_row_major() -> None:
    """The weight from input i to neuron j stands at i * columns + j, and the biases follow."""
    network = make_network(make_examples(np.zeros((1, 3)), np.zeros((1, 2))), hidden=[])
    w = np.array([1, 10, 2, 20, 3, 30, 0.5, 0.25])
    np.testing.assert_array_equal(network.outputs(w, np.eye(3)), [[1.5, 10.25], [2.5, 20.25], [3.5, 30.25]])


@pytest.mark.parametrize(
    ("w", "rows", "message"),
    [
        (np.zeros(3), None, r"w has shape \(3,\): network has 4 weights"),
        (np.zeros(4), [9], "rows go from 9 to 9: there are 5 examples"),
        (np.zeros(4), [-1], "rows go from -1 to -1: there are 5 examples"),
        (np.zeros(4), [], "expected a list of row numbers"),
        (np.zeros(4), [0.5], "expected a list of row numbers"),
    ],
)
def test_wrong_weights_and_rows(w: Array, rows: list[Any] | None, message: str) -> None:
    """Weights of another shape and rows that don't exist are refused, with what is accepted."""
    network = make_network(make_examples(np.zeros((5, 3)), np.zeros(5)), hidden=[])
    with pytest.raises(optilab.InputError, match=message):
        network.cost(w, rows)
