"""How much arithmetic and traffic an epoch needs at least: what its time is compared to the core's limits by.

Operations are additions and multiplications of matrix products, where the inputs of the first layer count only if they
are not zero: 2 each in the forward pass, 2 in the gradient of the weights, and 2 in that of a layer's inputs, which the
first layer doesn't need. Activations, the cost and the update count as nothing.

Traffic is what has to be read at least: each feature once, as optilab stores it, and at each step the weights, the gradient and
the optimizer's memory once. It comes from the cache that holds weights, gradient and memory.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from speed.cases import Case
from speed.data import data, sizes_of

_FLOAT = 4  # bytes
_MEMORY = {"sgd": 0, "adam": 2}  # numbers a weight


@dataclass(frozen=True)
class Work:
    """Of one run and epoch: operations, bytes read, and bytes of weights, gradient and memory."""

    operations: float
    traffic: float
    held: float


def weights_of(sizes: Sequence[int]) -> int:
    """Number of weights and biases."""
    return sum(rows * columns + columns for rows, columns in itertools.pairwise(sizes))


def work_of(case: Case) -> Work:
    """The work of one run of a case."""
    found, sizes = data(case.data), sizes_of(case)
    examples = len(found.y)
    return work(sizes, examples, found.nonzero, found.stored, -(-examples // case.batch), _MEMORY[case.rule])


def work(sizes: Sequence[int], examples: int, nonzero: int, stored: int, steps: int, memory: int) -> Work:
    """The work of an epoch.

    nonzero: features of all examples that are not zero. stored: bytes of a feature. memory: numbers a weight that the
    optimizer keeps.
    """
    later = sum(rows * columns for rows, columns in itertools.pairwise(sizes[1:]))
    held = _FLOAT * weights_of(sizes) * (2 + memory)
    return Work(
        operations=4.0 * nonzero * sizes[1] + 6.0 * examples * later,
        traffic=float(stored * examples * sizes[0] + steps * held),
        held=float(held),
    )
