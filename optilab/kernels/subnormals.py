"""Numbers too small to be normal, below 1.2e-38 in float32: taken for zero, for a processor computes with them many times slower.

What an optimizer remembers of a weight whose gradient stays zero, as at the rim of a picture, decays into them and stays there.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from optilab.compiler import modules
from optilab.compiler.calls import direct
from optilab.kernels.control import SUBNORMALS_ARE_ZERO, control


@cache
def compiled_control() -> Any:
    """`kernels.control.control`, compiled."""
    return direct(modules.entries("control", "float64", control=control).control)


@contextmanager
def taken_for_zero() -> Iterator[None]:
    """Within this block subnormal numbers are zero in all that this thread computes, in compiled code and in NumPy."""
    exchange = compiled_control()
    before = exchange(SUBNORMALS_ARE_ZERO)
    try:
        yield
    finally:
        exchange(before)
