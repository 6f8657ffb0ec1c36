"""RMSprop (Tieleman and Hinton, 2012, lecture 6.5 of "Neural networks for machine learning")."""

from math import sqrt

from optilab import elementwise, hookimpl


@elementwise(lr=0.01, ranges={"alpha": "[0, 1)", "eps": "[0, inf)"})
def rmsprop(w, g, v, lr, alpha=0.99, eps=1e-8):
    """Divide each weight's gradient by a running root mean square of it.

    v = alpha * v + (1 - alpha) * g^2
    w = w - lr * g / (sqrt(v) + eps)

    Defaults and eps as in torch.optim.RMSprop; Optax and Keras add eps inside the root.
    """
    v = alpha * v + (1 - alpha) * g * g
    w -= lr * g / (sqrt(v) + eps)
    return w, v


@hookimpl
def optilab_optimizers():
    return [rmsprop]
