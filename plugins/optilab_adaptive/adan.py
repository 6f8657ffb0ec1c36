"""Adan (Xie et al., 2022, "Adaptive Nesterov momentum for faster optimizing deep models", arXiv:2208.06677)."""

from optilab import elementwise, hookimpl
from optilab_adaptive.moments import spread


@elementwise(
    lr=1e-3,
    ranges={
        "beta1": "[0, 1)",
        "beta2": "[0, 1)",
        "beta3": "[0, 1)",
        "eps": "[0, inf)",
        "eps_root": "[0, inf)",
        "weight_decay": "[0, inf)",
        "difference": "{beta2, one_minus_beta2}",
    },
    claims=("sign flips", "translation"),
)
def adan(
    w,
    g,
    g_before,
    m,
    v,
    n,
    t,
    lr,
    beta1=0.98,
    beta2=0.92,
    beta3=0.99,
    eps=1e-8,
    weight_decay=0.0,
    eps_root=0.0,
    difference="beta2",
):
    """Adan: Adam with Nesterov momentum, which is estimated from differences of successive gradients.

    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * (g - g_before)                    0 in the first step
    n = beta3 * n + (1 - beta3) * (g + beta2 * (g - g_before))^2
    m_hat, v_hat, n_hat = m / (1 - beta1^t), v / (1 - beta2^t), n / (1 - beta3^t)
    w = (w - lr * (m_hat + beta2 * v_hat) / (sqrt(n_hat) + eps)) / (1 + lr * weight_decay)

    Algorithm 1 of Xie et al., "Adan: adaptive Nesterov momentum algorithm for faster optimizing deep models", 2022,
    arXiv:2208.06677, with the corrections of the bias and the defaults of its authors' code; the paper writes 1 - beta
    for each beta. The decay is implicit; `weight_decay | adan` is its no_prox=True and that of optax.adan.

    Args:
        lr: learning rate, about the distance that a weight moves in a step.
        beta1: share of m, the mean gradient, that is kept in each step; 0.98 averages about 50.
        beta2: share of v, the mean difference of gradients, that is kept in each step; 0.92 averages about 12.
        beta3: share of n, the mean square, that is kept in each step; 0.99 averages about 100.
        eps: keeps the denominator from zero.
        weight_decay: what lr is multiplied by to shrink w; the default 0 leaves it.
        eps_root: added inside the root; optax.adan has 1e-8, the default 0 adds nothing.
        difference: what differences are multiplied by, "beta2", or "one_minus_beta2" as in optax.adan.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "adan", lr=0.5, steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.0]
    """
    change = g - g_before if t > 1 else 0.0
    share = beta2 if difference == "beta2" else 1 - beta2
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * change
    n = beta3 * n + (1 - beta3) * (g + share * change) ** 2
    ahead = m / (1 - beta1**t) + share * v / (1 - beta2**t)
    w = (w - lr * ahead / spread(n, 1 - beta3**t, eps, eps_root, False)) / (1 + lr * weight_decay)
    g_before = g
    return w, g_before, m, v, n


@hookimpl
def optilab_optimizers():
    return [adan]
