"""MoMo (Schaipp et al., 2024, "MoMo: Momentum models for adaptive learning rates", arXiv:2305.07583)."""

from math import sqrt

import numpy as np

from optilab import hookimpl, scalar, vectorwise

STATES = {"cost_mean": scalar(), "slope_mean": scalar(), "bound": scalar("lowest")}
DECAY = {"weight_decay": "[0, inf)", "decay": "{proximal, separate, linear}"}


def model_step(cost_mean, slope_mean, product, squares, weight, bound, lowest, lr, shrink, adapt_lower_bound):
    """The step along m to the minimum of a model of the cost that is cut off at `bound`, at most lr; and the bound.

    squares: of m, in the norm of the method. weight: sum of the weights in the means, where that is not 1.
    """
    height = shrink * (cost_mean - slope_mean) + product
    if not adapt_lower_bound:
        bound = lowest
    elif height < shrink * weight * bound:
        bound = max(height / (2 * shrink * weight), lowest)
    step = min(lr / weight, max(height - shrink * weight * bound, 0.0) / squares) if squares != 0 else 0.0
    if adapt_lower_bound:
        bound = max((cost_mean - slope_mean + product - step * squares / 2) / weight, lowest)
    return step, bound


def decayed(step, lr, weight_decay, decay):
    """The factor of w and the step, for a kind of weight decay."""
    if decay == "linear":
        return 1 - lr * weight_decay, step
    kept = 1 / (1 + lr * weight_decay)
    return kept, step * kept if decay == "proximal" else step


@vectorwise(
    lr=1.0,
    states=STATES,
    ranges={"beta": "[0, 1)", **DECAY},
    claims=["rotation", "sign flips", "translation"],
)
def momo(
    w,
    g,
    cost,
    m,
    cost_mean,
    slope_mean,
    bound,
    t,
    lr,
    beta=0.9,
    lowest=0.0,
    weight_decay=0.0,
    adapt_lower_bound=False,
    bias_correction=False,
    decay="proximal",
):
    """MoMo: momentum with a Polyak step size, from a mean of the linear models of the last batches' costs.

    m = beta * m + (1 - beta) * g                                the first g at t = 1, and so the means of
    cost_mean of the costs, slope_mean of g.w
    step = min(lr, max(cost_mean + m.w - slope_mean - bound, 0) / |m|^2)
    w = (w - step * m) / (1 + lr * weight_decay)

    Algorithm 1 of Schaipp et al., "MoMo: momentum models for adaptive learning rates", 2024, arXiv:2305.07583, and the
    authors' package; with weight_decay the model is that of the regularised cost.

    Args:
        lr: the longest step, in units of m; the Polyak step size is taken where it is shorter.
        beta: share of m and of the means that is kept in each step; 0.9 averages about 10 batches.
        lowest: lower bound of a batch's cost, to which the model is cut off; 0 by default.
        weight_decay: what lr is multiplied by to shrink w; the default 0 leaves it.
        adapt_lower_bound: whether the bound is estimated on the way, from `lowest` up (section 4 of the paper).
        bias_correction: whether the means begin at zero and are divided by the sum of their weights.
        decay: "proximal" is the equation above; "separate" leaves the step whole, as optax.contrib.momo; "linear"
            multiplies w by 1 - lr * weight_decay.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "momo", steps=200)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.0]
    """
    keep, weight = beta, 1.0
    if bias_correction:
        weight = 1 - beta**t
    elif t == 1:
        keep = 0 * beta
    slope, product, squares = 0.0, 0.0, 0.0
    for i in range(w.size):
        m[i] = keep * m[i] + (1 - keep) * g[i]
        slope += np.float64(g[i]) * np.float64(w[i])
        product += np.float64(m[i]) * np.float64(w[i])
        squares += np.float64(m[i]) * np.float64(m[i])
    cost_mean = keep * cost_mean + (1 - keep) * cost
    slope_mean = keep * slope_mean + (1 - keep) * slope
    shrink = 1 + lr * weight_decay
    step, bound = model_step(
        cost_mean, slope_mean, product, squares, weight, bound, lowest, lr, shrink, adapt_lower_bound
    )
    kept, step = decayed(step, lr, weight_decay, decay)
    for i in range(w.size):
        w[i] = kept * w[i] - step * m[i]
    return cost_mean, slope_mean, bound


@vectorwise(
    lr=1e-2,
    states=STATES,
    ranges={"beta1": "[0, 1)", "beta2": "[0, 1)", "eps": "(0, inf)", **DECAY},
    claims=["sign flips", "translation"],
)
def momo_adam(
    w,
    g,
    cost,
    m,
    v,
    cost_mean,
    slope_mean,
    bound,
    t,
    lr,
    beta1=0.9,
    beta2=0.999,
    eps=1e-8,
    lowest=0.0,
    weight_decay=0.0,
    adapt_lower_bound=False,
    decay="proximal",
):
    """MoMo-Adam: Adam whose step is shortened where a model of the cost would fall below the lowest possible cost.

    m, v = Adam's moments; cost_mean of the costs and slope_mean of g.w are means with beta1
    D = sqrt(v / (1 - beta2^t)) + eps
    c = 1 - beta1^t
    step = min(lr / c, max(cost_mean + m.w - slope_mean - c * bound, 0) / (m.m / D))
    w = (w - step * m / D) / (1 + lr * weight_decay)

    Algorithm 2 of Schaipp et al., "MoMo: momentum models for adaptive learning rates", 2024, arXiv:2305.07583; the rest
    as for `momo`.

    Args:
        lr: learning rate of Adam, which steps don't exceed.
        beta1: share of m and of the means that is kept in each step; 0.9 averages about 10 batches.
        beta2: share of v that is kept in each step; 0.999 averages about 1,000 squares.
        eps: keeps the denominator from zero; above 0.
        lowest: lower bound of a batch's cost, to which the model is cut off; 0 by default.
        weight_decay: what lr is multiplied by to shrink w; the default 0 leaves it.
        adapt_lower_bound: whether the bound is estimated on the way, from `lowest` up.
        decay: "proximal" is the equation above; "separate" leaves the step whole, as optax.contrib.momo_adam; "linear"
            multiplies w by 1 - lr * weight_decay, as AdamW: the authors' divide=False.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "momo_adam", lr=0.1, steps=200)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.0]
    """
    weight, root = 1 - beta1**t, 1 / sqrt(1 - beta2**t)
    slope, product, squares = 0.0, 0.0, 0.0
    for i in range(w.size):
        m[i] = beta1 * m[i] + (1 - beta1) * g[i]
        v[i] = beta2 * v[i] + (1 - beta2) * g[i] * g[i]
        slope += np.float64(g[i]) * np.float64(w[i])
        product += np.float64(m[i]) * np.float64(w[i])
        squares += np.float64(m[i]) * np.float64(m[i]) / (root * sqrt(v[i]) + eps)
    cost_mean = beta1 * cost_mean + (1 - beta1) * cost
    slope_mean = beta1 * slope_mean + (1 - beta1) * slope
    shrink = 1 + lr * weight_decay
    step, bound = model_step(
        cost_mean, slope_mean, product, squares, weight, bound, lowest, lr, shrink, adapt_lower_bound
    )
    kept, step = decayed(step, lr, weight_decay, decay)
    for i in range(w.size):
        w[i] = kept * w[i] - step * m[i] / (root * sqrt(v[i]) + eps)
    return cost_mean, slope_mean, bound


@hookimpl
def optilab_optimizers():
    return [momo, momo_adam]
