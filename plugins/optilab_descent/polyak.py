"""The stochastic Polyak step size (Loizou et al., 2021, "SGD with Polyak step-size", arXiv:2002.10542)."""

from optilab import hookimpl, norm, vectorwise


@vectorwise(lr=1.0, ranges={"c": "(0, inf)"})
def polyak(w, g, cost, lr, c=0.5, lowest=0.0):
    """Step as far as the cost's distance from its lowest value justifies, at most lr times the gradient.

    step = min(lr, (cost - lowest) / (c * |g|^2))      SPS_max, equation 3
    w = w - step * g

    lowest is the least cost of a batch: 0 for a network that could fit every example. The default c = 1/2 is the
    paper's; Polyak's own rule, and optax.polyak_sgd, have c = 1.
    """
    squares = norm(g) ** 2
    if squares > 0:
        step = min(lr, (cost - lowest) / (c * squares))
        for i in range(w.size):
            w[i] -= step * g[i]


@hookimpl
def optilab_optimizers():
    return [polyak]
