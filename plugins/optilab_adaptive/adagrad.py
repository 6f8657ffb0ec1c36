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
    """Divide each weight's gradient by the root of the sum of all its squares so far.

    s = s + g^2                                        s starts at initial_accumulator
    w = w - lr / (1 + (t - 1) * lr_decay) * g / (sqrt(s) + eps)

    Figure 1 of Duchi, Hazan and Singer, 2011, with the diagonal matrix. As torch.optim.Adagrad. With eps_inside the
    denominator is sqrt(s + eps), as in optax.adagrad and Keras, both with initial_accumulator=0.1 and eps=1e-7. A weight
    whose s is 0 stays.
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
