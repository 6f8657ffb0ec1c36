"""LARS (You, Gitman and Ginsburg, 2017, "Large batch training of convolutional networks", arXiv:1708.03888)."""

from math import sqrt

import numpy as np

from optilab import hookimpl, norm, vectorwise


def length_of_decayed(w, g, weight_decay):
    """|g + weight_decay * w|, summed in float64."""
    squares = 0.0
    for i in range(g.size):
        value = np.float64(g[i] + weight_decay * w[i])
        squares += value * value
    return sqrt(squares)


@vectorwise(
    lr=1.0,
    ranges={"momentum": "[0, 1)", "trust": "(0, inf)", "weight_decay": "[0, inf)", "eps": "[0, inf)"},
    claims=("sign flips",),
)
def lars(w, g, b, lr, layers, momentum=0.9, trust=1e-3, weight_decay=0.0, eps=0.0, nesterov=False, length_of_sum=False):
    """LARS: momentum with a step for each layer in proportion to the norm of its weights, for large batches.

    ratio = trust * |w| / (|g| + weight_decay * |w| + eps)     for each layer, equation 6
    u = lr * ratio * (g + weight_decay * w)
    b = momentum * b + u
    w = w - b                                                  with nesterov, w - (momentum * b + u)

    You, Gitman and Ginsburg, 2017, arXiv:1708.03888. A layer whose weights or gradient are all zero takes a plain step
    (ratio 1). The learning rate stands inside the momentum, as in the paper and in optax.lars.

    Args:
        lr: learning rate, which multiplies every layer's own.
        momentum: share of the last step that is kept.
        trust: each layer's step as a fraction of its norm, where lr = 1: the paper's trust coefficient.
        weight_decay: L2 regularization, inside the ratio.
        eps: added to the denominator of the ratio.
        nesterov: looks ahead along the momentum.
        length_of_sum: divides by |g + weight_decay * w| + eps, as optax.lars does.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "lars", lr=10, steps=50)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.03]
    """
    real = w.dtype.type
    for layer in layers:
        first, end = layer.offset, layer.offset + layer.size
        weights, slope, velocity = w[first:end], g[first:end], b[first:end]
        w_norm, g_norm = norm(weights), norm(slope)
        u_norm = g_norm + weight_decay * w_norm
        if length_of_sum:
            u_norm = g_norm = length_of_decayed(weights, slope, weight_decay)
        ratio = trust * w_norm / (u_norm + eps) if w_norm > 0 and g_norm > 0 else 1.0
        step = real(lr * ratio)
        for i in range(weights.size):
            u = step * (slope[i] + weight_decay * weights[i])
            velocity[i] = momentum * velocity[i] + u
            weights[i] -= momentum * velocity[i] + u if nesterov else velocity[i]


@hookimpl
def optilab_optimizers():
    return [lars]
