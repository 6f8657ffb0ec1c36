"""Prodigy (Mishchenko and Defazio, 2023, "Prodigy: an expeditiously adaptive parameter-free learner", arXiv:2306.06101)."""

from math import inf, sqrt

import numpy as np

from optilab import hookimpl, per_weight, scalar, vectorwise


@vectorwise(
    lr=1.0,
    states={"w0": per_weight("w"), "d": scalar("d0"), "largest": scalar("d0"), "numerator": scalar()},
    ranges={
        "beta1": "[0, 1)",
        "beta2": "[0, 1)",
        "beta3": "[0, 1)",
        "eps": "(0, inf)",
        "weight_decay": "[0, inf)",
        "d0": "(0, inf)",
        "d_coef": "(0, inf)",
        "growth": "[1, inf]",
    },
    claims=["sign flips", "translation"],
)
def prodigy(
    w,
    g,
    m,
    v,
    s,
    w0,
    d,
    largest,
    numerator,
    t,
    lr,
    beta1=0.9,
    beta2=0.999,
    beta3=0.0,
    eps=1e-8,
    weight_decay=0.0,
    d0=1e-6,
    d_coef=1.0,
    growth=inf,
    bias_correction=False,
    safeguard_warmup=False,
):
    """Prodigy: D-Adapted Adam whose estimate of the distance grows faster, as later gradients weigh more in it.

    rate = lr * d
    numerator = beta3 * numerator + rate * d / d0 * g.(w0 - w)
    m = beta1 * m + (1 - beta1) * d * g
    v = beta2 * v + (1 - beta2) * (d * g)^2
    s = beta3 * s + rate * d / d0 * g
    d = max(d, d_coef * numerator / |s|_1)
    w = w - rate * weight_decay * w - rate * m / (sqrt(v) + d * eps)

    Algorithm 4 of Mishchenko and Defazio, "Prodigy: an expeditiously adaptive parameter-free learner", 2023,
    arXiv:2306.06101, with the defaults of prodigyopt.Prodigy. Decay that is not decoupled is `l2 | prodigy`.

    Args:
        lr: factor of the rate; leave it at 1, except for a schedule, which multiplies it.
        beta1: share of m that is kept in each step; 0.9 averages about 10 gradients.
        beta2: share of v that is kept in each step; 0.999 averages about 1,000 squares.
        beta3: share of the numerator and of s that is kept in each step; the default 0 stands for sqrt(beta2).
        eps: keeps the denominator from zero; above 0.
        weight_decay: what the rate is multiplied by to shrink w; the default 0 leaves it.
        d0: what d begins at; below the distance to the minimum.
        d_coef: what the estimate is multiplied by; above 1 for longer steps.
        growth: largest factor of d in a step once it has left d0, from 1 to inf; the default inf sets no
            limit.
        bias_correction: whether the rate is multiplied by sqrt(1 - beta2^t) / (1 - beta1^t), as always in
            optax.contrib.prodigy.
        safeguard_warmup: whether d stands in place of the rate in s, so that a schedule that begins low doesn't inflate
            d.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "prodigy", steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.0]
    """
    b3 = beta3 if beta3 > 0 else sqrt(beta2)
    rate = lr * d
    if bias_correction:
        rate *= sqrt(1 - beta2**t) / (1 - beta1**t)
    inflow = (d if safeguard_warmup else rate) * d / d0
    product, size = 0.0, 0.0
    for i in range(w.size):
        product += np.float64(g[i]) * (np.float64(w0[i]) - np.float64(w[i]))
        m[i] = beta1 * m[i] + (1 - beta1) * d * g[i]
        v[i] = beta2 * v[i] + (1 - beta2) * (d * g[i]) ** 2
        s[i] = b3 * s[i] + inflow * g[i]
        size += abs(np.float64(s[i]))
    numerator = b3 * numerator + rate * d / d0 * product
    if size > 0:
        found = d_coef * numerator / size
        if w.dtype.type(d) == d0:
            d = max(d, found)
        largest = max(largest, found)
        d = min(largest, growth * d)
    for i in range(w.size):
        w[i] -= rate * weight_decay * w[i] + rate * m[i] / (sqrt(v[i]) + d * eps)
    return d, largest, numerator


@hookimpl
def optilab_optimizers():
    return [prodigy]
