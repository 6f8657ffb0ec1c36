"""Descent with momentum: the heavy ball (Polyak, 1964) and Nesterov's form (Sutskever et al., 2013)."""

from optilab import elementwise, hookimpl


@elementwise(lr=0.1, ranges={"momentum": "[0, 1)"})
def momentum(w, g, b, lr, momentum=0.9):
    """Let a ball roll down the slope: the step is a decaying sum of the gradients so far.

    b = momentum * b + g
    w = w - lr * b

    The learning rate stands outside the sum, as in torch.optim.SGD(momentum=...); Keras and scikit-learn put it inside,
    which differs under a schedule. Polyak, "Some methods of speeding up the convergence of iteration methods", 1964.
    """
    b = momentum * b + g
    w -= lr * b
    return w, b


@elementwise(lr=0.1, ranges={"momentum": "[0, 1)"})
def nesterov(w, g, b, lr, momentum=0.9):
    """Look ahead along the momentum before stepping.

    b = momentum * b + g
    w = w - lr * (g + momentum * b)

    The form of torch.optim.SGD(nesterov=True), after Sutskever et al., "On the importance of initialization and
    momentum in deep learning", 2013.
    """
    b = momentum * b + g
    w -= lr * (g + momentum * b)
    return w, b


@hookimpl
def optilab_optimizers():
    return [momentum, nesterov]
