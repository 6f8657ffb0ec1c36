"""AdaBelief (Zhuang et al., 2020, arXiv:2010.07468) and ACProp (Zhuang et al., 2021, arXiv:2110.05454)."""

from optilab import elementwise, hookimpl
from optilab_adaptive.moments import corrected_momentum, spread

BELIEF = {"beta1": "[0, 1)", "beta2": "[0, 1)", "eps": "[0, inf)", "eps_root": "[0, inf)"}


@elementwise(
    lr=1e-3,
    ranges=BELIEF,
    claims=("sign flips", "translation"),
    reference="optax.adabelief(lr, b1=beta1, b2=beta2, eps=eps, eps_root=eps_root, nesterov=nesterov)",
)
def adabelief(w, g, m, s, t, lr, beta1=0.9, beta2=0.999, eps=1e-16, eps_root=1e-16, nesterov=False):
    """AdaBelief: Adam whose denominator is the variance of the gradient around its running mean.

    m = beta1 * m + (1 - beta1) * g
    s = beta2 * s + (1 - beta2) * (g - m)^2 + eps_root
    w = w - lr * (m / (1 - beta1^t)) / (sqrt(s / (1 - beta2^t)) + eps)

    Steps are long where the gradient is what m led to expect, and short where it is a surprise.

    Algorithm 2 of Zhuang et al., "AdaBelief optimizer: adapting stepsizes by the belief in observed gradients", 2020,
    arXiv:2010.07468; eps and eps_root are one number there and in its authors' code. Defaults as there and in
    optax.adabelief.

    Args:
        lr: learning rate; where gradients agree, a weight moves much farther than lr in a step.
        beta1: share of m that is kept in each step; 0.9 averages about 10 gradients.
        beta2: share of s that is kept in each step; 0.999 averages about 1,000 squared surprises.
        eps: added to the root; with eps_root it bounds the step where gradients agree.
        eps_root: added to s in each step, so that s stays above zero.
        nesterov: whether the momentum is one step ahead, as in Optax.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "adabelief", lr=0.1, steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.0]
    """
    m = beta1 * m + (1 - beta1) * g
    s = beta2 * s + (1 - beta2) * (g - m) * (g - m) + eps_root
    w -= lr * corrected_momentum(m, g, beta1, t, nesterov) / spread(s, 1 - beta2**t, eps, 0.0, False)
    return w, m, s


@elementwise(
    lr=1e-3,
    ranges={**BELIEF, "center": "{new, old}"},
    claims=("sign flips", "translation"),
)
def acprop(w, g, m, s, t, lr, beta1=0.9, beta2=0.999, eps=1e-16, eps_root=1e-16, center="new"):
    """ACProp: AdaBelief without momentum, whose denominator is the one from before the present gradient.

    w = w - lr * g / (sqrt(s / (1 - beta2^(t-1))) + eps)     in the first step w - lr * g
    m = beta1 * m + (1 - beta1) * g
    s = beta2 * s + (1 - beta2) * (g - m)^2 + eps_root

    Zhuang et al., "Momentum centering and asynchronous update for adaptive gradient methods", 2021, arXiv:2110.05454.
    Where successive gradients agree, s and the denominator almost vanish and the step explodes: a larger eps prevents
    that.

    Args:
        lr: learning rate; it multiplies the plain gradient in the first step.
        beta1: share of m, the mean that gradients are compared with, that is kept in each step; 0.9 averages about 10.
        beta2: share of s that is kept in each step; 0.999 averages about 1,000 squared surprises.
        eps: added to the root; it bounds the step where gradients agree.
        eps_root: added to s in each step, so that s stays above zero.
        center: whether the surprise is measured from the mean that includes g, "new", as in the paper and its authors'
            code, or from the mean before it, "old", as in optax.contrib.acprop: it is larger by the factor 1 / beta1.
            There, the first step is lr * g / (1 + eps).

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "acprop", lr=0.03, steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.0]
    """
    w -= lr * g / (spread(s, 1 - beta2 ** (t - 1), eps, 0.0, False) if t > 1 else 1.0)
    surprise = g - m
    m = beta1 * m + (1 - beta1) * g
    if center == "new":
        surprise = g - m
    s = beta2 * s + (1 - beta2) * surprise * surprise + eps_root
    return w, m, s


@hookimpl
def optilab_optimizers():
    return [adabelief, acprop]
