"""Step lengths from the cost: the stochastic Polyak step (Loizou et al., 2021, arXiv:2002.10542), and ALI-G."""

from math import inf

from optilab import hookimpl, norm, scalar, vectorwise


def polyak_length(gap, squares, bound):
    """The step that the cost's gap to its lowest value justifies, at most `bound`; 0 if the gradient is zero."""
    return min(bound, gap / squares) if squares != 0 else 0.0


@vectorwise(
    lr=1.0,
    states={"last": scalar(1.0)},
    ranges={"c": "(0, inf)", "eps": "[0, inf)", "growth": "[1, inf]"},
    claims=["rotation", "sign flips", "translation"],
    reference="optax.polyak_sgd(lr / c, c, lowest, eps * c, 'sps+' if sps_plus else 'sps')",
)
def polyak(w, g, cost, last, lr, c=0.5, lowest=0.0, eps=0.0, sps_plus=False, growth=inf):
    """Polyak step size: the gap between the cost and its lowest value sets the step, at most lr (SPS on batches).

    step = min(lr, (cost - lowest) / (c * |g|^2 + eps))      SPS_max, equation 3
    w = w - step * g

    Loizou et al., 2021, arXiv:2002.10542. Polyak's own rule, 1969, has c = 1, as has optax.polyak_sgd. The latter scales the gradient
    before it measures its length, so that its `scaling` is this c, and its longest step `scaling` times its max_learning_rate.

    Args:
        lr: the longest step.
        c: divides the step; the paper's 1/2 is best on strongly convex functions.
        lowest: least cost of a batch: 0 for a network that could fit every example. Below it the step goes uphill.
        eps: added to the denominator.
        sps_plus: takes the positive part of cost - lowest: SPS+ (Garrigos et al., 2023, arXiv:2307.14528).
        growth: if it is finite the bound is not lr but growth times the last step, lr before the first: the smoothing of
            section 5 of the paper, which takes 2^(batch size / examples).

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "polyak", steps=30)
        >>> run.history["train_cost"].iloc[[0, -1]].round(4).tolist()
        [9.72, 0.0004]
    """
    bound = lr * last * growth if growth < inf else lr
    gap = max(cost - lowest, 0.0) if sps_plus else cost - lowest
    step = polyak_length(gap, c * norm(g) ** 2 + eps, bound)
    for i in range(w.size):
        w[i] -= step * g[i]
    if step > 0:  # else the bound would never grow again
        last = step / lr
    return last


@vectorwise(
    lr=0.1,
    ranges={"momentum": "[0, 1)", "eps": "[0, inf)"},
    claims=["rotation", "sign flips", "translation"],
)
def ali_g(w, g, cost, b, lr, momentum=0.0, eps=1e-5, step_inside_momentum=True):
    """ALI-G: Polyak's step size for networks that fit every example (lowest cost 0), with Nesterov momentum.

    step = min(lr, cost / (|g|^2 + eps))
    b = momentum * b - step * g
    w = w - step * g + momentum * b

    Berrada, Zisserman and Kumar, "Training neural networks for and by interpolation", 2020, arXiv:1906.05661, algorithm 1.

    Args:
        lr: the longest step.
        momentum: share of the sum of steps that is kept.
        eps: added to the denominator.
        step_inside_momentum: where it is false the step stands outside the sum, as in torch.optim.SGD
            (adjusted_momentum in the authors' code): b = momentum * b - g and w = w - step * g + step * momentum * b.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "ali_g", lr=0.1, steps=30)
        >>> run.history["train_cost"].iloc[[0, -1]].round(3).tolist()
        [9.72, 0.004]
    """
    step = polyak_length(cost, norm(g) ** 2 + eps, lr)
    inside, outside = (step, 1.0) if step_inside_momentum else (1.0, step)
    for i in range(w.size):
        b[i] = momentum * b[i] - inside * g[i]
        w[i] += outside * momentum * b[i] - step * g[i]


@hookimpl
def optilab_optimizers():
    return [polyak, ali_g]
