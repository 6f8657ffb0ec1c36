"""Random sparse pixels, and the memory of a network that works on them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from optilab.compiler.types import NetworkData
from optilab.datasets.examples import Sparse
from optilab.kernels.sparse import room_for_pixels


def make_pixels(examples: int, inputs: int, share: float, seed: int) -> NDArray[np.uint8]:
    """Random pixels, of which about `share` are not zero."""
    random = np.random.default_rng(seed)
    lit = random.random((examples, inputs)) < share
    return np.where(lit, random.integers(1, 256, (examples, inputs)), 0).astype(np.uint8)


def make_network(
    x: NDArray[np.uint8], precision: str, block: int, columns: int = 1
) -> tuple[Any, NDArray[Any], NDArray[Any]]:
    """What kernels read of a network on these pixels, and memory for reals and integers."""
    sparse = Sparse.of(x)
    most = int(np.diff(sparse.starts).max(initial=0))
    network = NetworkData.nothing(precision)._replace(**sparse._asdict(), block=block, most_pixels=most)
    reals, integers = room_for_pixels(x.shape[1], columns, block, most)
    return network, np.full(reals, 55, precision), np.full(integers, 55, np.int32)
