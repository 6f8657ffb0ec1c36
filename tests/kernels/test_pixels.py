"""A block of sparse pixels spread out and sorted, against NumPy."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st
from kernels.pixels import make_network, make_pixels

from optilab.kernels.pixels import AT_ONCE, count_by_pixel, sort_by_pixel, spread

shapes = {
    "examples": st.integers(1, 9),
    "inputs": st.integers(1, 300),
    "share": st.sampled_from([0.0, 0.1, 0.5, 1.0]),
    "part_size": st.sampled_from([1, 7, 50, 400]),
    "seed": st.integers(0, 10_000),
}


@example_settings(max_examples=150)
@given(**shapes)
def test_pixels_are_spread_out(examples: int, inputs: int, share: float, part_size: int, seed: int) -> None:
    """Offsets are columns times the stride, numbers are scaled, and bounds part each example at the multiples of part_size."""
    x = make_pixels(examples, inputs, share, seed)
    rows = np.random.default_rng(seed).integers(0, examples, 5)
    network, _, _ = make_network(x, "float32", 5)
    parts = -(-inputs // part_size)
    offsets, bounds = np.zeros(5 * inputs + AT_ONCE, np.int32), np.zeros(5 * (parts + 1), np.int32)
    numbers = np.zeros(5 * inputs + AT_ONCE, np.float32)
    spread(network, rows, np.float32(0.5), np.int32(3), part_size, parts, offsets, bounds, numbers)
    for row, own in zip(rows, bounds.reshape(5, parts + 1), strict=True):
        for part, (first, end) in enumerate(pairwise(own)):
            low = part * part_size
            (lit,) = x[row, low : low + part_size].nonzero()
            np.testing.assert_array_equal(offsets[first:end], 3 * (low + lit))
            np.testing.assert_array_equal(numbers[first:end], 0.5 * x[row, low + lit])


@pytest.mark.parametrize("precision", ["float32", "float64"])
@example_settings(max_examples=60)
@given(examples=shapes["examples"], inputs=st.integers(1, 60), share=shapes["share"], seed=shapes["seed"])
def test_pixels_are_sorted(precision: str, examples: int, inputs: int, share: float, seed: int) -> None:
    """Those of each column stand together, in the order of the examples, with the example's number times the stride."""
    x = make_pixels(examples, inputs, share, seed)
    rows = np.random.default_rng(seed).integers(0, examples, 6)
    network, _, _ = make_network(x, precision, 6)
    parts = 2
    size = -(-inputs // parts)
    lists: Any = [np.zeros(6 * inputs + AT_ONCE, kind) for kind in (np.int32, precision, np.int32, precision)]
    offsets, numbers, owners, sorted_numbers = lists
    bounds, ends = np.zeros(6 * (parts + 1), np.int32), np.full(inputs, 55, np.int32)
    spread(network, rows, numbers.dtype.type(1), np.int32(1), size, parts, offsets, bounds, numbers)
    count_by_pixel(network, rows, ends)
    np.testing.assert_array_equal(ends, np.count_nonzero(x[rows], axis=0))
    sort_by_pixel(network, rows, parts, bounds, numbers, 7, ends, owners, sorted_numbers)
    for column, (first, end) in enumerate(pairwise([0, *ends])):
        (lit,) = x[rows, column].nonzero()
        np.testing.assert_array_equal(owners[first:end], 7 * lit)
        np.testing.assert_array_equal(sorted_numbers[first:end], x[rows[lit], column])


def test_pixels_beyond_the_first_256() -> None:
    """Inputs up to number 65,535 and brightness up to 255 are kept whole."""
    x = np.zeros((2, 2**16), np.uint8)
    x[0, 300] = x[1, -1] = 255
    network, _, _ = make_network(x, "float64", 2)
    offsets, bounds, numbers = np.zeros(34, np.int32), np.zeros(4, np.int32), np.zeros(34)
    spread(network, np.arange(2), 1.0, np.int32(60), 2**16, 1, offsets, bounds, numbers)
    np.testing.assert_array_equal(offsets[:2], [300 * 60, 65535 * 60])
    np.testing.assert_array_equal(numbers[:2], 255)
