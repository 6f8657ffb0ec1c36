"""Adadelta (Zeiler, 2012, "ADADELTA: an adaptive learning rate method", arXiv:1212.5701)."""

from math import sqrt

from optilab import elementwise, hookimpl


@elementwise(
    lr=1.0,
    ranges={"rho": "[0, 1)", "eps": "[0, inf)"},
    claims=("sign flips", "translation"),
    reference="torch.optim.Adadelta(lr=lr, rho=rho, eps=eps)",
)
def adadelta(w, g, v, u, lr, rho=0.9, eps=1e-6):
    """Adadelta: each weight's gradient is scaled by the RMS of its past steps over the RMS of its gradients.

    v = rho * v + (1 - rho) * g^2
    step = sqrt(u + eps) / sqrt(v + eps) * g
    u = rho * u + (1 - rho) * step^2
    w = w - lr * step

    Algorithm 1 of Zeiler, "ADADELTA: an adaptive learning rate method", 2012, arXiv:1212.5701, which has no lr: it is
    1. As torch.optim.Adadelta, optax.adadelta and Keras: eps stands inside both roots everywhere.

    Args:
        lr: factor of the step; 1, the paper's algorithm, leaves it as it is.
        rho: share of v and u that is kept in each step; torch's and Optax's 0.9, where the paper and Keras have 0.95.
        eps: sets the length of the first steps, sqrt(eps) / sqrt(1 - rho) at t = 1, and keeps the denominator from
            zero.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "adadelta", lr=4, steps=200)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.0]
    """
    v = rho * v + (1 - rho) * g * g
    step = sqrt((u + eps) / (v + eps)) * g
    u = rho * u + (1 - rho) * step * step
    w -= lr * step
    return w, v, u


@hookimpl
def optilab_optimizers():
    return [adadelta]
