"""Products with sparse pixels against dense products in NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from optilab.datasets.examples import Sparse
from optilab.kernels.sparse import add_transposed, multiply

PRECISIONS = ["float32", "float64"]
GUARD = 77.0  # around the memory that a kernel may write


def make_pixels(examples: int, inputs: int, share: float, seed: int) -> NDArray[np.uint8]:
    """Random pixels, of which about `share` are not zero."""
    random = np.random.default_rng(seed)
    lit = random.random((examples, inputs)) < share
    return np.where(lit, random.integers(1, 256, (examples, inputs)), 0).astype(np.uint8)


shapes = {
    "examples": st.integers(1, 9),
    "inputs": st.integers(1, 60),
    "columns": st.integers(1, 40),
    "share": st.sampled_from([0.0, 0.1, 0.5, 1.0]),
    "offset": st.integers(0, 5),
    "seed": st.integers(0, 10_000),
}


@pytest.mark.parametrize("precision", PRECISIONS)
@example_settings(max_examples=100)
@given(**shapes)
def test_multiply_is_the_dense_product(
    precision: str, examples: int, inputs: int, columns: int, share: float, offset: int, seed: int
) -> None:
    """The product x W over any rows is the dense product, wherever W lies in the weights, and only z is written."""
    x = make_pixels(examples, inputs, share, seed)
    random = np.random.default_rng(seed)
    rows = random.integers(0, examples, random.integers(1, 12))
    w = random.normal(size=offset + inputs * columns + 3).astype(precision)
    matrix = w[offset : offset + inputs * columns].reshape(inputs, columns)
    memory = np.full(rows.size * columns + 32, GUARD, precision)
    z = memory[16:-16].reshape(rows.size, columns)
    multiply(*Sparse.of(x), rows, w, offset, z)

    chosen = x[rows].astype(np.float64)
    scale = chosen @ np.abs(matrix.astype(np.float64)) + 1e-30
    error = np.abs(z - chosen @ matrix.astype(np.float64)) / scale
    assert error.max() <= (1e-6 if precision == "float32" else 1e-14)
    assert (memory[:16] == GUARD).all()
    assert (memory[-16:] == GUARD).all()


@pytest.mark.parametrize("precision", PRECISIONS)
@example_settings(max_examples=100)
@given(**shapes)
def test_add_transposed_is_the_dense_product(
    precision: str, examples: int, inputs: int, columns: int, share: float, offset: int, seed: int
) -> None:
    """x^T delta over any rows is added to the gradient of W, and to nothing beside it."""
    x = make_pixels(examples, inputs, share, seed)
    random = np.random.default_rng(seed)
    rows = random.integers(0, examples, random.integers(1, 12))
    delta = random.normal(size=(rows.size, columns)).astype(precision)
    before = random.normal(size=offset + inputs * columns + 16).astype(precision)
    g = before.copy()
    add_transposed(*Sparse.of(x), rows, delta, g, offset)

    chosen = x[rows].astype(np.float64)
    end = offset + inputs * columns
    expected = before[offset:end].reshape(inputs, columns) + chosen.T @ delta.astype(np.float64)
    scale = np.abs(before[offset:end].reshape(inputs, columns)) + chosen.T @ np.abs(delta.astype(np.float64))
    error = np.abs(g[offset:end].reshape(inputs, columns) - expected) / scale
    assert error.max() <= (1e-6 if precision == "float32" else 1e-14)
    np.testing.assert_array_equal(g[:offset], before[:offset])
    np.testing.assert_array_equal(g[end:], before[end:])


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("columns", [*range(1, 41), 300, 1100])
def test_products_of_every_width(columns: int, precision: str) -> None:
    """With whole numbers the products are exact, for each number of columns from 1 to 40, and for wide layers."""
    x = make_pixels(5, 33, 0.3, columns)
    random = np.random.default_rng(columns)
    matrix = random.integers(-9, 10, (33, columns))
    z = np.zeros((5, columns), precision)
    multiply(*Sparse.of(x), np.arange(5), matrix.ravel().astype(precision), 0, z)
    np.testing.assert_array_equal(z, x.astype(int) @ matrix)

    delta = random.integers(-9, 10, (5, columns))
    g = np.ones(33 * columns, precision)
    add_transposed(*Sparse.of(x), np.arange(5), delta.astype(precision), g, 0)
    np.testing.assert_array_equal(g.reshape(33, columns), 1 + x.astype(int).T @ delta)


def test_pixels_beyond_the_first_256() -> None:
    """Inputs up to number 65,535 and brightness up to 255 are kept whole."""
    x = np.zeros((2, 2**16), np.uint8)
    x[0, 300] = x[1, -1] = 255
    w = np.zeros(2**16)
    w[300], w[-1] = 2, 3
    z = np.zeros((2, 1))
    multiply(*Sparse.of(x), np.arange(2), w, 0, z)
    np.testing.assert_array_equal(z, [[510], [765]])


@example_settings(max_examples=50)
@given(examples=st.integers(1, 9), inputs=st.integers(1, 40), share=shapes["share"], seed=shapes["seed"])
def test_sparse_holds_the_pixels_that_are_not_zero(examples: int, inputs: int, share: float, seed: int) -> None:
    """The sparse form lists the pixels that are not zero, example after example, and nothing else."""
    x = make_pixels(examples, inputs, share, seed)
    starts, columns, values = Sparse.of(x)
    assert starts[0] == 0
    assert starts[-1] == columns.size == values.size == np.count_nonzero(x)
    for row in range(examples):
        lit = np.flatnonzero(x[row])
        np.testing.assert_array_equal(columns[starts[row] : starts[row + 1]], lit)
        np.testing.assert_array_equal(values[starts[row] : starts[row + 1]], x[row, lit])
