"""Memory for compiled code, aligned to a line of the cache: a vector that lies across two lines takes twice as long to load."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

LINE = 64  # bytes


def aligned_zeros(n: int, dtype: DTypeLike) -> NDArray[Any]:
    """N zeros."""
    size = n * np.dtype(dtype).itemsize
    memory = np.zeros(size + LINE, np.uint8)
    skip = -memory.ctypes.data % LINE
    return memory[skip : skip + size].view(dtype)


def aligned(vector: NDArray[np.floating]) -> NDArray[np.floating]:
    """A copy of a vector."""
    copy = aligned_zeros(vector.size, vector.dtype)
    copy[:] = vector
    return copy
