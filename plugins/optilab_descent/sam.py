"""SAM (Foret et al., 2021, "Sharpness-aware minimization", arXiv:2010.01412)."""

from math import sqrt

from optilab import hookimpl, vectorwise


@vectorwise(ranges={"rho": "[0, inf)"})
def sam(w, g, kept, value_and_grad, rho=0.05):
    """Replace the gradient by the one at the worst point nearby: `sam | sgd`, `sam | momentum`.

    e = rho * g / |g|           equation 2
    g = gradient at w + e       equation 3, on the same batch

    Two gradient evaluations a step.
    """
    squares = 0.0
    for i in range(g.size):
        squares += g[i] * g[i]
    if squares > 0:
        length = rho / sqrt(squares)
        for i in range(w.size):
            kept[i] = w[i]
            w[i] += length * g[i]
        value_and_grad(w, g)
        for i in range(w.size):
            w[i] = kept[i]


@hookimpl
def optilab_optimizers():
    return [sam]
