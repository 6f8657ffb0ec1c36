"""Schedule-free descent (Defazio et al., 2024, "The road less scheduled", arXiv:2405.15682)."""

from math import sqrt

from optilab import hookimpl, per_weight, scalar, vectorwise

POINTS = {"x": per_weight("w"), "z": per_weight("w")}
SUMS = {"highest": scalar(), "total": scalar()}
RANGES = {
    "warmup_steps": "{0, 1, ...}",
    "weight_lr_power": "[0, inf)",
    "r": "[0, inf)",
}


def warmed(lr, t, warmup_steps):
    """The learning rate of step t, which rises to lr over the first `warmup_steps` steps."""
    return lr if t >= warmup_steps else lr * t / warmup_steps


def share(t, highest, total, weight_lr_power, r):
    """The sum of all weights, with that of this step, and this step's share of it."""
    weight = t**r * highest**weight_lr_power
    total += weight
    return total, weight / total if total > 0 else 0.0


@vectorwise(
    lr=1.0,
    states={**POINTS, **SUMS},
    ranges={**RANGES, "beta": "[0, 1]"},
    evaluate_at="x",
    claims=("rotation", "sign flips", "translation"),
    reference="optax.contrib.schedule_free_sgd(lr, b1=beta, weight_lr_power=weight_lr_power)",
)
def schedule_free_sgd(
    w, g, x, z, highest, total, t, lr, beta=0.9, warmup_steps=0, weight_lr_power=2.0, r=0.0, warmup_from_zero=False
):
    """Schedule-free SGD: SGD measured at an average of its weights, in place of a learning rate schedule.

    rate = lr * min(1, t / warmup_steps)
    z = z - rate * g
    weight = t^r * (the highest rate so far)^weight_lr_power;  c = weight / the sum of all weights so far
    x = (1 - c) * x + c * z
    w = (1 - beta) * z + beta * x

    Equations 3 to 5 of Defazio et al., 2024, arXiv:2405.15682: it descends from z, averages in x, where cost and accuracy are
    measured, and takes the gradient in between, at w. As schedulefree's SGDScheduleFree, where beta is called momentum and
    weight_decay is `l2 | schedule_free_sgd`, and as optax.contrib.schedule_free_sgd without warmup.

    Args:
        lr: learning rate, which may be larger than for SGD.
        beta: how near to the average the gradient is taken, from 0 (at z) to 1 (at x).
        warmup_steps: steps in which the rate rises to lr along a straight line; 0 for none.
        weight_lr_power: power of the highest rate so far in a step's share of the average.
        r: power of t in a step's share; 0 is a plain mean, more favours late steps.
        warmup_from_zero: the steps of z lag one behind the shares, and the first goes nowhere, as in
            optax.contrib with warmup.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "schedule_free_sgd", lr=0.1, steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(3).tolist()
        [9.72, 0.005]
    """
    highest = max(highest, warmed(lr, t, warmup_steps))
    rate = warmed(lr, t - 1 if warmup_from_zero else t, warmup_steps)
    total, c = share(t, highest, total, weight_lr_power, r)
    c = w.dtype.type(c)
    for i in range(w.size):
        z[i] -= rate * g[i]
        x[i] += c * (z[i] - x[i])
        w[i] = z[i] + beta * (x[i] - z[i])
    return highest, total


@vectorwise(
    lr=0.0025,
    states={**POINTS, **SUMS},
    ranges={
        **RANGES,
        "beta1": "[0, 1]",
        "beta2": "[0, 1)",
        "eps": "[0, inf)",
        "weight_decay": "[0, inf)",
        "bias_correction": "{moment, rate}",
    },
    evaluate_at="x",
    claims=("sign flips", "translation"),
    reference="optax.contrib.schedule_free_adamw(lr, b1=beta1, b2=beta2, eps=eps, weight_decay=weight_decay, "
    "weight_lr_power=weight_lr_power)",
)
def schedule_free_adamw(
    w,
    g,
    x,
    z,
    v,
    highest,
    total,
    t,
    lr,
    beta1=0.9,
    beta2=0.999,
    eps=1e-8,
    weight_decay=0.0,
    warmup_steps=0,
    weight_lr_power=2.0,
    r=0.0,
    bias_correction="moment",
    warmup_from_zero=False,
):
    """Schedule-free AdamW: AdamW with an average of the weights in place of first moment and schedule.

    v = beta2 * v + (1 - beta2) * g^2
    z = z - rate * (g / (sqrt(v / (1 - beta2^t)) + eps) + weight_decay * w)

    and rate, weight, x and w as in `schedule_free_sgd`, where beta is beta1.

    Defazio et al., 2024, arXiv:2405.15682. As schedulefree's AdamWScheduleFree since version 1.3, and as
    optax.contrib.schedule_free_adamw, but for its warmup.

    Args:
        lr: learning rate, about as long as the step of each weight.
        beta1: how near to the average the gradient is taken, from 0 (at z) to 1 (at x).
        beta2: decay of the second moment.
        eps: added to the root of the second moment.
        weight_decay: decoupled weight decay, of the weights at which the gradient is taken.
        warmup_steps: steps in which the rate rises to lr along a straight line; 0 for none.
        weight_lr_power: power of the highest rate so far in a step's share of the average.
        r: power of t in a step's share; 0 is a plain mean, more favours late steps.
        bias_correction: of "moment", as above, or of "rate": then v is not corrected but rate is, by sqrt(1 - beta2^t),
            which the shares see too: algorithm 1 of the paper, and schedulefree's AdamWScheduleFreePaper.
        warmup_from_zero: the steps of z lag one behind the shares, and the first goes nowhere, as in optax.contrib.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "schedule_free_adamw", lr=0.1, steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.01]
    """
    corrected = sqrt(1 - beta2**t)
    of_rate, of_moment = (corrected, 1.0) if bias_correction == "rate" else (1.0, corrected)
    highest = max(highest, of_rate * warmed(lr, t, warmup_steps))
    rate = of_rate * warmed(lr, t - 1 if warmup_from_zero else t, warmup_steps)
    total, c = share(t, highest, total, weight_lr_power, r)
    c = w.dtype.type(c)
    for i in range(w.size):
        v[i] = beta2 * v[i] + (1 - beta2) * g[i] * g[i]
        z[i] -= rate * (g[i] / (sqrt(v[i]) / of_moment + eps) + weight_decay * w[i])
        x[i] += c * (z[i] - x[i])
        w[i] = z[i] + beta1 * (x[i] - z[i])
    return highest, total


@hookimpl
def optilab_optimizers():
    return [schedule_free_sgd, schedule_free_adamw]
