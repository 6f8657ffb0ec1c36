"""ADOPT (Taniguchi et al., 2024, "Modified Adam can converge with any beta2 with the optimal rate", arXiv:2411.02853)."""

from math import sqrt

from optilab import elementwise, hookimpl


@elementwise(
    lr=1e-3,
    ranges={"beta1": "[0, 1)", "beta2": "[0, 1)", "eps": "[0, inf)", "clip_power": "[0, inf)"},
    claims=("sign flips", "translation"),
    reference="optax.contrib.adopt(lr, b1=beta1, b2=beta2, eps=eps, nesterov=nesterov, use_clipping=clip)",
)
def adopt(w, g, m, v, t, lr, beta1=0.9, beta2=0.9999, eps=1e-6, clip=True, clip_power=0.25, nesterov=False):
    """ADOPT: Adam whose gradient is divided, before the momentum, by the second moment of earlier gradients.

    r = g / max(sqrt(v), eps)
    r = min(max(r, -(t-1)^clip_power), (t-1)^clip_power)
    m = beta1 * m + (1 - beta1) * r
    w = w - lr * m
    v = beta2 * v + (1 - beta2) * g^2

    The first step only sets v = g^2. Algorithm 2 of Taniguchi et al., "ADOPT: modified Adam can converge with any
    beta2 with the optimal rate", 2024, arXiv:2411.02853; defaults as in optax.contrib.adopt.

    Args:
        lr: learning rate, about the distance that a weight moves in a step.
        beta1: share of m that is kept in each step; 0.9 averages about 10 gradients.
        beta2: share of v that is kept in each step; 0.9999 averages about 10,000 squares.
        eps: least denominator.
        clip: whether r is clipped; without it, the first version of the algorithm, in which small first gradients blow
            the steps up.
        clip_power: how fast the bound of r grows with t; 0.25 is the paper's.
        nesterov: whether the momentum is one step ahead, beta1 * m + (1 - beta1) * r, as in Optax.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "adopt", lr=0.1, steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.0]
    """
    scale = sqrt(v)
    r = g / (eps if scale < eps else scale)  # not max(scale, eps), nor min and max below: they may hide a NaN
    if clip:
        bound = (t - 1) ** clip_power
        r = bound if r > bound else -bound if r < -bound else r
    if t > 1:
        m = beta1 * m + (1 - beta1) * r
        w -= lr * (beta1 * m + (1 - beta1) * r if nesterov else m)
        v = beta2 * v + (1 - beta2) * g * g
    else:
        v = g * g
    return w, m, v


@hookimpl
def optilab_optimizers():
    return [adopt]
