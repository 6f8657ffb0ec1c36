"""Lion (Chen et al., 2023, "Symbolic discovery of optimization algorithms", arXiv:2302.06675)."""

import numpy as np

from optilab import elementwise, hookimpl


@elementwise(
    lr=1e-4,
    ranges={
        "beta1": "[0, 1)",
        "beta2": "[0, 1)",
        "weight_decay": "[0, inf)",
        "mode": "{hard, smooth, refined}",
        "smooth_beta": "(0, inf)",
    },
    claims=("gradient scale", "sign flips", "translation"),
    reference="optax.lion(lr, b1=beta1, b2=beta2, weight_decay=weight_decay)",
)
def lion(w, g, m, lr, beta1=0.9, beta2=0.99, weight_decay=0.0, mode="hard", smooth_beta=1.0):
    """Lion: every weight moves equally far, against the sign of an interpolation of momentum and gradient.

    c = beta1 * m + (1 - beta1) * g
    w = w - lr * (sign(c) + weight_decay * w)
    m = beta2 * m + (1 - beta2) * g

    Algorithm 2 of Chen et al., "Symbolic discovery of optimization algorithms", 2023, arXiv:2302.06675, without weight
    decay by default, as in its authors' code.

    Args:
        lr: learning rate, exactly the distance that each weight moves in a step; the paper has a third to a tenth of
            AdamW's.
        beta1: share of the momentum in the direction c, in [0, 1); the rest is the gradient's.
        beta2: share of m that is kept in each step; 0.99 averages about 100 gradients.
        weight_decay: what lr is multiplied by to shrink w; the default 0 leaves it, optax.lion has 1e-3.
        mode: "hard" has the sign of c, "smooth" has tanh(smooth_beta * c), and "refined" c itself between -1 and 1, as
            in optax.scale_by_lion.
        smooth_beta: how steep the tanh is; only for mode="smooth".

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "lion", lr=0.1, schedule="cosine", steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.0]
    """
    c = beta1 * m + (1 - beta1) * g
    if mode == "smooth":
        direction = np.tanh(smooth_beta * c)
    elif mode == "refined" and abs(c) < 1:
        direction = c
    else:
        direction = np.sign(c)
    w -= lr * (direction + weight_decay * w)
    m = beta2 * m + (1 - beta2) * g
    return w, m


@hookimpl
def optilab_optimizers():
    return [lion]
