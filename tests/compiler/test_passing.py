"""The data of networks in memory: compiled code reads there what was written down, and it stays as long as it may be read."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numba
import numpy as np
import pytest
from numba.core.registry import cpu_target

from optilab.compiler.passing import in_memory, network_of
from optilab.compiler.types import NetworkData, context_without_examples, signatures
from optilab.problems.layers import plain_vector
from optilab.problems.problem import Precision

PRECISIONS = ("float32", "float64")


def data_of(precision: Precision) -> NetworkData:
    """Another number at every place."""
    random = np.random.default_rng(0)
    return NetworkData(
        starts=np.array([0, 2, 3]),
        columns=np.array([5, 6, 7], np.uint16),
        values=np.array([8, 9, 10], np.uint8),
        pixels=random.integers(0, 256, (2, 3), np.uint8),
        features=random.random((4, 5)).astype(precision),
        targets=random.random((2, 6)).astype(precision),
        activations=np.array([1, 2]),
        cost=11,
        block=12,
        most_pixels=13,
        turned=14,
        neurons=15,
        prepare=16,
        block_cost=2**40 + 17,
    )


_network_of: Any = network_of  # its other argument is Numba's


@numba.njit
def read(context):
    """All that compiled code finds."""
    return _network_of(context)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_compiled_code_reads_what_was_written(precision: Precision) -> None:
    """Arrays with their shapes and numbers, to the bit."""
    data = data_of(precision)
    context = context_without_examples(plain_vector(2), [], precision)._replace(network=in_memory(data))
    for wanted, found in zip(data, read(context), strict=True):
        np.testing.assert_array_equal(found, wanted, strict=isinstance(wanted, np.ndarray))


@pytest.mark.parametrize("precision", PRECISIONS)
def test_there_are_as_many_numbers_as_compiled_code_reads(precision: Precision) -> None:
    """Of eight bytes each."""
    target = cpu_target.target_context
    kind = target.get_value_type(signatures(precision).network)
    assert 8 * in_memory(data_of(precision)).size == target.get_abi_sizeof(kind)


def test_arrays_are_there_as_long_as_what_was_written() -> None:
    """Also where nobody else has them."""
    data = data_of("float32")
    features = weakref.ref(data.features)
    kept = in_memory(data)[:]
    del data
    gc.collect()
    assert features() is not None
    del kept
    gc.collect()
    assert features() is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("targets", np.zeros((2, 2))),
        ("starts", np.zeros(3, np.int32)),
        ("features", np.zeros((4, 5), np.float32).T),
        ("block", 2.0),
    ],
)
def test_another_type_is_refused(name: str, value: Any) -> None:
    """Compiled code would read it as what it isn't."""
    with pytest.raises(TypeError, match=f"^{name} is .*, and compiled code takes "):
        in_memory(data_of("float32")._replace(**{name: value}))
