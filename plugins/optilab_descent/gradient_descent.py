"""Gradient descent (Cauchy, 1847), on all examples or on batches of them (Robbins and Monro, 1951)."""

from optilab import elementwise, hookimpl


@elementwise(lr=0.1, batch_size="full")
def gradient_descent(w, g, lr):
    """Step down the slope of the whole training set.

    w_new = w_old - lr * gradient of the cost

    The gradient is averaged over all training examples, so each epoch is a single step.
    """
    w -= lr * g
    return w


@elementwise(lr=0.1)
def sgd(w, g, lr):
    """Step down the slope of a batch: stochastic gradient descent.

    w_new = w_old - lr * gradient of the cost on this batch

    Robbins and Monro, "A stochastic approximation method", 1951. Without momentum, as torch.optim.SGD at its defaults.
    """
    w -= lr * g
    return w


@hookimpl
def optilab_optimizers():
    return [gradient_descent, sgd]
