"""MADGRAD (Defazio and Jelassi, 2021, "Adaptivity without compromise", arXiv:2101.11075)."""

from math import sqrt

from optilab import elementwise, hookimpl, per_weight


def cube_root(v):
    """The cube root as a power, which is faster than np.cbrt."""
    return v ** (1 / 3)


@elementwise(
    lr=0.01,
    states={"first": per_weight("w")},
    ranges={"momentum": "[0, 1)", "eps": "[0, inf)"},
    claims=("sign flips", "translation"),
    reference="optax.contrib.madgrad(lr, momentum=momentum, eps=eps)",
)
def madgrad(w, g, s, v, first, t, lr, momentum=0.9, eps=1e-6):
    """MADGRAD: dual averaging from the first weights, divided by the cube root of the sum of squared gradients.

    rate = (lr + eps) * sqrt(t)
    s = s + rate * g
    v = v + rate * g^2
    z = first weights - s / (cbrt(v) + eps)
    w = momentum * w + (1 - momentum) * z

    Algorithm 1 of Defazio and Jelassi, "Adaptivity without compromise: a momentumized, adaptive, dual averaged gradient
    method for stochastic optimization", 2021, arXiv:2101.11075. eps beside lr (unless that is 0), and z at the first
    weights where v is 0, as in its authors' code; as optax.contrib.madgrad. Their weight_decay is `l2 | madgrad`.

    Args:
        lr: learning rate, which also weighs the gradients in s and v; the authors' code has 0.01.
        momentum: share of w that is kept in each step, the rest being z; the paper's c is 1 - momentum.
        eps: keeps the denominator from zero.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "madgrad", lr=0.1, steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.0]
    """
    rate = (lr + eps) * sqrt(t) if lr > 0 else lr
    s += rate * g
    v += rate * g * g
    z = first - s / (cube_root(v) + eps) if v != 0 else first
    w = momentum * w + (1 - momentum) * z
    return w, s, v


@hookimpl
def optilab_optimizers():
    return [madgrad]
