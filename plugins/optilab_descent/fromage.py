"""Fromage (Bernstein et al., 2020, "On the distance between two neural networks and the stability of learning", arXiv:2002.03432)."""

from math import sqrt

from optilab import hookimpl, norm, vectorwise


@vectorwise(
    lr=0.01,
    ranges={"min_norm": "[0, inf)"},
    claims=("sign flips",),
    reference="optax.fromage(lr, min_norm=min_norm)",
)
def fromage(w, g, lr, layers, min_norm=0.0):
    """Fromage: every layer changes by the same fraction of its norm in every step.

    ratio = |w| / |g|                                   for each layer
    w = (w - lr * ratio * g) / sqrt(1 + lr^2)

    Algorithm 1 of Bernstein et al., 2020, arXiv:2002.03432: the divisor keeps |w| as it is if the step is orthogonal to w, as in
    a layer whose scale doesn't change the cost. A layer whose weights or gradient are all zero takes a plain
    step (ratio 1), as in the authors' code. As optax.fromage, whose min_norm is 1e-6.

    Args:
        lr: the fraction of its norm by which each layer changes.
        min_norm: the least that |w| and |g| count as; above 0, a layer of zeros stays near zero for long.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "fromage", lr=0.05, steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(4).tolist()
        [9.72, 0.0001]
    """
    real = w.dtype.type
    shrink = 1 / sqrt(1 + lr * lr)
    for layer in layers:
        weights = w[layer.offset : layer.offset + layer.size]
        slope = g[layer.offset : layer.offset + layer.size]
        w_norm, g_norm = max(norm(weights), min_norm), max(norm(slope), min_norm)
        ratio = w_norm / g_norm if w_norm > 0 and g_norm > 0 else 1.0
        keep, step = real(shrink), real(shrink * lr * ratio)
        for i in range(weights.size):
            weights[i] = keep * weights[i] - step * slope[i]


@hookimpl
def optilab_optimizers():
    return [fromage]
