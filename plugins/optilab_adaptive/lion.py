"""Lion (Chen et al., 2023, "Symbolic discovery of optimization algorithms", arXiv:2302.06675)."""

import numpy as np

from optilab import elementwise, hookimpl


@elementwise(lr=1e-4, ranges={"beta1": "[0, 1)", "beta2": "[0, 1)", "weight_decay": "[0, inf)"})
def lion(w, g, m, lr, beta1=0.9, beta2=0.99, weight_decay=0.0):
    """Step by the sign of an interpolated momentum: every weight moves equally far.

    w = w - lr * (sign(beta1 * m + (1 - beta1) * g) + weight_decay * w)
    m = beta2 * m + (1 - beta2) * g

    Algorithm 2 of the paper; no weight decay by default, as in its authors' code (optax.lion has 1e-3).
    """
    w -= lr * (np.sign(beta1 * m + (1 - beta1) * g) + weight_decay * w)
    m = beta2 * m + (1 - beta2) * g
    return w, m


@hookimpl
def optilab_optimizers():
    return [lion]
