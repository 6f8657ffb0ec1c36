"""Memory for compiled code, aligned to a line of the cache: a vector that lies across two lines takes twice as long to load."""

from __future__ import annotations

import mmap
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

LINE = 64  # bytes
# A large page: what knows where pages are in memory has a place for one instead of for the 512 usual ones in it.
PAGE = 2**21  # bytes
_HAS_LARGE_PAGES = hasattr(mmap, "MADV_HUGEPAGE")  # on Linux


def aligned_zeros(n: int, dtype: DTypeLike) -> NDArray[Any]:
    """N zeros; in large pages, if they fill half of one and the system has some to give."""
    size = n * np.dtype(dtype).itemsize
    large = _HAS_LARGE_PAGES and size >= PAGE // 2
    memory = _large_pages(size + PAGE) if large else np.zeros(size + LINE, np.uint8)
    skip = -memory.ctypes.data % (PAGE if large else LINE)
    return memory[skip : skip + size].view(dtype)


def _large_pages(size: int) -> NDArray[np.uint8]:
    """Memory of at least so many bytes, zeros, for which the system is asked for large pages."""
    private = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS  # what is shared with other processes gets none
    memory = mmap.mmap(-1, -(-size // PAGE) * PAGE, flags=private)
    with suppress(OSError):  # a kernel that knows none
        memory.madvise(mmap.MADV_HUGEPAGE)
    return np.frombuffer(memory, np.uint8)


def aligned(vector: NDArray[np.floating]) -> NDArray[np.floating]:
    """A copy of a vector."""
    copy = aligned_zeros(vector.size, vector.dtype)
    copy[:] = vector
    return copy
