"""Gradient descent (Cauchy, 1847), on all examples or on batches of them (Robbins and Monro, 1951), and with noise."""

from math import sqrt

from optilab import elementwise, hookimpl

CLAIMS = ("rotation", "sign flips", "translation")


@elementwise(lr=0.1, batch_size="full", claims=CLAIMS, reference="torch.optim.SGD(lr=lr)")
def gradient_descent(w, g, lr):
    """Gradient descent: a step down the slope of the cost, averaged over the whole training set.

    w = w - lr * g     g: the gradient of the cost over all training examples

    Each epoch is a single step. Cauchy, "Méthode générale pour la résolution des systèmes d'équations simultanées", 1847. On
    a quadratic cost it is stable where lr is below 2 / the largest curvature.

    Args:
        lr: learning rate, the length of the step per unit of gradient.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "gradient_descent", lr=0.05, steps=50)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.01]
    """
    w -= lr * g
    return w


@elementwise(lr=0.1, claims=CLAIMS, reference="torch.optim.SGD(lr=lr)")
def sgd(w, g, lr):
    """SGD: stochastic gradient descent, a step down the slope of the cost on one batch of examples.

    w = w - lr * g     g: the gradient of the cost on this batch

    Robbins and Monro, "A stochastic approximation method", 1951. As torch.optim.SGD and optax.sgd without momentum;
    torch's weight_decay is `l2 | sgd`.

    Args:
        lr: learning rate, the length of the step per unit of gradient.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "sgd", lr=0.05, steps=50)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.01]
    """
    w -= lr * g
    return w


@elementwise(lr=0.1, ranges={"eta": "[0, inf)", "gamma": "[0, inf)"}, claims=("translation",))
def noisy_sgd(w, g, noise, t, lr, eta=0.01, gamma=0.55):
    """Noisy SGD: SGD with Gaussian noise added to the gradient, less from step to step.

    w = w - lr * (g + sqrt(eta / t^gamma) * noise)     noise: normal, of variance 1, for each weight

    Equation 1 of Neelakantan et al., "Adding gradient noise improves learning for very deep networks", 2015,
    arXiv:1511.06807, whose 1 + t counts from 0. As optax.noisy_sgd, but for the numbers drawn.

    Args:
        lr: learning rate.
        eta: variance of the noise in the first step; 0 is SGD.
        gamma: how fast the variance falls with the steps; 0 keeps it as it is, the default is the paper's.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "noisy_sgd", lr=0.05, steps=50)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.01]
    """
    w -= lr * (g + sqrt(eta / t**gamma) * noise)
    return w


@elementwise(
    lr=0.1,
    ranges={"alpha": "[0, inf)", "beta": "[0, inf)"},
    claims=CLAIMS,
    reference="optax.optimistic_gradient_descent(lr, alpha=alpha, beta=beta)",
)
def optimistic_gradient_descent(w, g, previous, t, lr, alpha=1.0, beta=1.0):
    """Optimistic gradient descent: the gradient is extrapolated by its change since the last step.

    w = w - lr * (alpha * g + beta * (g - g_old))     g_old: the gradient of the step before; in the first step, g

    With alpha = beta = 1, equation 7 of Mokhtari et al., "A unified analysis of extra-gradient and optimistic gradient
    methods for saddle point problems", 2020, arXiv:1901.08511; with others, their generalized form, where alpha * lr is
    their step and beta * lr their correction. As optax.optimistic_gradient_descent.

    Args:
        lr: learning rate.
        alpha: weight of the gradient itself.
        beta: weight of its change; 0 is gradient descent.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "optimistic_gradient_descent", lr=0.03, steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(3).tolist()
        [9.72, 0.004]
    """
    if t == 1:
        previous = g
    w -= lr * (alpha * g + beta * (g - previous))
    previous = g
    return w, previous


@hookimpl
def optilab_optimizers():
    return [gradient_descent, sgd, noisy_sgd, optimistic_gradient_descent]
