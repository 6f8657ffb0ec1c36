"""How the data of networks is passed: as the address of what would be seventy arguments on the stack, in each of a step's calls.

An array is seven numbers to a compiled function or more, and a named tuple all of its members'. `in_memory` writes them down as
compiled code has them, and `network_of` reads there what it needs of them.
"""

from typing import Any

import numba
import numpy as np
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from optilab.compiler.types import Context, NetworkData, signatures


class _Kept:
    """Memory that keeps the arrays which it holds the addresses of."""

    def __init__(self, network: NetworkData) -> None:
        _check(network)
        self._network, self._memory = (
            network,
            np.array([number for part in network for number in _numbers(part)], np.int64),
        )
        self.__array_interface__ = self._memory.__array_interface__


def in_memory(network: NetworkData) -> NDArray[np.int64]:
    """The data as numbers in memory; while they are there, so are its arrays. TypeError for data of another type than compiled code takes."""
    return np.asarray(_Kept(network))


def _check(network: NetworkData) -> None:
    wanted: Any = signatures(str(network.features.dtype)).network
    for name, part, kind in zip(network._fields, network, wanted.types, strict=True):
        if numba.typeof(part) != kind:
            raise TypeError(f"{name} is {numba.typeof(part)}, and compiled code takes {kind}")


def _numbers(part: Any) -> list[int]:
    """A number, or an array as compiled code has it: two owners, of which it has none, size, size of an entry, address, shape, strides."""
    if np.ndim(part) == 0:
        return [part]
    array: NDArray[Any] = part
    return [0, 0, array.size, array.itemsize, array.ctypes.data, *array.shape, *array.strides]


@intrinsic
def network_of(typing_context, context):
    """The `NetworkData` of a context, for compiled code."""
    scratch, at = (Context._fields.index(name) for name in ("scratch", "network"))
    network = signatures(str(context.types[scratch].dtype)).network

    def build(target, b, sig, args):
        memory = target.make_array(types.int64[::1])(target, b, b.extract_value(args[0], at))
        return b.load(b.bitcast(memory.data, target.get_value_type(network).as_pointer()))

    return network(context), build
