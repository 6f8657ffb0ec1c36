"""Mechanic (Cutkosky, Defazio and Mehta, 2023, "Mechanic: A learning rate tuner", arXiv:2306.00144)."""

from math import sqrt

import numpy as np

from optilab import hookimpl, norm, per_weight, scalar, vectorwise


@vectorwise(
    states={
        "w0": per_weight("w"),
        "last": per_weight("w"),
        "s": scalar("s_init", copies="num_betas"),
        "r": scalar(copies="num_betas"),
        "m": scalar(copies="num_betas"),
        "v": scalar(copies="num_betas"),
    },
    ranges={"s_init": "(0, inf)", "num_betas": "{1, 2, ...}", "decay": "[0, inf)", "eps": "(0, inf)"},
    link="after",
)
def mechanize(w, g, w0, last, delta, s, r, m, v, s_init=1e-6, num_betas=6, decay=0.01, eps=1e-8):
    """Mechanic: learns a factor for the sum of another rule's steps: `sgd | mechanize`, `adam | mechanize`.

    h = (g + decay * S * |g| / |w| * w).delta      S = sum(s); for each beta = 0.9, 0.99, ..., num_betas of them:
    r = beta * r + s * clip(h, -m, m)
    m = max(beta * m, |h| + eps)
    v = beta^2 * v + h^2
    s = (s_init / num_betas * m + max(0, r)) / (sqrt(v) + eps)
    delta = delta - step of the rule before
    w = w0 - sum(s) * delta

    Algorithm 1 of Cutkosky, Defazio and Mehta, "Mechanic: a learning rate tuner", 2023, arXiv:2306.00144, as
    optax.contrib.mechanize. The step of the rule before it is taken to be what happened to w since the last step; the
    gradient is the one that this rule is given, after any clipping before it, where Optax takes the one before. The
    paper wants a learning rate near what is usual, or 1, with any schedule.

    Args:
        s_init: scale of the factor's first values, above 0; Optax's 1e-6 takes tens of steps to grow.
        num_betas: how many tuners share in the factor, each of which forgets at its own pace.
        decay: how strongly the factor is pulled to where the weights are smaller; called weight_decay in Optax, and
            not here, to tell it from that of the rule before.
        eps: keeps denominators from zero; above 0.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "adam | mechanize", lr=0.1, s_init=0.01, steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.0]
    """
    total = s.sum()
    # Optax takes delta from w, as (w0 - w) / (S + eps); kept by itself it is not lost to rounding where S is small
    seen = total / (total + eps)
    pull = decay * total * norm(g) / (norm(last) + eps)
    h = 0.0
    for i in range(w.size):
        delta[i] *= seen
        h += (np.float64(g[i]) + pull * last[i]) * delta[i]
    for k in range(num_betas):
        beta = 1 - 0.1 ** (k + 1)
        r[k] = beta * r[k] + s[k] * min(max(h, -m[k]), m[k])
        m[k] = max(beta * m[k], abs(h) + eps)
        v[k] = beta * beta * v[k] + h * h
        s[k] = (s_init / num_betas * m[k] + max(0.0, r[k])) / (sqrt(v[k]) + eps)
    total = s.sum()
    for i in range(w.size):
        delta[i] -= w[i] - last[i]
        w[i] = w0[i] - total * delta[i]
        last[i] = w[i]


@hookimpl
def optilab_optimizers():
    return [mechanize]
