"""Memory that begins at a line of the cache."""

from __future__ import annotations

import mmap
import sys
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optilab.compiler.memory import LARGE, LINE, PAGE, aligned, aligned_zeros


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


on_linux = pytest.mark.skipif(sys.platform != "linux", reason="the system isn't asked for large pages")


@on_linux
@pytest.mark.parametrize("size", [LARGE, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE - 8])
def test_many_zeros_begin_at_a_large_page(size: int) -> None:
    """They fill as few pages as can be, are not lost while a part of them is kept, and overlap with no others."""
    zeros, other = aligned_zeros(size, np.uint8), aligned_zeros(size, np.uint8)
    assert zeros.ctypes.data % PAGE == other.ctypes.data % PAGE == 0
    assert (zeros.size, zeros.flags.writeable) == (size, True)
    assert not zeros.any()
    other[:] = 1
    zeros[:] = 2
    end = zeros[-5:]
    del zeros
    assert end.tolist() == 5 * [2]
    assert int(other.sum()) == size


class Mapped(mmap.mmap):
    """Memory whose kernel was asked for large pages, and knows none."""

    asked: ClassVar[list[object]] = []

    def madvise(self, *advice: Any) -> None:
        """Note the question, and refuse."""
        self.asked.append(advice)
        raise OSError(22, "Invalid argument")


@on_linux
def test_a_kernel_that_knows_no_large_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked once, and what it gives in usual pages serves."""
    monkeypatch.setattr(mmap, "mmap", Mapped)
    monkeypatch.setattr(Mapped, "asked", [])
    zeros = aligned_zeros(PAGE, np.float32)
    assert (zeros.size, zeros.ctypes.data % LINE) == (PAGE, 0)
    assert not zeros.any()
    assert Mapped.asked == [(mmap.MADV_HUGEPAGE,)]


@pytest.mark.parametrize("system", ["linux", "darwin", "win32"])
def test_zeros_without_large_pages(monkeypatch: pytest.MonkeyPatch, system: str) -> None:
    """Where the system gives no memory for them, and where it isn't asked, they lie in usual memory."""

    def fails(*_: Any, **__: Any) -> None:
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(mmap, "mmap", fails)
    zeros = aligned_zeros(PAGE, np.float32)
    assert (zeros.size, zeros.ctypes.data % LINE) == (PAGE, 0)
    assert not zeros.any()
    with pytest.raises(MemoryError):
        aligned_zeros(2**60, np.float32)


@given(n=st.integers(1, 3000), skip=st.integers(0, 3))
def test_a_copy_begins_at_a_line(n: int, skip: int) -> None:
    """With the numbers of the vector, which is no part of it."""
    vector = np.arange(n + skip, dtype=np.float32)[skip:]
    copy = aligned(vector)
    np.testing.assert_array_equal(copy, vector, strict=True)
    assert copy.ctypes.data % LINE == 0
    assert not np.shares_memory(copy, vector)
