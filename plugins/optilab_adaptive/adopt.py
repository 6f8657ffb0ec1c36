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
    """Adam that divides each gradient, before it enters the momentum, by a second moment that doesn't know it yet.

    r = g / max(sqrt(v), eps)
    r = min(max(r, -(t-1)^clip_power), (t-1)^clip_power)
    m = beta1 * m + (1 - beta1) * r
    w = w - lr * m
    v = beta2 * v + (1 - beta2) * g^2

    The first step only sets v = g^2. Algorithm 2 of Taniguchi et al., 2024; defaults as in optax.contrib.adopt.

    clip: without it, the first version of the algorithm, in which small first gradients blow the steps up.
    nesterov: a momentum that is one step ahead, beta1 * m + (1 - beta1) * r, as in Optax.
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
