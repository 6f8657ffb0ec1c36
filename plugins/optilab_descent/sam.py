"""SAM (Foret et al., 2021, "Sharpness-aware minimization", arXiv:2010.01412), and ASAM, which adapts to the weights' scales."""

from math import sqrt

import numpy as np

from optilab import BIAS, hookimpl, norm, vectorwise


@vectorwise(ranges={"rho": "[0, inf)", "ascents": "{1, 2, ...}"}, link="before")
def sam(w, g, kept, value_and_grad, rho=0.05, ascents=1):
    """SAM: steps by the gradient at the worst point within distance rho, to find flat minima: `sam | sgd`.

    e = rho * g / |g|           equation 2
    g = gradient at w + e       equation 3, on the same batch

    Foret et al., 2021, arXiv:2010.01412. Two gradient evaluations a step; where the gradient is zero it stays zero. As
    optax.contrib.sam with optax.contrib.normalize() and sgd(rho) as the adversary, which divides by zero there.

    Args:
        rho: distance of the worst point; 0 leaves the gradient as it is.
        ascents: steps of length rho up to it, a gradient evaluation each; sync_period - 1 of optax.contrib.sam.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "sam | sgd", lr=0.02, steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.02]
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
    """ASAM: SAM whose neighbourhood is as wide for each weight as the weight is large: `asam | sgd`.

    scale = |w| + eta                        for each weight
    e = rho * scale^2 * g / |scale * g|      equation 9
    g = gradient at w + e                    on the same batch

    Kwon et al., "ASAM: Adaptive sharpness-aware minimization", 2021, arXiv:2102.11600, element by element. Two gradient
    evaluations a step. That the neighbourhood scales with the weights makes it blind to a rescaling that leaves the network
    the same. The code of davda54 has eta = 0.

    Args:
        rho: size of the neighbourhood; 0 leaves the gradient as it is.
        eta: added to the size of each weight.
        plain_biases: scale = 1 for biases, as in the authors' own code.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "asam | sgd", lr=0.05, steps=50)
        >>> run.history["train_cost"].iloc[[0, -1]].round(3).tolist()
        [9.72, 0.001]
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
