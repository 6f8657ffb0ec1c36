"""Memory that begins at a line of the cache."""

from __future__ import annotations

import mmap

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optilab.compiler import memory
from optilab.compiler.memory import LINE, PAGE, aligned, aligned_zeros


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


@pytest.mark.parametrize("size", [PAGE // 2, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE - 8])
def test_many_zeros_begin_at_a_large_page(size: int) -> None:
    """To be in as few of these as possible, all theirs; they stay when only a part of them is kept, and two don't overlap."""
    if not memory._HAS_LARGE_PAGES:
        pytest.skip("no large pages on this system")
    zeros, other = aligned_zeros(size, np.uint8), aligned_zeros(size, np.uint8)
    assert zeros.ctypes.data % PAGE == other.ctypes.data % PAGE == 0
    assert (zeros.size, zeros.flags.writeable) == (size, True)
    assert not zeros.any()
    other[:] = 1
    zeros[:] = 2
    end = zeros[-5:]
    del zeros
    assert end.tolist() == 5 * [2]
    assert other.all()
    assert int(other.sum()) == size


@pytest.mark.parametrize("fault", ["none", "unknown to the kernel"])
def test_zeros_without_large_pages(monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    """A system that has none, or a kernel that refuses them, gives usual memory."""

    class Refused(mmap.mmap):
        def madvise(self, *_: object) -> None:
            raise OSError(22, "Invalid argument")

    if fault == "none":
        monkeypatch.setattr(memory, "_HAS_LARGE_PAGES", False)
    elif memory._HAS_LARGE_PAGES:
        monkeypatch.setattr(mmap, "mmap", Refused)
    zeros = aligned_zeros(PAGE, np.float32)
    assert (zeros.size, zeros.ctypes.data % LINE) == (PAGE, 0)
    assert not zeros.any()


@given(n=st.integers(1, 3000), skip=st.integers(0, 3))
def test_a_copy_begins_at_a_line(n: int, skip: int) -> None:
    """With the numbers of the vector, which is no part of it."""
    vector = np.arange(n + skip, dtype=np.float32)[skip:]
    copy = aligned(vector)
    np.testing.assert_array_equal(copy, vector, strict=True)
    assert copy.ctypes.data % LINE == 0
    assert not np.shares_memory(copy, vector)
