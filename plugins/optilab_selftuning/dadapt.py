"""D-Adaptation (Defazio and Mishchenko, 2023, "Learning-rate-free learning by D-Adaptation", arXiv:2301.07733)."""

from math import inf, sqrt

import numpy as np

from optilab import hookimpl, norm, per_weight, scalar, vectorwise

ESTIMATE = {"d0": "(0, inf)", "growth": "[1, inf]"}


@vectorwise(
    lr=1.0,
    states={"w0": per_weight("w"), "d": scalar("d0"), "numerator": scalar(), "first_norm": scalar()},
    ranges={"momentum": "[0, 1)", **ESTIMATE},
    claims=["gradient scale", "rotation", "sign flips", "translation"],
)
def dadapt_sgd(w, g, w0, s, d, numerator, first_norm, lr, momentum=0.0, d0=1e-6, growth=inf):
    """D-Adapted SGD: SGD whose rate is a growing estimate of the distance from the start to the minimum.

    rate = lr * d / |first g|
    numerator = numerator + rate * g.s
    s = s + rate * g
    d = max(d, min(2 * numerator / |s|, growth * d))
    w = momentum * w + (1 - momentum) * (w0 - s)

    Algorithm 4 of Defazio and Mishchenko, "Learning-rate-free learning by D-Adaptation", 2023, arXiv:2301.07733, in the
    form of the authors' package, dadaptation.DAdaptSGD, whose weight decay is `l2 | dadapt_sgd`.

    Args:
        lr: factor of the rate; leave it at 1, except for a schedule, which multiplies it.
        momentum: share of w that is kept in each step; the default 0 has no momentum.
        d0: what d begins at; below the distance to the minimum, or the first steps go too far.
        growth: largest factor of d in a step, from 1 to inf; the default inf sets no limit.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "dadapt_sgd", steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.0]
    """
    if first_norm == 0:
        first_norm = norm(g)
    if first_norm != 0:
        rate = lr * d / first_norm
        product, squares = 0.0, 0.0
        for i in range(w.size):
            product += np.float64(g[i]) * np.float64(s[i])
            s[i] += rate * g[i]
            squares += np.float64(s[i]) * np.float64(s[i])
            w[i] = momentum * w[i] + (1 - momentum) * (w0[i] - s[i])
        numerator += rate * product
        if squares > 0:
            d = max(d, min(2 * numerator / sqrt(squares), growth * d))
    return d, numerator, first_norm


@vectorwise(
    lr=1.0,
    states={"d": scalar("d0"), "numerator": scalar()},
    ranges={"beta1": "[0, 1)", "beta2": "[0, 1)", "eps": "(0, inf)", "weight_decay": "[0, inf)", **ESTIMATE},
    claims=["sign flips", "translation"],
)
def dadapt_adam(
    w,
    g,
    m,
    v,
    s,
    d,
    numerator,
    t,
    lr,
    beta1=0.9,
    beta2=0.999,
    eps=1e-8,
    weight_decay=0.0,
    d0=1e-6,
    growth=inf,
    bias_correction=False,
):
    """D-Adapted Adam: Adam whose rate is a growing estimate of the distance from the start to the minimum.

    rate = lr * d
    numerator = r * numerator + (1 - r) * rate * g.(s / (sqrt(v) + eps))         r = sqrt(beta2)
    m = beta1 * m + (1 - beta1) * rate * g
    v = beta2 * v + (1 - beta2) * g^2
    s = r * s + (1 - r) * rate * g
    d = max(d, min(numerator / ((1 - r) * |s|_1), growth * d))
    w = w - rate * weight_decay * w - m / (sqrt(v) + eps)

    Algorithm 5 of Defazio and Mishchenko, "Learning-rate-free learning by D-Adaptation", 2023, arXiv:2301.07733, as in
    dadaptation.DAdaptAdam(decouple=True); without `decouple`, its decay is `l2 | dadapt_adam`.

    Args:
        lr: factor of the rate; leave it at 1, except for a schedule, which multiplies it.
        beta1: share of m that is kept in each step; 0.9 averages about 10 gradients.
        beta2: share of v that is kept in each step; 0.999 averages about 1,000 squares.
        eps: keeps the denominator from zero; above 0.
        weight_decay: what the rate is multiplied by to shrink w; the default 0 leaves it.
        d0: what d begins at; below the distance to the minimum.
        growth: largest factor of d in a step, from 1 to inf; the default inf sets no limit.
        bias_correction: whether the rate is multiplied by sqrt(1 - beta2^t) / (1 - beta1^t), as always in
            optax.contrib.dadapt_adamw.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "dadapt_adam", steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.0]
    """
    r = sqrt(beta2)
    rate = lr * d
    if bias_correction:
        rate *= sqrt(1 - beta2**t) / (1 - beta1**t)
    product, size = 0.0, 0.0
    for i in range(w.size):
        product += np.float64(g[i]) * np.float64(s[i]) / (sqrt(v[i]) + eps)
        m[i] = beta1 * m[i] + (1 - beta1) * rate * g[i]
        v[i] = beta2 * v[i] + (1 - beta2) * g[i] * g[i]
        s[i] = r * s[i] + (1 - r) * rate * g[i]
        size += abs(np.float64(s[i]))
        w[i] -= rate * weight_decay * w[i] + m[i] / (sqrt(v[i]) + eps)
    numerator = r * numerator + (1 - r) * rate * product
    if size > 0:
        d = max(d, min(numerator / ((1 - r) * size), growth * d))
    return d, numerator


@hookimpl
def optilab_optimizers():
    return [dadapt_sgd, dadapt_adam]
