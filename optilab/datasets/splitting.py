"""Which examples are kept for testing, where a dataset has no test part."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]


def split(count: int, fraction: float, seed: int, classes: Rows | None = None) -> tuple[Rows, Rows]:
    """Rows of the training and of the test part, each in order.

    classes: the class of each example; each class then has its share in both parts, as far as whole numbers go, and at
        least one example in the training part.
    """
    order = np.random.default_rng(seed).permutation(count)
    wanted = min(round(fraction * count), count - 1)
    if classes is None:
        return np.sort(order[wanted:]), np.sort(order[:wanted])
    sizes = np.bincount(classes)
    quotas = np.minimum(np.floor(fraction * sizes).astype(np.int64), np.maximum(sizes - 1, 0))
    by_remainder = np.argsort(-(fraction * sizes - quotas), kind="stable")
    for k in [k for k in by_remainder if quotas[k] < sizes[k] - 1][: max(wanted - int(quotas.sum()), 0)]:
        quotas[k] += 1
    rank = np.zeros(count, np.int64)  # of an example among those of its class, in the order drawn
    for k in range(len(sizes)):
        of_class = order[classes[order] == k]
        rank[of_class] = np.arange(len(of_class))
    tested = rank < quotas[classes]
    return np.flatnonzero(~tested), np.flatnonzero(tested)
