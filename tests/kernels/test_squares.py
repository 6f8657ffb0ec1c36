"""Squares transposed in registers against NumPy: whole ones and parts of them, and nothing beside is written."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st
from kernels.pointers import place

from optilab.compiler.jit import jit
from optilab.kernels import squares, vectors

# To the type checker, an intrinsic's first argument would be missing.
transpose_part: Any = squares.transpose_part
transpose_into: Any = squares.transpose_into
square: Any = vectors.square
PRECISIONS = ["float32", "float64"]
GUARD = 77.0


@jit
def turned_part(rows, columns, source, down, target, target_down):
    """`transpose_part` of arrays."""
    transpose_part(rows, columns, place(source, 0), down, place(target, 0), target_down)


@jit
def turned_into(rows, columns, source, down, target):
    """`transpose_into` of an array, by way of the square that a function has."""
    own = square(place(source, 0))
    transpose_into(rows, columns, place(source, 0), down, own)
    for i in range(target.size):
        target[i] = own[i]


@pytest.mark.parametrize("precision", PRECISIONS)
@example_settings(max_examples=60)
@given(rows=st.integers(0, 16), columns=st.integers(0, 16), gaps=st.tuples(st.integers(0, 3), st.integers(0, 3)))
def test_a_part_is_numpys_transpose(precision: str, rows: int, columns: int, gaps: tuple[int, int]) -> None:
    """In rows that lie apart; the memory around them is as it was."""
    lanes = 64 // np.dtype(precision).itemsize
    rows, columns = min(rows, lanes), min(columns, lanes)
    down, target_down = columns + gaps[0], rows + gaps[1]
    source = np.random.default_rng(rows + 100 * columns).random((lanes, max(down, 1))).astype(precision)
    target = np.full((lanes + 1) * max(target_down, 1), GUARD, precision)
    wanted = target.copy()
    for j in range(columns):
        wanted[j * target_down : j * target_down + rows] = source[:rows, j]
    turned_part(rows, columns, source.ravel(), down, target, target_down)
    np.testing.assert_array_equal(target, wanted)


@pytest.mark.parametrize("precision", PRECISIONS)
@example_settings(max_examples=60)
@given(rows=st.integers(1, 16), columns=st.integers(1, 16))
def test_a_square_is_filled_up_with_zeros(precision: str, rows: int, columns: int) -> None:
    """Whatever its memory held before."""
    lanes = 64 // np.dtype(precision).itemsize
    rows, columns = min(rows, lanes), min(columns, lanes)
    source = np.random.default_rng(rows + 100 * columns).random((rows, columns)).astype(precision)
    target = np.full(lanes * lanes, GUARD, precision)
    turned_into(rows, columns, source.ravel(), columns, target)
    wanted = np.zeros((lanes, lanes), precision)
    wanted[:columns, :rows] = source.T
    np.testing.assert_array_equal(target.reshape(lanes, lanes), wanted)
