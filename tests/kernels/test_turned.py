"""Products with the transpose of a matrix against NumPy; with whole numbers they are exact."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st
from kernels.pointers import place

from optilab.compiler.jit import jit
from optilab.kernels import turned

PRECISIONS = ["float32", "float64"]
GUARD = 77.0  # around the memory that a kernel may write


@jit
def multiply(rows, fan_in, columns, a, w, out, at, room):
    """`product_with_transposed` of arrays."""
    turned.product_with_transposed(rows, fan_in, columns, place(a, 0), place(w, 0), place(out, at), place(room, 0))


@pytest.mark.parametrize("precision", PRECISIONS)
@example_settings(max_examples=150)
@given(rows=st.integers(1, 12), fan_in=st.integers(1, 210), columns=st.integers(1, 200), seed=st.integers(0, 99))
def test_the_product_is_numpys(precision: str, rows: int, fan_in: int, columns: int, seed: int) -> None:
    """For every shape, whether the matrix is transposed or not; nothing beside the product and the room that is asked for is written."""
    random = np.random.default_rng(seed)
    a, w = (random.integers(-9, 10, shape).astype(precision) for shape in ((rows, columns), (fan_in, columns)))
    memory = np.full(9 + rows * fan_in + 99, GUARD, precision)
    needed = turned.room_to_turn([1, fan_in, columns])
    room = np.full(needed + 99, GUARD, precision)
    multiply(rows, fan_in, columns, a.ravel(), w.ravel(), memory, 9, room)
    np.testing.assert_array_equal(memory[9:-99].reshape(rows, fan_in), a @ w.T)
    assert (memory[:9] == GUARD).all()
    assert (memory[-99:] == GUARD).all()
    assert (room[needed:] == GUARD).all()


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize(("rows", "columns"), [(1, 21), (4, 21), (3, 71), (6, 165), (7, 165)])
def test_nothing_beside_the_factors_is_read(precision: str, rows: int, columns: int) -> None:
    """What lies behind the last row is NaN, and would show."""
    random = np.random.default_rng(rows)
    fan_in = 19
    a, w = (random.integers(-9, 10, shape).astype(precision) for shape in ((rows, columns), (fan_in, columns)))
    behind = np.full(200, np.nan, precision)
    out = np.zeros(rows * fan_in, precision)
    room = np.zeros(turned.room_to_turn([1, fan_in, columns]), precision)
    multiply(rows, fan_in, columns, np.append(a, behind), np.append(w, behind), out, 0, room)
    np.testing.assert_array_equal(out.reshape(rows, fan_in), a @ w.T)


@pytest.mark.parametrize(("precision", "unit"), [("float32", 2.0**-24), ("float64", 2.0**-53)])
@example_settings(max_examples=60)
@given(rows=st.integers(1, 6), fan_in=st.integers(1, 40), columns=st.integers(1, 800), seed=st.integers(0, 99))
def test_it_rounds_as_little_as_a_sum_may(
    precision: str, unit: float, rows: int, fan_in: int, columns: int, seed: int
) -> None:
    """The error of a sum of n products is at most n units of rounding of the sum of their sizes (Higham 2002, section 3.1)."""
    random = np.random.default_rng(seed)
    a, w = (random.normal(size=shape).astype(precision) for shape in ((rows, columns), (fan_in, columns)))
    out = np.zeros(rows * fan_in, precision)
    room = np.zeros(turned.room_to_turn([1, fan_in, columns]) + 1, precision)
    multiply(rows, fan_in, columns, a.ravel(), w.ravel(), out, 0, room)
    exact, sizes = (x.astype(np.longdouble) @ y.T.astype(np.longdouble) for x, y in ((a, w), (abs(a), abs(w))))
    assert (abs(out.reshape(rows, fan_in) - exact) <= columns * unit * sizes).all()
