"""Sums of rows and their counterpart against NumPy; with whole numbers they are exact."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st
from kernels.pointers import all_moved, nowhere, place

from optilab.compiler.jit import jit
from optilab.kernels.rows import add_to_rows, add_to_rows_abreast, summing, summing_abreast

PRECISIONS = ["float32", "float64"]
GUARD = 77.0


def make_sum(chains: int) -> Any:
    """`sum_rows` of arrays with so many sums kept apart; an empty `start` is nowhere."""
    sum_rows = summing(chains)

    @jit
    def run(columns, w, offsets, numbers, first, end, out, to, start):
        at = place(out, to)
        begin = place(start, 0) if start.size > 0 else nowhere(at)
        sum_rows(columns, place(w, 0), place(offsets, 0), place(numbers, 0), first, end, at, begin)

    return run


SUMS = {chains: make_sum(chains) for chains in (1, 2, 4)}


@jit
def add_rows(columns, g, offsets, numbers, first, end, delta):
    """`add_to_rows` of arrays."""
    add_to_rows(columns, place(g, 0), place(offsets, 0), place(numbers, 0), first, end, place(delta, 0))


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("chains", SUMS)
@example_settings(max_examples=60)
@given(columns=st.integers(1, 140), pixels=st.integers(0, 23), first=st.integers(0, 5), started=st.booleans())
def test_rows_are_summed(chains: int, precision: str, columns: int, pixels: int, first: int, started: bool) -> None:
    """The rows that the list names are summed with their numbers, from a start or from nothing, and only the sum is written."""
    random = np.random.default_rng(columns + 1000 * pixels)
    w = random.integers(-9, 10, (12, columns)).astype(precision)
    rows = random.integers(0, 12, first + pixels + 3)
    numbers = random.integers(-9, 10, rows.size).astype(precision)
    start = random.integers(-9, 10, columns if started else 0).astype(precision)
    memory = np.full(columns + 30, GUARD, precision)
    offsets = (rows * columns).astype(np.int32)
    SUMS[chains](columns, w.ravel(), offsets, numbers, first, first + pixels, memory, 10, start)
    chosen = slice(first, first + pixels)
    expected = numbers[chosen] @ w[rows[chosen]] + (start if started else 0)
    np.testing.assert_array_equal(memory[10:-20], expected)
    assert (memory[:10] == GUARD).all()
    assert (memory[-20:] == GUARD).all()


@pytest.mark.parametrize("precision", PRECISIONS)
@example_settings(max_examples=60)
@given(columns=st.integers(1, 140), pixels=st.integers(0, 23), first=st.integers(0, 5))
def test_rows_are_added_to(precision: str, columns: int, pixels: int, first: int) -> None:
    """Each row that the list names gets its number times delta, also where it is named twice; nothing else is written."""
    random = np.random.default_rng(columns + 1000 * pixels)
    before = random.integers(-9, 10, (12, columns)).astype(precision)
    rows = random.integers(0, 12, first + pixels + 3)
    numbers, delta = (random.integers(-9, 10, n).astype(precision) for n in (rows.size, columns))
    g = np.concatenate([before.ravel(), np.full(40, GUARD, precision)])
    add_rows(columns, g, (rows * columns).astype(np.int32), numbers, first, first + pixels, delta)
    expected = before.copy()
    for row, number in zip(rows[first : first + pixels], numbers[first : first + pixels], strict=True):
        expected[row] += number * delta
    np.testing.assert_array_equal(g[:-40].reshape(12, columns), expected)
    assert (g[-40:] == GUARD).all()


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("chains", SUMS)
def test_a_column_has_the_same_bits_in_any_company(chains: int, precision: str) -> None:
    """A column's sum doesn't depend on how many columns are summed with it."""
    random = np.random.default_rng(chains)
    w, numbers = random.normal(size=(9, 128)).astype(precision), random.normal(size=37).astype(precision)
    rows, whole = random.integers(0, 9, 37), np.zeros(128, precision)
    SUMS[chains](128, w.ravel(), (rows * 128).astype(np.int32), numbers, 0, 37, whole, 0, whole[:0])
    for columns in (1, 5, 16, 40, 100):
        some = np.zeros(columns, precision)
        SUMS[chains](columns, w.ravel(), (rows * 128).astype(np.int32), numbers, 0, 37, some, 0, some[:0])
        np.testing.assert_array_equal(some, whole[:columns])


sum_abreast = summing_abreast(4)


@jit
def several(array, apart):
    """Pointers to three vectors in an array, so far apart."""
    return place(array, 0), place(array, apart), place(array, 2 * apart)


@jit
def run_abreast(columns, w, offsets, numbers, first, end, out, start, at):
    """`sum_rows_abreast`, then `add_to_rows_abreast`, of three matrices that lie one after another; an empty `start` is nowhere."""
    matrices, outs = all_moved(several(w, w.size // 3), at), all_moved(several(out, out.size // 3), at)
    none = nowhere(place(out, 0))
    begin = several(start, columns) if start.size > 0 else (none, none, none)
    offset, number = place(offsets, 0), place(numbers, 0)
    sum_abreast(columns, matrices, offset, number, first, end, outs, begin)
    add_to_rows_abreast(columns, matrices, offset, number, first, end, outs)


@pytest.mark.parametrize("precision", PRECISIONS)
@example_settings(max_examples=60)
@given(columns=st.integers(1, 16), pixels=st.integers(0, 23), first=st.integers(0, 5), started=st.booleans())
def test_several_matrices_at_once(precision: str, columns: int, pixels: int, first: int, started: bool) -> None:
    """Each has the bits that it has alone, in its sums and in what is added to its rows, and nothing else is written."""
    columns = min(columns, 64 // np.dtype(precision).itemsize)
    random = np.random.default_rng(columns + 1000 * pixels)
    w = random.normal(size=(3, 12 * columns + 9)).astype(precision)
    numbers = random.normal(size=first + pixels + 3).astype(precision)
    offsets = (random.integers(0, 12, numbers.size) * columns).astype(np.int32)
    start = random.normal(size=3 * columns if started else 0).astype(precision)
    expected, sums = w.copy(), np.full((3, columns + 9), GUARD, precision)
    for k in range(3):
        own = start[k * columns : (k + 1) * columns]
        SUMS[4](columns, w[k, 4:], offsets, numbers, first, first + pixels, sums[k], 4, own)
        add_rows(columns, expected[k, 4:], offsets, numbers, first, first + pixels, sums[k, 4:])
    found = np.full((3, columns + 9), GUARD, precision)
    run_abreast(columns, w.ravel(), offsets, numbers, first, first + pixels, found.ravel(), start, 4)
    np.testing.assert_array_equal(found, sums)
    np.testing.assert_array_equal(w, expected)
