"""Descent by the sign of the gradient (Bernstein et al., 2018, "signSGD", arXiv:1802.04434)."""

import numpy as np

from optilab import elementwise, hookimpl

CLAIMS = ("gradient scale", "sign flips", "translation")


@elementwise(lr=1e-3, claims=CLAIMS, reference="optax.sign_sgd(lr)")
def sign_sgd(w, g, lr):
    """signSGD: every weight moves by lr, against the sign of its gradient.

    w = w - lr * sign(g)

    Algorithm 1 of Bernstein et al., 2018, arXiv:1802.04434; a weight without a slope stays. As optax.sign_sgd.

    Args:
        lr: learning rate, the distance that each weight moves in a step.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "sign_sgd", lr=0.022, steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(3).tolist()
        [9.72, 0.004]
    """
    w -= lr * np.sign(g)
    return w


@elementwise(lr=1e-3, ranges={"beta": "[0, 1)"}, claims=CLAIMS, reference="optax.signum(lr, beta=beta)")
def signum(w, g, m, lr, beta=0.9):
    """Signum: every weight moves by lr, against the sign of its momentum.

    m = beta * m + (1 - beta) * g
    w = w - lr * sign(m)

    Algorithm 2 of Bernstein et al., 2018, arXiv:1802.04434. As optax.signum. `lion` with beta1 = beta2 is the same.

    Args:
        lr: learning rate, the distance that each weight moves in a step.
        beta: decay of the mean of the gradients; 0 is signSGD.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "signum", lr=0.022, steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(3).tolist()
        [9.72, 0.004]
    """
    m = beta * m + (1 - beta) * g
    w -= lr * np.sign(m)
    return w, m


@hookimpl
def optilab_optimizers():
    return [sign_sgd, signum]
