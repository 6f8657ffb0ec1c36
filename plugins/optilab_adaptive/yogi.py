"""Yogi (Zaheer et al., 2018, "Adaptive methods for nonconvex optimization", NeurIPS)."""

import numpy as np

from optilab import elementwise, hookimpl, per_weight
from optilab_adaptive.moments import spread


@elementwise(
    lr=0.01,
    states={"m": per_weight("initial_m"), "v": per_weight("initial_v")},
    ranges={"beta1": "[0, 1)", "beta2": "[0, 1)", "eps": "[0, inf)", "initial_v": "[0, inf)"},
    claims=("translation",),
    reference="optax.yogi(lr, b1=beta1, b2=beta2, eps=eps)",
)
def yogi(w, g, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-3, initial_m=1e-6, initial_v=1e-6, correct_bias=True):
    """Yogi: Adam whose second moment moves up or down by (1 - beta2) g^2: small gradients change it little.

    m = beta1 * m + (1 - beta1) * g
    v = v - (1 - beta2) * sign(v - g^2) * g^2
    w = w - lr * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)

    Algorithm 2 of Zaheer et al., "Adaptive methods for nonconvex optimization", NeurIPS 2018. m and v start at 1e-6 and
    biases are corrected, as in optax.yogi.

    Args:
        lr: learning rate, about the distance that a weight moves in a step; the paper's 0.01.
        beta1: share of m that is kept in each step; 0.9 averages about 10 gradients.
        beta2: 1 less the share of g^2 by which v moves in each step.
        eps: keeps the denominator from zero; the paper's 0.001, larger than Adam's.
        initial_m: what m starts at.
        initial_v: what v starts at, 0 or above.
        correct_bias: whether m and v are divided by 1 - beta^t; without it, and with initial_m=0, the algorithm of the
            paper.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "yogi", lr=0.1, steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.0]
    """
    m = beta1 * m + (1 - beta1) * g
    v -= (1 - beta2) * np.sign(v - g * g) * g * g
    w -= lr * (m / (1 - correct_bias * beta1**t)) / spread(v, 1 - correct_bias * beta2**t, eps, 0.0, False)
    return w, m, v


@hookimpl
def optilab_optimizers():
    return [yogi]
