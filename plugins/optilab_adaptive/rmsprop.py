"""RMSprop (Tieleman and Hinton, 2012, lecture 6.5 of "Neural networks for machine learning")."""

from math import sqrt

from optilab import elementwise, hookimpl, per_weight


@elementwise(
    lr=0.01,
    states={"v": per_weight("initial_accumulator")},
    ranges={"alpha": "[0, 1)", "eps": "[0, inf)", "momentum": "[0, 1)", "initial_accumulator": "[0, inf)"},
    claims=("sign flips", "translation"),
    reference="torch.optim.RMSprop(lr=lr, alpha=alpha, eps=eps, momentum=momentum, centered=centered)",
)
def rmsprop(
    w,
    g,
    v,
    mean,
    b,
    t,
    lr,
    alpha=0.99,
    eps=1e-8,
    momentum=0.0,
    centered=False,
    eps_inside=False,
    lr_inside_momentum=False,
    nesterov=False,
    correct_bias=False,
    initial_accumulator=0.0,
):
    """RMSprop: each weight's gradient is divided by the root of a running mean of its squares.

    v = alpha * v + (1 - alpha) * g^2                  v starts at initial_accumulator
    b = momentum * b + g / (sqrt(v) + eps)
    w = w - lr * b

    Tieleman and Hinton, lecture 6.5 of "Neural networks for machine learning", 2012. Defaults and eps as in
    torch.optim.RMSprop, whose weight_decay is `l2 | rmsprop`. optax.rmsprop and Keras differ: eps_inside,
    lr_inside_momentum, alpha=0.9 and, in Keras, eps=1e-7.

    Args:
        lr: learning rate, about the distance that a weight moves in a step.
        alpha: share of v that is kept in each step; 0.99 averages about 100 squares, the lecture's 0.9 about 10.
        eps: keeps the denominator from zero.
        momentum: share of the last step that is repeated; the default 0 has no momentum.
        centered: whether the square of a running mean of the gradient is taken off v, which makes it a variance:
            Graves, "Generating sequences with recurrent neural networks", 2013, arXiv:1308.0850, equation 38.
        eps_inside: whether the denominator is sqrt(v + eps), as in Optax and Keras.
        lr_inside_momentum: whether b = momentum * b + lr * g / ... and w = w - b, as in Optax and Keras; that differs
            where lr changes.
        nesterov: whether the momentum looks ahead, as for `nesterov`; in Optax.
        correct_bias: whether v and the mean are divided by 1 - alpha^t; in Optax.
        initial_accumulator: what v starts at; with the default 0, the first step is 1 / sqrt(1 - alpha) times lr.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "rmsprop", lr=0.03, steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.0]
    """
    inside, outside = (eps, 0.0) if eps_inside else (0.0, eps)
    inner, outer = (lr, 1.0) if lr_inside_momentum else (1.0, lr)
    correction = 1 / (1 - alpha**t) if correct_bias else 1.0
    v = alpha * v + (1 - alpha) * g * g
    spread = correction * v
    if centered:
        mean = alpha * mean + (1 - alpha) * g
        spread -= (correction * mean) ** 2
    step = inner * g / (sqrt(spread + inside) + outside)
    if momentum > 0:
        b = momentum * b + step
        step = step + momentum * b if nesterov else b
    w -= outer * step
    return w, v, mean, b


@hookimpl
def optilab_optimizers():
    return [rmsprop]
