"""Weight decay: as a part of the cost, or apart from it (Loshchilov and Hutter, 2019, arXiv:1711.05101)."""

import numpy as np

from optilab import elementwise, hookimpl, vectorwise


@vectorwise(ranges={"penalty": "[0, inf)"}, claims=("rotation", "sign flips"), link="before")
def l2(w, g, cost, penalty=1e-4):
    """Add penalty/2 * |w|^2 to the cost that is minimised: `l2 | sgd`, `l2 on matrices | lbfgs`.

    g = g + penalty * w
    cost = cost + penalty/2 * |w|^2     for rules that ask for it, and in all that they evaluate

    What is measured is the cost without it.

    What torch.optim calls weight_decay in SGD, Adam and RMSprop, and optax.add_decayed_weights before the rule. Under
    Adam it is not the same as `weight_decay`. Biases are often left out: `l2 on matrices | sgd`.
    """
    squares = 0.0
    for i in range(w.size):
        g[i] += penalty * w[i]
        squares += np.float64(w[i]) * np.float64(w[i])
    cost += penalty / 2 * squares
    return cost


@elementwise(ranges={"weight_decay": "[0, inf)"}, claims=("rotation", "sign flips"), link="before")
def weight_decay(w, lr, weight_decay=0.01, scaled_by_lr=True):
    """Shrink the weights, apart from the gradient: `weight_decay | sgd`, `weight_decay on matrices | adam`.

    w = w - lr * weight_decay * w     or, where not scaled_by_lr, w = w - weight_decay * w

    Decoupled weight decay. Scaled by the learning rate as in torch.optim.AdamW, optax.adamw and Keras; without, as in
    optax.adafactor, and in the paper if weight_decay is given the schedule of lr. Loshchilov and Hutter, "Decoupled weight
    decay regularization", 2019, arXiv:1711.05101.
    """
    if scaled_by_lr:
        w -= lr * weight_decay * w
    else:
        w -= weight_decay * w
    return w


@hookimpl
def optilab_optimizers():
    return [l2, weight_decay]
