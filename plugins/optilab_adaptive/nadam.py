"""NAdam (Dozat, 2016, "Incorporating Nesterov momentum into Adam", openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ)."""

from optilab import hookimpl, scalar, vectorwise
from optilab_adaptive.moments import spread

NESTEROV = {
    "beta1": "[0, 1)",
    "beta2": "[0, 1)",
    "eps": "[0, inf)",
    "eps_root": "[0, inf)",
    "momentum_decay": "[0, inf)",
}


def momentum_at(t, beta1, momentum_decay, scheduled_momentum):
    """Momentum at step t: from about a half of beta1 up to beta1, or beta1 all the way."""
    return beta1 * (1 - 0.5 * 0.96 ** (t * momentum_decay)) if scheduled_momentum else beta1


def step(w, g, m, v, mu_product, t, lr, beta1, beta2, eps, eps_root, momentum_decay, scheduled_momentum, weight_decay):
    """Take one step of NAdam, after weight decay. mu_product: of all momenta before. Returns the momentum at t."""
    mu = momentum_at(t, beta1, momentum_decay, scheduled_momentum)
    mu_next = momentum_at(t + 1, beta1, momentum_decay, scheduled_momentum)
    of_m = lr * mu_next / (1 - mu_product * mu * mu_next)
    of_g = lr * (1 - mu) / (1 - mu_product * mu)
    kept, seen = 1 - lr * weight_decay, 1 - beta2**t
    for i in range(w.size):
        m[i] = beta1 * m[i] + (1 - beta1) * g[i]
        v[i] = beta2 * v[i] + (1 - beta2) * g[i] * g[i]
        w[i] = kept * w[i] - (of_m * m[i] + of_g * g[i]) / spread(v[i], seen, eps, eps_root, False)
    return mu


@vectorwise(lr=2e-3, ranges=NESTEROV, states={"mu_product": scalar(1.0)}, claims=("sign flips", "translation"))
def nadam(
    w,
    g,
    m,
    v,
    mu_product,
    t,
    lr,
    beta1=0.9,
    beta2=0.999,
    eps=1e-8,
    momentum_decay=4e-3,
    scheduled_momentum=True,
    eps_root=0.0,
):
    """NAdam: Adam with Nesterov momentum, whose step uses the first moment as it will be one step later.

    mu_t = beta1 * (1 - 0.5 * 0.96^(t * momentum_decay))
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g^2
    m_hat = mu_(t+1) * m / (1 - mu_1 * ... * mu_(t+1)) + (1 - mu_t) * g / (1 - mu_1 * ... * mu_t)
    w = w - lr * m_hat / (sqrt(v / (1 - beta2^t)) + eps)

    Algorithm 2 of Dozat, "Incorporating Nesterov momentum into Adam", 2016
    (openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ), without the extra beta2 there, as everywhere. Defaults and formula
    as in torch.optim.NAdam, which keeps the product of the momenta in single precision. `l2 | nadam` is its
    weight_decay.

    Args:
        lr: learning rate, about the distance that a weight moves in a step.
        beta1: share of m that is kept in each step; 0.9 averages about 10 gradients.
        beta2: share of v that is kept in each step; 0.999 averages about 1,000 squares.
        eps: keeps the denominator from zero.
        momentum_decay: how fast mu rises from about a half of beta1 to beta1; torch's 0.004, 1 in Keras.
        scheduled_momentum: whether mu rises; without it, mu is beta1 at all steps, as in optax.nadam.
        eps_root: added inside the root, as in Optax; the default 0 adds nothing.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "nadam", lr=0.1, steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.0]
    """
    mu_product *= step(
        w, g, m, v, mu_product, t, lr, beta1, beta2, eps, eps_root, momentum_decay, scheduled_momentum, 0.0
    )
    return mu_product


@vectorwise(
    lr=2e-3,
    ranges={**NESTEROV, "weight_decay": "[0, inf)"},
    states={"mu_product": scalar(1.0)},
    claims=("sign flips",),
)
def nadamw(
    w,
    g,
    m,
    v,
    mu_product,
    t,
    lr,
    beta1=0.9,
    beta2=0.999,
    eps=1e-8,
    weight_decay=0.01,
    momentum_decay=4e-3,
    scheduled_momentum=True,
    eps_root=0.0,
):
    """NAdamW: NAdam with decoupled weight decay, which shrinks the weights themselves and stays out of the moments.

    w = w - lr * weight_decay * w, and then a step of NAdam

    Dozat, "Incorporating Nesterov momentum into Adam", 2016; Loshchilov and Hutter, "Decoupled weight decay
    regularization", 2019, arXiv:1711.05101. torch.optim.NAdam(decoupled_weight_decay=True), and with
    scheduled_momentum=False optax.nadamw.

    Args:
        lr: learning rate, about the distance that a weight moves in a step; it scales the decay, too.
        beta1: share of m that is kept in each step; 0.9 averages about 10 gradients.
        beta2: share of v that is kept in each step; 0.999 averages about 1,000 squares.
        eps: keeps the denominator from zero.
        weight_decay: what lr is multiplied by to shrink w; 0 is NAdam.
        momentum_decay: how fast the momentum rises from about a half of beta1 to beta1, as for `nadam`.
        scheduled_momentum: whether the momentum rises; without it, it is beta1 at all steps.
        eps_root: added inside the root, as in Optax; the default 0 adds nothing.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "nadamw", lr=0.1, steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.0]
    """
    mu_product *= step(
        w, g, m, v, mu_product, t, lr, beta1, beta2, eps, eps_root, momentum_decay, scheduled_momentum, weight_decay
    )
    return mu_product


@hookimpl
def optilab_optimizers():
    return [nadam, nadamw]
