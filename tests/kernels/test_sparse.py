"""The first layer on sparse pixels against dense products in NumPy, narrow and wide, for few examples and many."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st
from kernels.pixels import make_network, make_pixels
from kernels.pointers import place

from optilab.compiler.jit import jit
from optilab.compiler.types import LAYER
from optilab.datasets.examples import Sparse
from optilab.kernels.products import copy
from optilab.kernels.sparse import (
    ABREAST,
    CAN_BE_ABREAST,
    add_transposed_sparse,
    add_transposed_sparse_abreast,
    aside,
    multiply_sparse,
    multiply_sparse_abreast,
    pack_deltas,
    set_rows_of_gradient,
    spread_out,
)

PRECISIONS = ["float32", "float64"]
GUARD = 77.0  # around the memory that a kernel may write


@jit
def add_transposed(delta, g, matrix, network, rows, integers, reals, first_block):
    """`add_transposed_sparse` of an array."""
    add_transposed_sparse(place(delta, 0), g, matrix, network, rows, integers, reals, first_block)


def make_layer(offset: int, inputs: int, columns: int) -> Any:
    """The record of a weight matrix."""
    return np.array([(offset, inputs * columns, inputs, columns, 0, 0, 0, 0, 0)], LAYER)[0]


shapes = {
    "examples": st.integers(1, 9),
    "batch": st.integers(1, 40),
    "inputs": st.integers(1, 60) | st.sampled_from([450, 1500]),
    "columns": st.integers(1, 40) | st.sampled_from([64, 65, 100, 128, 150]),
    "share": st.sampled_from([0.0, 0.1, 0.5, 1.0]),
    "offset": st.integers(0, 5),
    "seed": st.integers(0, 10_000),
}


@pytest.mark.parametrize("precision", PRECISIONS)
@example_settings(max_examples=100)
@given(**shapes, with_gradient=st.booleans())
def test_the_layer_is_the_dense_one(
    precision: str,
    examples: int,
    batch: int,
    inputs: int,
    columns: int,
    share: float,
    offset: int,
    seed: int,
    with_gradient: bool,
) -> None:
    """The sums x W + b and x^T delta over any rows are NumPy's, wherever W lies in the weights, and nothing else is written.

    Rows that are spread out for the sums alone give the same.
    """
    x = make_pixels(examples, inputs, share, seed)
    random = np.random.default_rng(seed)
    rows = random.integers(0, examples, batch)
    network, reals, integers = make_network(x, precision, batch)
    end = offset + inputs * columns
    w = random.normal(size=end + columns + 3).astype(precision)
    memory = np.full(batch * columns + 32, GUARD, precision)
    layer = make_layer(offset, inputs, columns)
    scale = w.dtype.type(1 / 255)
    spread_out(layer, network, rows, scale, with_gradient, integers, reals)
    multiply_sparse(w, layer, network, rows, integers, reals, memory[16:])

    chosen, matrix, bias = x[rows] / 255, w[offset:end].reshape(inputs, columns).astype(float), w[end : end + columns]
    size = chosen @ np.abs(matrix) + np.abs(bias) + 1e-30
    error = np.abs(memory[16:-16].reshape(batch, columns) - (chosen @ matrix + bias)) / size
    bound = 1e-6 if precision == "float32" else 1e-14
    assert error.max() <= bound
    assert (memory[:16] == GUARD).all()
    assert (memory[-16:] == GUARD).all()

    delta = random.normal(size=(batch, columns)).astype(precision)
    before = random.normal(size=w.size).astype(precision)
    spread_out(layer, network, rows, scale, True, integers, reals)
    for first_block in (True, False):
        g = before.copy()
        add_transposed(delta.ravel(), g, layer, network, rows, integers, reals, first_block)
        start = np.zeros_like(matrix) if first_block else before[offset:end].reshape(inputs, columns)
        size = np.abs(start) + chosen.T @ np.abs(delta.astype(float)) + 1e-30
        error = np.abs(g[offset:end].reshape(inputs, columns) - (start + chosen.T @ delta.astype(float))) / size
        assert error.max() <= bound
        np.testing.assert_array_equal(g[:offset], before[:offset])
        np.testing.assert_array_equal(g[end:], before[end:])


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("batch", [5, 12])
@pytest.mark.parametrize("columns", [*range(1, 41), 63, 64, 65, 300, 1100])
def test_layers_of_every_width(columns: int, batch: int, precision: str) -> None:
    """With whole numbers the products are exact, for each number of columns from 1 to 40, and for wide layers."""
    x = make_pixels(batch, 33, 0.3, columns)
    random = np.random.default_rng(columns)
    network, reals, integers = make_network(x, precision, batch)
    w = random.integers(-9, 10, 34 * columns).astype(precision)
    z, layer, one = np.zeros(batch * columns, precision), make_layer(0, 33, columns), w.dtype.type(1)
    rows = np.arange(batch)
    spread_out(layer, network, rows, one, True, integers, reals)
    multiply_sparse(w, layer, network, rows, integers, reals, z)
    matrix, bias = w[: 33 * columns].reshape(33, columns), w[33 * columns :]
    np.testing.assert_array_equal(z.reshape(batch, columns), x.astype(int) @ matrix + bias)

    delta = random.integers(-9, 10, (batch, columns)).astype(precision)
    g = np.ones(34 * columns, precision)
    add_transposed(delta.ravel(), g, layer, network, rows, integers, reals, False)
    np.testing.assert_array_equal(g[: 33 * columns].reshape(33, columns), 1 + x.astype(int).T @ delta)


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


@jit
def four_at(array, apart):
    """Pointers to four vectors in an array, so far apart."""
    return place(array, 0), place(array, apart), place(array, 2 * apart), place(array, 3 * apart)


@jit
def multiply_abreast(ws, apart, matrix, network, rows, integers, reals, zs):
    """`multiply_sparse_abreast` of weights so far apart, with what each run keeps aside copied to zs."""
    multiply_sparse_abreast(four_at(ws, apart), matrix, network, rows, integers, reals)
    size = rows.size * matrix.columns
    for k in range(4):
        copy(size, aside(matrix, network, reals)[k], place(zs, k * size))


@jit
def add_abreast(deltas, gs, apart, matrix, network, rows, integers, reals):
    """`add_transposed_sparse_abreast` of deltas that are put aside first."""
    size = rows.size * matrix.columns
    for k in range(4):
        copy(size, place(deltas, k * size), aside(matrix, network, reals)[k])
    add_transposed_sparse_abreast(four_at(gs, apart), matrix, network, rows, integers, reals)


@pytest.mark.skipif(not CAN_BE_ABREAST, reason="the registers of this processor don't hold the sums of four runs")
@pytest.mark.parametrize("precision", PRECISIONS)
@example_settings(max_examples=100)
@given(
    **shapes
    | {"columns": st.integers(1, 63), "batch": st.integers(1, 256), "inputs": st.sampled_from([1, 40, 392, 393, 900])}
)
def test_four_runs_at_once(
    precision: str, examples: int, batch: int, inputs: int, columns: int, share: float, offset: int, seed: int
) -> None:
    """Each has the bits that it has alone, forwards and in its gradient, and no memory is written that isn't the module's."""
    columns = min(columns, 63 if precision == "float32" else 31)
    x = make_pixels(examples, inputs, share, seed)
    random = np.random.default_rng(seed)
    rows = random.integers(0, examples, batch)
    network, room, integers = make_network(x, precision, batch)
    guarded = np.concatenate([room, np.full(64, GUARD, precision)])
    reals = guarded[: room.size]
    n, layer = offset + (inputs + 1) * columns, make_layer(offset, inputs, columns)
    ws, before = random.normal(size=(2, ABREAST, n)).astype(precision)
    deltas = random.normal(size=(ABREAST, batch * columns)).astype(precision)
    spread_out(layer, network, rows, ws.dtype.type(1 / 255), True, integers, reals)
    alone, gs = np.zeros_like(deltas), before.copy()
    for k in range(ABREAST):
        multiply_sparse(ws[k], layer, network, rows, integers, reals, alone[k])
        add_transposed(deltas[k], gs[k], layer, network, rows, integers, reals, False)
    together, together_gs = np.zeros_like(deltas), before.copy()
    multiply_abreast(ws.ravel(), n, layer, network, rows, integers, reals, together.ravel())
    add_abreast(deltas.ravel(), together_gs.ravel(), n, layer, network, rows, integers, reals)
    np.testing.assert_array_equal(together, alone)
    np.testing.assert_array_equal(together_gs, gs)
    assert (guarded[room.size :] == GUARD).all()


@jit
def set_rows(delta, w, g, first, end, matrix, network, rows, integers, reals):
    """`set_rows_of_gradient` of an array of deltas, which are packed first."""
    pack_deltas(place(delta, 0), matrix, network, rows, integers, reals)
    set_rows_of_gradient(w, g, first, end, matrix, network, rows, integers, reals)


@pytest.mark.parametrize("precision", PRECISIONS)
@example_settings(max_examples=60)
@given(
    **shapes | {"columns": st.sampled_from([64, 65, 100, 128, 150, 300]), "batch": st.integers(8, 60)}, data=st.data()
)
def test_rows_of_the_gradient(
    precision: str,
    examples: int,
    batch: int,
    inputs: int,
    columns: int,
    share: float,
    offset: int,
    seed: int,
    data: st.DataObject,
) -> None:
    """Any of them have the bits that they have in the whole, and no memory is written that isn't theirs or the module's."""
    first = data.draw(st.integers(0, inputs - 1))
    end = data.draw(st.integers(first + 1, inputs))
    x = make_pixels(examples, inputs, share, seed)
    random = np.random.default_rng(seed)
    rows = random.integers(0, examples, batch)
    network, room, integers = make_network(x, precision, batch, columns)
    guarded = np.concatenate([room, np.full(64, GUARD, precision)])
    reals, layer = guarded[: room.size], make_layer(offset, inputs, columns)
    w = random.normal(size=offset + (inputs + 1) * columns).astype(precision)
    delta = random.normal(size=batch * columns).astype(precision)
    spread_out(layer, network, rows, w.dtype.type(1 / 255), True, integers, reals)
    whole, g = np.zeros_like(w), np.full((end - first) * columns + 8, GUARD, precision)
    add_transposed(delta, whole, layer, network, rows, integers, reals, True)
    set_rows(delta, w, g, first, end, layer, network, rows, integers, reals)
    wanted = whole[offset:][: inputs * columns].reshape(inputs, columns)[first:end]
    np.testing.assert_array_equal(g[:-8].reshape(-1, columns), wanted)
    assert (g[-8:] == GUARD).all()
    assert (guarded[room.size :] == GUARD).all()
