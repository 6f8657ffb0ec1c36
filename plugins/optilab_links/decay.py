"""Weight decay: as a part of the cost, or apart from it (Loshchilov and Hutter, 2019, arXiv:1711.05101)."""

import numpy as np

from optilab import elementwise, hookimpl, vectorwise


@vectorwise(ranges={"penalty": "[0, inf)"}, claims=("rotation", "sign flips"), link="before")
def l2(w, g, cost, penalty=1e-4):
    """L2 regularization: penalty/2 * |w|^2 is added to the cost: `l2 | sgd`, `l2 on matrices | lbfgs`.

    g = g + penalty * w
    cost = cost + penalty/2 * |w|^2     for rules that ask for it, and in all that they evaluate

    The cost is measured without it. Krogh and Hertz, "A simple weight decay can improve generalization", 1992. It is what
    torch.optim calls weight_decay in SGD, Adam and RMSprop, and optax.add_decayed_weights before the rule. Under Adam it is not
    the same as `weight_decay`. Biases are often left out: `l2 on matrices | sgd`.

    Args:
        penalty: strength of the regularization; 0 for none.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "l2 | sgd", lr=0.05, steps=50)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.01]
    """
    squares = 0.0
    for i in range(w.size):
        g[i] += penalty * w[i]
        squares += np.float64(w[i]) * np.float64(w[i])
    cost += penalty / 2 * squares
    return cost


@elementwise(ranges={"weight_decay": "[0, inf)"}, claims=("rotation", "sign flips"), link="before")
def weight_decay(w, lr, weight_decay=0.01, scaled_by_lr=True):
    """Decoupled weight decay: the weights shrink, apart from the gradient, as in AdamW: `weight_decay | sgd`.

    w = w - lr * weight_decay * w     or, where not scaled_by_lr, w = w - weight_decay * w

    Loshchilov and Hutter, "Decoupled weight decay regularization", 2019, arXiv:1711.05101. Biases are often left out:
    `weight_decay on matrices | adam`.

    Args:
        lr: learning rate, which the chain's rules share.
        weight_decay: the share of each weight that it loses in a step, per lr; 0 for none.
        scaled_by_lr: multiplies it by lr, as torch.optim.AdamW, optax.adamw and Keras; without, as optax.adafactor, and as
            the paper if weight_decay is given the schedule of lr.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "weight_decay | sgd", lr=0.05, steps=50)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.01]
    """
    if scaled_by_lr:
        w -= lr * weight_decay * w
    else:
        w -= weight_decay * w
    return w


@hookimpl
def optilab_optimizers():
    return [l2, weight_decay]
