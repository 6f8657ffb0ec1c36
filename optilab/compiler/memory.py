"""Memory for compiled code, aligned to a line of the cache: a vector that lies across two lines takes twice as long to load.

Vectors that fill most of a large page lie in large pages, where the system has some.
"""

from __future__ import annotations

import mmap
import sys
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

LINE = 64  # bytes
# A large page. The processor remembers where a few thousand pages lie: one of these takes one place, the 512 usual ones in it take 512.
PAGE = 2**21  # bytes
LARGE = PAGE * 3 // 4  # bytes, with which so much of a large page is filled that the rest may be lost


def aligned_zeros(n: int, dtype: DTypeLike) -> NDArray[Any]:
    """N zeros. MemoryError if there is no memory for them."""
    size = n * np.dtype(dtype).itemsize
    memory, line = _large_pages(size + PAGE) if size >= LARGE else None, PAGE
    if memory is None:
        memory, line = np.zeros(size + LINE, np.uint8), LINE
    skip = -memory.ctypes.data % line
    return memory[skip : skip + size].view(dtype)


def _large_pages(size: int) -> NDArray[np.uint8] | None:
    """At least so many bytes, zeros, for which the system is asked for large pages; None if it gives no memory in this way."""
    if sys.platform == "linux":
        private = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS  # memory that processes share gets usual pages
        with suppress(OSError):
            memory = mmap.mmap(-1, -(-size // PAGE) * PAGE, flags=private)
            with suppress(OSError):  # of a kernel that knows none
                memory.madvise(mmap.MADV_HUGEPAGE)
            return np.frombuffer(memory, np.uint8)
    return None


def aligned(vector: NDArray[np.floating]) -> NDArray[np.floating]:
    """A copy of a vector."""
    copy = aligned_zeros(vector.size, vector.dtype)
    copy[:] = vector
    return copy
