"""LAMB (You et al., 2020, "Large batch optimization for deep learning: training BERT in 76 minutes", arXiv:1904.00962)."""

from math import sqrt

from optilab import hookimpl, norm, vectorwise


@vectorwise(
    lr=1e-3,
    ranges={"beta1": "[0, 1)", "beta2": "[0, 1)", "eps": "[0, inf)", "weight_decay": "[0, inf)"},
    claims=("sign flips",),
    reference="optax.lamb(lr, b1=beta1, b2=beta2, eps=eps, weight_decay=weight_decay)",
)
def lamb(w, g, m, v, u, t, lr, layers, beta1=0.9, beta2=0.999, eps=1e-6, weight_decay=0.0, bias_correction=True):
    """LAMB: Adam whose step is scaled, layer by layer, to a length in proportion to the layer's weights.

    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g^2
    u = (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps) + weight_decay * w
    w = w - lr * |w| / |u| * u                       for each layer

    Algorithm 2 of You et al., "Large batch optimization for deep learning: training BERT in 76 minutes", 2020,
    arXiv:1904.00962, with the identity for phi, which bounds |w|. A layer whose weights or whose u are all zero takes a
    plain step (ratio 1). As optax.lamb, with its defaults.

    Args:
        lr: learning rate: the length of a step, as a share of the length of the layer's weights.
        beta1: share of m that is kept in each step; 0.9 averages about 10 gradients.
        beta2: share of v that is kept in each step; 0.999 averages about 1,000 squares.
        eps: keeps the denominator from zero.
        weight_decay: share of w in the direction u; the default 0 has none, the paper trained with 0.01.
        bias_correction: whether m and v are divided by 1 - beta^t; without it, u = m / (sqrt(v) + eps) + ..., as in
            torch_optimizer, which also takes |w| for 10 where it is longer.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "lamb", lr=0.1, steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.0]
    """
    to_m = 1 / (1 - beta1**t) if bias_correction else 1
    to_v = 1 / (1 - beta2**t) if bias_correction else 1
    for i in range(w.size):
        m[i] = beta1 * m[i] + (1 - beta1) * g[i]
        v[i] = beta2 * v[i] + (1 - beta2) * g[i] * g[i]
        u[i] = to_m * m[i] / (sqrt(to_v * v[i]) + eps) + weight_decay * w[i]
    for layer in layers:
        weights = w[layer.offset : layer.offset + layer.size]
        direction = u[layer.offset : layer.offset + layer.size]
        w_norm, u_norm = norm(weights), norm(direction)
        step = w.dtype.type(lr * w_norm / u_norm if w_norm > 0 and u_norm > 0 else lr)
        for i in range(weights.size):
            weights[i] -= step * direction[i]


@hookimpl
def optilab_optimizers():
    return [lamb]
