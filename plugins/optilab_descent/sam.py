"""SAM (Foret et al., 2021, "Sharpness-aware minimization", arXiv:2010.01412)."""

from optilab import hookimpl, norm, vectorwise


@vectorwise(ranges={"rho": "[0, inf)"})
def sam(w, g, kept, value_and_grad, rho=0.05):
    """Replace the gradient by the one at the worst point nearby: `sam | sgd`, `sam | momentum`.

    e = rho * g / |g|           equation 2
    g = gradient at w + e       equation 3, on the same batch

    Two gradient evaluations a step.
    """
    steepness = norm(g)
    if steepness > 0:
        length = rho / steepness
        for i in range(w.size):
            kept[i] = w[i]
            w[i] += length * g[i]
        value_and_grad(w, g)
        for i in range(w.size):
            w[i] = kept[i]


@hookimpl
def optilab_optimizers():
    return [sam]
