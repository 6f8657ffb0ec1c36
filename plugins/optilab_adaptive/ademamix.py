"""AdEMAMix (Pagliardini, Ablin and Grangier, 2024, arXiv:2409.03137) and its simplification (Morwani et al., 2025)."""

from math import exp, log

from optilab import elementwise, hookimpl
from optilab_adaptive.moments import spread

MIXTURE = {"beta1": "[0, 1)", "beta2": "[0, 1)", "eps": "[0, inf)", "eps_root": "[0, inf)"}


def longer_memory(beta1, beta3, progress):
    """Between beta1 and beta3, such that the half-life of the average grows in proportion to progress."""
    return exp(log(beta1) * log(beta3) / ((1 - progress) * log(beta3) + progress * log(beta1)))


@elementwise(
    lr=1e-3,
    ranges={**MIXTURE, "beta1": "(0, 1)", "beta3": "(0, 1)", "alpha": "[0, inf)", "warmup": "{0, 1, ...}"},
    claims=("sign flips", "translation"),
    reference="optax.contrib.ademamix(lr, b1=beta1, b2=beta2, b3=beta3, alpha=alpha, eps=eps, eps_root=eps_root)",
)
def ademamix(
    w,
    g,
    m,
    m_slow,
    v,
    t,
    lr,
    beta1=0.9,
    beta2=0.999,
    beta3=0.9999,
    alpha=5.0,
    warmup=0,
    eps=1e-8,
    eps_root=0.0,
):
    """AdEMAMix: Adam with two momenta, one of recent gradients and one that remembers thousands of steps.

    m = beta1 * m + (1 - beta1) * g
    m_slow = beta3 * m_slow + (1 - beta3) * g
    v = beta2 * v + (1 - beta2) * g^2
    w = w - lr * (m / (1 - beta1^t) + alpha * m_slow) / (sqrt(v / (1 - beta2^t)) + eps)

    Algorithm 1 of Pagliardini, Ablin and Grangier, "The AdEMAMix optimizer: better, faster, older", 2024,
    arXiv:2409.03137; the bias of m_slow is left. Defaults as in optax.contrib.ademamix. Its weight decay is that of
    `weight_decay | ademamix`.

    Args:
        lr: learning rate: a weight moves about lr in a step at first, up to (1 + alpha) * lr when m_slow has filled.
        beta1: share of m that is kept in each step, in (0, 1); 0.9 averages about 10 gradients.
        beta2: share of v that is kept in each step; 0.999 averages about 1,000 squares.
        beta3: share of m_slow that is kept in each step, in (0, 1); 0.9999 averages about 10,000 gradients.
        alpha: weight of the slow momentum; 0 is Adam.
        warmup: T_alpha = T_beta3 of the paper: steps in which alpha rises from 0 in proportion, and beta3 from beta1
            such that the half-life of m_slow does. The default 0 begins with both as they are.
        eps: keeps the denominator from zero.
        eps_root: added inside the root, as in Optax; the default 0 adds nothing.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "ademamix", lr=0.1, steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.0]
    """
    if t < warmup:
        beta3 = longer_memory(beta1, beta3, t / warmup)
        alpha = alpha * t / warmup
    m = beta1 * m + (1 - beta1) * g
    m_slow = beta3 * m_slow + (1 - beta3) * g
    v = beta2 * v + (1 - beta2) * g * g
    w -= lr * (m / (1 - beta1**t) + alpha * m_slow) / spread(v, 1 - beta2**t, eps, eps_root, False)
    return w, m, m_slow, v


@elementwise(
    lr=1e-4,
    ranges={**MIXTURE, "alpha": "[0, inf)"},
    claims=("sign flips", "translation"),
    reference="optax.contrib.simplified_ademamix(lr, b1=beta1, b2=beta2, alpha=alpha, eps=eps, eps_root=eps_root)",
)
def simplified_ademamix(w, g, m, v, t, lr, beta1=0.99, beta2=0.95, alpha=0.0, eps=1e-8, eps_root=0.0):
    """Simplified AdEMAMix: AdEMAMix with one momentum, a sum of gradients to which alpha times the newest is added.

    m = beta1 * m + g
    v = beta2 * v + (1 - beta2) * g^2
    w = w - lr * (m + alpha * g) / (sqrt(v / (1 - beta2^t)) + eps)

    Morwani et al., "Connections between schedule-free optimizers, AdEMAMix, and accelerated SGD variants", 2025,
    arXiv:2502.02431. Defaults as in optax.contrib.simplified_ademamix.

    Args:
        lr: learning rate; as m is a sum, not an average, about 1 - beta1 times that of Adam, the smaller the larger
            alpha is.
        beta1: share of m that is kept in each step; 0.99 sums up about 100 gradients.
        beta2: share of v that is kept in each step; 0.95 averages about 20 squares.
        alpha: weight of the newest gradient besides the momentum; the default 0 leaves it out.
        eps: keeps the denominator from zero.
        eps_root: added inside the root, as in Optax; the default 0 adds nothing.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "simplified_ademamix", lr=0.001, alpha=100, steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.0]
    """
    m = beta1 * m + g
    v = beta2 * v + (1 - beta2) * g * g
    w -= lr * (m + alpha * g) / spread(v, 1 - beta2**t, eps, eps_root, False)
    return w, m, v


@hookimpl
def optilab_optimizers():
    return [ademamix, simplified_ademamix]
