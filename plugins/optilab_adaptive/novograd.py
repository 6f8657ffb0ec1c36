"""NovoGrad (Ginsburg et al., 2019, "Training deep networks with stochastic gradient normalized by layerwise adaptive second
moments", arXiv:1905.11286).
"""

from math import sqrt

from optilab import hookimpl, norm, per_layer, vectorwise


@vectorwise(
    lr=0.01,
    states={"v": per_layer()},
    ranges={"beta1": "[0, 1)", "beta2": "[0, 1)", "eps": "(0, inf)", "weight_decay": "[0, inf)"},
    claims=("sign flips", "translation"),
    reference="optax.novograd(lr, b1=beta1, b2=beta2, eps=eps, weight_decay=weight_decay)",
)
def novograd(w, g, m, v, t, lr, layers, beta1=0.95, beta2=0.98, eps=1e-8, weight_decay=0.0, averaged=False):
    """NovoGrad: momentum of gradients that are divided, layer by layer, by the root of their mean squared length.

    v = beta2 * v + (1 - beta2) * |g|^2                 for each layer; at first, v = |g|^2
    m = beta1 * m + g / (sqrt(v) + eps) + weight_decay * w
    w = w - lr * m

    Algorithm 1 of Ginsburg et al., "Training deep networks with stochastic gradient normalized by layerwise adaptive
    second moments", 2019, arXiv:1905.11286, with the beta1, beta2 and eps of NVIDIA's code; optax.novograd has 0.9,
    0.25 and 1e-6.

    Args:
        lr: learning rate: each gradient moves a layer by about lr, and goes on doing so by the momentum.
        beta1: share of m that is kept in each step; 0.95 sums up about 20 gradients.
        beta2: share of v that is kept in each step; 0.98 averages about 50 squared lengths.
        eps: keeps the denominator from zero; above 0.
        weight_decay: share of w that is added to the divided gradient; the default 0 adds none.
        averaged: whether m is a mean, not a sum (NVIDIA's grad_averaging): what is added is multiplied by 1 - beta1.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "novograd", lr=0.1, steps=200)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.0]
    """
    real = w.dtype.type
    keep, new = (0.0, 1.0) if t == 1 else (beta2, 1 - beta2)
    share = 1 - beta1 if averaged else 1
    for k in range(layers.size):
        first, end = layers[k].offset, layers[k].offset + layers[k].size
        weights, slope, mean = w[first:end], g[first:end], m[first:end]
        g_norm = norm(slope)
        v[k] = keep * v[k] + new * g_norm * g_norm
        scale = real(1 / (sqrt(v[k]) + eps))
        for i in range(weights.size):
            mean[i] = beta1 * mean[i] + share * (scale * slope[i] + weight_decay * weights[i])
            weights[i] -= lr * mean[i]


@hookimpl
def optilab_optimizers():
    return [novograd]
