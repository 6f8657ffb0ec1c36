"""SAM (Foret et al., 2021, "Sharpness-aware minimization", arXiv:2010.01412), and ASAM, which knows the weights' scales."""

from math import sqrt

import numpy as np

from optilab import BIAS, hookimpl, norm, vectorwise


@vectorwise(ranges={"rho": "[0, inf)", "ascents": "{1, 2, ...}"}, link="before")
def sam(w, g, kept, value_and_grad, rho=0.05, ascents=1):
    """Replace the gradient by the one at the worst point nearby: `sam | sgd`, `sam | momentum`.

    e = rho * g / |g|           equation 2
    g = gradient at w + e       equation 3, on the same batch

    Two gradient evaluations a step. With more ascents it climbs on from w + e in the same way, an evaluation each. In
    optax.contrib.sam, with optax.contrib.normalize() and sgd(rho) as the adversary, that is sync_period - 1; where the
    gradient is zero, this stays and that divides by zero.
    """
    for i in range(w.size):
        kept[i] = w[i]
    for _ in range(ascents):
        steepness = norm(g)
        if steepness == 0:
            break
        length = rho / steepness
        for i in range(w.size):
            w[i] += length * g[i]
        value_and_grad(w, g)
    for i in range(w.size):
        w[i] = kept[i]


@vectorwise(ranges={"rho": "[0, inf)", "eta": "[0, inf)"}, link="before")
def asam(w, g, kept, scale, value_and_grad, layers, rho=0.5, eta=0.01, plain_biases=False):
    """Replace the gradient by the one at the worst point nearby, as far off for each weight as the weight is large.

    scale = |w| + eta
    e = rho * scale^2 * g / |scale * g|      equation 9
    g = gradient at w + e                    on the same batch: `asam | sgd`

    Kwon et al., "ASAM: Adaptive sharpness-aware minimization", 2021, arXiv:2102.11600, element by element. Two gradient
    evaluations a step. The authors' own code leaves biases as they are (scale = 1), as plain_biases does; that of davda54 has
    eta = 0.
    """
    for layer in layers:
        for i in range(layer.offset, layer.offset + layer.size):
            scale[i] = 1 if plain_biases and layer.kind == BIAS else abs(w[i]) + eta
    squares = 0.0
    for i in range(w.size):
        squares += np.float64(scale[i] * g[i]) ** 2
    if squares != 0:
        length = rho / sqrt(squares)
        for i in range(w.size):
            kept[i] = w[i]
            w[i] += length * scale[i] * scale[i] * g[i]
        value_and_grad(w, g)
        for i in range(w.size):
            w[i] = kept[i]


@hookimpl
def optilab_optimizers():
    return [sam, asam]
