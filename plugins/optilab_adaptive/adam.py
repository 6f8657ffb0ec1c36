"""Adam (Kingma and Ba, 2015, arXiv:1412.6980) and its kin."""

from math import sqrt

from optilab import elementwise, hookimpl

MOMENTS = {"beta1": "[0, 1)", "beta2": "[0, 1)", "eps": "[0, inf)"}


@elementwise(lr=1e-3, ranges=MOMENTS)
def adam(w, g, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    """Scale each weight's step by running moments of its gradient.

    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g^2
    w = w - lr * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)

    Algorithm 1 of Kingma and Ba, 2015, arXiv:1412.6980. eps stands outside the root, after the correction of the
    bias, as in torch.optim.Adam and optax.adam; Keras and scikit-learn add it before the correction.
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    w -= lr * (m / (1 - beta1**t)) / (sqrt(v / (1 - beta2**t)) + eps)
    return w, m, v


@elementwise(lr=1e-3, ranges={**MOMENTS, "weight_decay": "[0, inf)"})
def adamw(w, g, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    """Adam with decoupled weight decay.

    w = w - lr * weight_decay * w, and then a step of Adam

    Loshchilov and Hutter, "Decoupled weight decay regularization", 2019, arXiv:1711.05101. The decay is scaled by the
    learning rate, as in torch.optim.AdamW, whose defaults these are.
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    w -= lr * weight_decay * w
    w -= lr * (m / (1 - beta1**t)) / (sqrt(v / (1 - beta2**t)) + eps)
    return w, m, v


@hookimpl
def optilab_optimizers():
    return [adam, adamw]
