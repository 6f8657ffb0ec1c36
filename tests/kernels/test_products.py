"""Products of matrices, transposition and sums of columns against NumPy; with whole numbers they are exact."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st
from kernels.pointers import nowhere, place

from optilab.compiler.jit import jit
from optilab.kernels import products

PRECISIONS = ["float32", "float64"]
GUARD = 77.0  # around the memory that a kernel may write


@jit
def multiply(rows, columns, terms, a, at, down, along, b, c, c_at, c_down, first, first_down):
    """`product` of arrays; an empty `first` is nowhere."""
    out = place(c, c_at)
    start = place(first, 0) if first.size > 0 else nowhere(out)
    products.product(
        rows, columns, terms, place(a, at), down, along, place(b, 0), columns, out, c_down, start, first_down
    )


@jit
def transposed(rows, columns, a, out):
    """`transpose` of arrays."""
    products.transpose(rows, columns, place(a, 0), place(out, 0))


@jit
def column_sums(rows, columns, a, out, first_block):
    """`sum_columns` of arrays."""
    products.sum_columns(rows, columns, place(a, 0), place(out, 0), first_block)


@jit
def copied(n, source, at, target, to):
    """`copy` of arrays."""
    products.copy(n, place(source, at), place(target, to))


shapes = {"rows": st.integers(1, 21), "columns": st.integers(1, 70), "terms": st.integers(1, 30)}


@pytest.mark.parametrize("precision", PRECISIONS)
@example_settings(max_examples=150)
@given(**shapes, start=st.sampled_from(["nothing", "a row", "c"]), turned=st.booleans(), gap=st.integers(0, 3))
def test_product_is_numpys(
    precision: str, rows: int, columns: int, terms: int, start: str, turned: bool, gap: int
) -> None:
    """The product first + a b is right for every shape, with a as it is or transposed, and nothing beside c is written."""
    random = np.random.default_rng(rows + 100 * columns + 10_000 * terms)
    a, b, row = (
        random.integers(-9, 10, shape).astype(precision) for shape in ((rows, terms), (terms, columns), columns)
    )
    whole = np.full((rows, columns + gap), GUARD, precision)
    whole[:, :columns] = random.integers(-9, 10, (rows, columns))
    before = whole[:, :columns].copy()
    memory = np.concatenate([np.full(9, GUARD, precision), whole.ravel(), np.full(99, GUARD, precision)])
    c = memory[9 : 9 + whole.size].reshape(whole.shape)
    stored, strides = (a.T.ravel(), (1, rows)) if turned else (a.ravel(), (terms, 1))
    first, down = {"nothing": (row[:0], 0), "a row": (row, 0), "c": (memory[9:], columns + gap)}[start]
    multiply(rows, columns, terms, stored, 0, *strides, b.ravel(), memory, 9, columns + gap, first, down)

    added = {"nothing": 0, "a row": row, "c": before}[start]
    np.testing.assert_array_equal(c[:, :columns], added + a @ b)
    assert (c[:, columns:] == GUARD).all()
    assert (memory[:9] == GUARD).all()
    assert (memory[-99:] == GUARD).all()


@pytest.mark.parametrize("precision", PRECISIONS)
@example_settings(max_examples=60)
@given(rows=st.integers(1, 300), columns=st.integers(1, 150), terms=st.integers(1, 800), seed=st.integers(0, 99))
def test_product_rounds_as_little_as_a_sum_may(precision: str, rows: int, columns: int, terms: int, seed: int) -> None:
    """The error of each element is below that bound of a sum of so many terms, and far below in the mean."""
    random = np.random.default_rng(seed)
    a, b = random.normal(size=(rows, terms)).astype(precision), random.normal(size=(terms, columns)).astype(precision)
    c = np.zeros(rows * columns, precision)
    multiply(rows, columns, terms, a.ravel(), 0, terms, 1, b.ravel(), c, 0, columns, c[:0], 0)
    exact = a.astype(np.longdouble) @ b.astype(np.longdouble)
    sizes = np.abs(a).astype(float) @ np.abs(b).astype(float)
    error = np.abs(c.reshape(rows, columns) - exact) / sizes / np.finfo(precision).eps
    assert error.max() <= terms
    assert error.mean() <= 1


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("columns", [1, 10, 16, 33, 64, 100])
def test_a_row_has_the_same_bits_in_any_company(columns: int, precision: str) -> None:
    """A row of a product doesn't depend on the rows beside it, nor a column on the columns to its left that fill its registers."""
    random = np.random.default_rng(columns)
    a, b = random.normal(size=(20, 37)).astype(precision), random.normal(size=(37, columns)).astype(precision)
    c, one = np.zeros(20 * columns, precision), np.zeros(columns, precision)
    multiply(20, columns, 37, a.ravel(), 0, 37, 1, b.ravel(), c, 0, columns, c[:0], 0)
    for i in range(20):
        multiply(1, columns, 37, a.ravel(), 37 * i, 37, 1, b.ravel(), one, 0, columns, one[:0], 0)
        np.testing.assert_array_equal(c.reshape(20, columns)[i], one)
    for j in range(columns):
        alone = np.zeros(20, precision)
        multiply(20, 1, 37, a.ravel(), 0, 37, 1, np.ascontiguousarray(b[:, j]), alone, 0, 1, alone[:0], 0)
        np.testing.assert_array_equal(c.reshape(20, columns)[:, j], alone)


@pytest.mark.parametrize("precision", PRECISIONS)
@example_settings(max_examples=60)
@given(rows=st.integers(1, 70), columns=st.integers(1, 70))
def test_transpose_is_numpys(precision: str, rows: int, columns: int) -> None:
    """Rows become columns for every shape, and nothing beyond is written."""
    a = np.arange(rows * columns, dtype=precision)
    out = np.full(a.size + 20, GUARD, precision)
    transposed(rows, columns, a, out)
    np.testing.assert_array_equal(out[:-20], a.reshape(rows, columns).T.ravel())
    assert (out[-20:] == GUARD).all()


@pytest.mark.parametrize("precision", PRECISIONS)
@example_settings(max_examples=60)
@given(rows=st.integers(1, 40), columns=st.integers(1, 70), first_block=st.booleans())
def test_columns_are_summed(precision: str, rows: int, columns: int, first_block: bool) -> None:
    """Sums of columns are set in the first block and added after it, and nothing beyond is written."""
    a = np.random.default_rng(rows * columns).integers(-9, 10, (rows, columns)).astype(precision)
    out = np.full(columns + 20, GUARD, precision)
    column_sums(rows, columns, a.ravel(), out, first_block)
    np.testing.assert_array_equal(out[:columns], a.sum(axis=0) + (0 if first_block else GUARD))
    assert (out[columns:] == GUARD).all()


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("n", [1, 7, 8, 15, 16, 17, 33, 64])
def test_copy_takes_what_it_is_told(n: int, precision: str) -> None:
    """So many numbers are copied, and none beside them."""
    source, target = np.arange(100, dtype=precision), np.full(100, GUARD, precision)
    copied(n, source, 5, target, 3)
    np.testing.assert_array_equal(target[3 : 3 + n], source[5 : 5 + n])
    assert (np.delete(target, np.arange(3, 3 + n)) == GUARD).all()
