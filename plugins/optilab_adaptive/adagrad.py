"""Adagrad (Duchi, Hazan and Singer, 2011, "Adaptive subgradient methods for online learning and stochastic optimization")."""

from math import sqrt

from optilab import elementwise, hookimpl, per_weight


@elementwise(
    lr=0.01,
    states={"s": per_weight("initial_accumulator")},
    ranges={"eps": "[0, inf)", "initial_accumulator": "[0, inf)", "lr_decay": "[0, inf)"},
    claims=("sign flips", "translation"),
    reference="torch.optim.Adagrad(lr=lr, eps=eps, initial_accumulator_value=initial_accumulator, lr_decay=lr_decay)",
)
def adagrad(w, g, s, t, lr, eps=1e-10, initial_accumulator=0.0, lr_decay=0.0, eps_inside=False):
    """Adagrad: each weight's gradient is divided by the root of the sum of all its squares so far.

    s = s + g^2                                        s starts at initial_accumulator
    w = w - lr / (1 + (t - 1) * lr_decay) * g / (sqrt(s) + eps)

    Figure 1 of Duchi, Hazan and Singer, "Adaptive subgradient methods for online learning and stochastic optimization",
    2011, with the diagonal matrix. As torch.optim.Adagrad; optax.adagrad and Keras have eps_inside,
    initial_accumulator=0.1 and eps=1e-7. A weight whose s is 0 stays.

    Args:
        lr: learning rate, the length of each weight's first step; torch's 0.01.
        eps: keeps the denominator from zero; torch's 1e-10 is next to nothing.
        initial_accumulator: what s starts at; with the default 0, the first step of every weight has the length lr.
        lr_decay: how fast the rate falls besides; 0 leaves it to s, as in the paper.
        eps_inside: whether the denominator is sqrt(s + eps), as in Optax and Keras, in place of sqrt(s) + eps.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "adagrad", lr=0.5, steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.0]
    """
    s += g * g
    inside, outside = (eps, 0.0) if eps_inside else (0.0, eps)
    rate = lr / (1 + (t - 1) * lr_decay)
    if s != 0:
        w -= rate * g / (sqrt(s + inside) + outside)
    return w, s


@hookimpl
def optilab_optimizers():
    return [adagrad]
