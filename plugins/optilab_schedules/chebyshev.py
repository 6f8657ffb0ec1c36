"""Chebyshev steps in fractal order (Agarwal, Goel and Zhang, 2021, arXiv:2103.01338)."""

from functools import lru_cache

import numpy as np

from optilab import hookimpl, schedule


@schedule(ranges={"condition": "[1, inf)"})
def chebyshev(step, total, condition=20.0):
    """Chebyshev steps in fractal order: the best step sizes for gradient descent on quadratics of known curvature.

    multiplier = 1 / ((1 + m/M) / 2 - (1 - m/M) / 2 * cos((k - 1/2) pi / total))     each k of 1, ..., total once

    Here m and M are the least and the largest curvature, lr is 1/M, and multipliers lie between 1 and condition = M/m. After all
    of them no error is larger than that of the Chebyshev polynomial; many of them alone diverge, so their order is the one that
    keeps errors small on the way: the fractal one of Agarwal, Goel and Zhang, 2021, arXiv:2103.01338, and if total is no
    power of two, that of the next power, without the surplus steps. It begins anew past the end.

    Args:
        condition: largest curvature over the least, M/m.
    """
    k = _order(total)[np.asarray(step, int) % total]
    ratio = 1 / condition
    return 1 / ((1 + ratio) / 2 - (1 - ratio) / 2 * np.cos((k + 0.5) * np.pi / total))


@lru_cache(maxsize=8)
def _order(total):
    """0, ..., total - 1 in fractal order: each half of the order mirrors the other, and so do theirs."""
    order = np.zeros(1, int)
    while len(order) < total:
        order = np.stack([order, 2 * len(order) - 1 - order], axis=1).ravel()
    return order[order < total]


@hookimpl
def optilab_schedules():
    return [chebyshev]
