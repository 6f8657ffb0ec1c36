"""Moments of the gradient, as Adam and its variants use them, with the correction of their bias towards zero."""

from math import sqrt


def corrected_momentum(m, g, beta1, t, nesterov):
    """First moment without its bias, or as it would be after the same gradient once more.

    m / (1 - beta1^t)
    beta1 * m / (1 - beta1^(t+1)) + (1 - beta1) * g / (1 - beta1^t)     if nesterov, as in Optax
    """
    if nesterov:
        return beta1 * m / (1 - beta1 ** (t + 1)) + (1 - beta1) * g / (1 - beta1**t)
    return m / (1 - beta1**t)


def spread(v, seen, eps, eps_root, eps_hat):
    """Denominator of a step, of a moment v that has seen a share of its weight, 1 - beta2^t: sqrt(v / seen + eps_root) + eps.

    eps_hat: the correction of the bias divides eps too, as if it had been added to sqrt(v).
    """
    return sqrt(v / seen + eps_root) + (eps / sqrt(seen) if eps_hat else eps)
