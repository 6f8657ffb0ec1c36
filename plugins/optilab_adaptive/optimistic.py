"""Optimistic Adam (Daskalakis et al., 2018, "Training GANs with optimism", arXiv:1711.00141)."""

from optilab import elementwise, hookimpl
from optilab_adaptive.moments import corrected_momentum, spread


@elementwise(
    lr=1e-3,
    ranges={"beta1": "[0, 1)", "beta2": "[0, 1)", "eps": "[0, inf)", "eps_root": "[0, inf)"},
    claims=("sign flips", "translation"),
    reference=(
        "optax.optimistic_adam_v2(lr, alpha=alpha, beta=beta, b1=beta1, b2=beta2, eps=eps, eps_root=eps_root, "
        "nesterov=nesterov)"
    ),
)
def optimistic_adam(
    w, g, m, v, d, t, lr, alpha=1.0, beta=1.0, beta1=0.9, beta2=0.999, eps=1e-8, eps_root=0.0, nesterov=False
):
    """Optimistic Adam: Adam whose direction is extrapolated by its change since the last step.

    d_t = (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)   the direction of Adam
    w = w - lr * ((alpha + beta) * d_t - beta * d_(t-1))          d_0 is d_1

    Meant for games, where gradients rotate. Algorithm 1 of Daskalakis et al., "Training GANs with optimism", 2018,
    arXiv:1711.00141, with alpha = beta = 1, generalised as in Mokhtari, Ozdaglar and Pattathil, 2020, arXiv:1901.08511.
    As optax.optimistic_adam_v2, which has nesterov=True by default.

    Args:
        lr: learning rate, about the distance that a weight moves in a step.
        alpha: weight of the direction itself; 1 in Daskalakis et al.
        beta: weight of its change; 0 is Adam.
        beta1: share of m that is kept in each step; 0.9 averages about 10 gradients.
        beta2: share of v that is kept in each step; 0.999 averages about 1,000 squares.
        eps: keeps the denominator from zero.
        eps_root: added inside the root, as in Optax; the default 0 adds nothing.
        nesterov: whether m is one step ahead, as in Optax.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "optimistic_adam", lr=0.1, steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.0]
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    new = corrected_momentum(m, g, beta1, t, nesterov) / spread(v, 1 - beta2**t, eps, eps_root, False)
    last = d if t > 1 else new
    w -= lr * ((alpha + beta) * new - beta * last)
    d = new
    return w, m, v, d


@hookimpl
def optilab_optimizers():
    return [optimistic_adam]
