"""RAdam (Liu et al., 2020, "On the variance of the adaptive learning rate and beyond", arXiv:1908.03265)."""

from math import sqrt

from optilab import elementwise, hookimpl
from optilab_adaptive.moments import corrected_momentum, spread


@elementwise(
    lr=1e-3,
    ranges={
        "beta1": "[0, 1)",
        "beta2": "[0, 1)",
        "eps": "[0, inf)",
        "eps_root": "[0, inf)",
        "threshold": "[0, inf)",
    },
    claims=("sign flips", "translation"),
    reference="torch.optim.RAdam(lr=lr, betas=(beta1, beta2), eps=eps)",
)
def radam(
    w,
    g,
    m,
    v,
    t,
    lr,
    beta1=0.9,
    beta2=0.999,
    eps=1e-8,
    threshold=5.0,
    strict=True,
    eps_hat=True,
    eps_root=0.0,
    nesterov=False,
):
    """RAdam: Adam rectified for the variance of its early denominators, which is a warm-up without a schedule.

    m, v as in Adam, m_hat = m / (1 - beta1^t)
    longest = 2 / (1 - beta2) - 1
    length = longest - 2 * t * beta2^t / (1 - beta2^t)
    r = sqrt((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length))
    w = w - lr * r * m_hat * sqrt(1 - beta2^t) / (sqrt(v) + eps)     if length > threshold
    w = w - lr * m_hat                                               otherwise

    Algorithm 2 of Liu et al., "On the variance of the adaptive learning rate and beyond", 2020, arXiv:1908.03265, with
    a threshold of 5 for the paper's 4, as in its authors' code, PyTorch and Optax. Defaults and the place of eps as in
    torch.optim.RAdam; `weight_decay | radam` is its decoupled_weight_decay=True. As optax.radam with strict=False,
    eps_hat=False. The first steps are those of plain momentum: where gradients are large, an lr that suits Adam throws
    them far.

    Args:
        lr: learning rate: that of momentum in the first steps, then at most about the distance that a weight moves.
        beta1: share of m that is kept in each step; 0.9 averages about 10 gradients.
        beta2: share of v that is kept in each step; 0.999 averages about 1,000 squares.
        eps: keeps the denominator from zero.
        threshold: the length up to which v isn't used; with the defaults, v is used from the sixth step on.
        strict: whether a length of exactly the threshold is too short.
        eps_hat: whether eps is added before the correction of v's bias, as in PyTorch, not after it.
        eps_root: added inside the root, as in Optax; the default 0 adds nothing.
        nesterov: whether the momentum is one step ahead, as in Optax.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "radam", lr=0.2, steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.0]
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    longest = 2 / (1 - beta2) - 1
    length = longest - 2 * t * beta2**t / (1 - beta2**t)
    step = lr * corrected_momentum(m, g, beta1, t, nesterov)
    if length > threshold or (length == threshold and not strict):
        trust = sqrt((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length))
        step *= trust / spread(v, 1 - beta2**t, eps, eps_root, eps_hat)
    w -= step
    return w, m, v


@hookimpl
def optilab_optimizers():
    return [radam]
