"""First weights of a network."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_RELU_FAMILY = ("relu", "leaky_relu", "elu", "gelu", "silu")


def _orthogonal(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Orthonormal columns or rows, whichever are fewer (Saxe et al., 2014), from a normal matrix."""
    tall = values if values.shape[0] >= values.shape[1] else values.T
    q, r = np.linalg.qr(tall)
    q = q * np.sign(np.diag(r))
    return q if values.shape[0] >= values.shape[1] else q.T
