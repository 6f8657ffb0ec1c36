"""Memory that begins at a line of the cache."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optilab.compiler.memory import LINE, aligned, aligned_zeros


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32])
@given(n=st.integers(0, 3000))
def test_zeros_begin_at_a_line(dtype: type, n: int) -> None:
    """So many, of the kind that is asked for, to be written to."""
    zeros = aligned_zeros(n, dtype)
    assert (zeros.size, zeros.ctypes.data % LINE if n else 0) == (n, 0)
    assert zeros.dtype == dtype
    assert not zeros.any()
    assert zeros.flags.writeable
    assert zeros.flags.c_contiguous


@given(n=st.integers(1, 3000), skip=st.integers(0, 3))
def test_a_copy_begins_at_a_line(n: int, skip: int) -> None:
    """With the numbers of the vector, which is no part of it."""
    vector = np.arange(n + skip, dtype=np.float32)[skip:]
    copy = aligned(vector)
    np.testing.assert_array_equal(copy, vector, strict=True)
    assert copy.ctypes.data % LINE == 0
    assert not np.shares_memory(copy, vector)
