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
    """The learning rate of step t, where it rises to lr over the first steps."""
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
    """Descend from z, average in x, and take the gradient in between: what a schedule would do, without knowing the end.

    rate = lr * min(1, t / warmup_steps)
    z = z - rate * g
    weight = t^r * (the highest rate so far)^weight_lr_power;  c = weight / the sum of all weights so far
    x = (1 - c) * x + c * z
    w = (1 - beta) * z + beta * x

    Equations 3 to 5 of Defazio et al., 2024, arXiv:2405.15682; cost and accuracy are measured at x. As schedulefree's
    SGDScheduleFree, where beta is called momentum and weight_decay is `l2 | schedule_free_sgd`, and as
    optax.contrib.schedule_free_sgd without warmup. With warmup, the steps of Optax's z lag one behind the weights of its
    average, and its first goes nowhere: warmup_from_zero.
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
    """AdamW where the average of the weights takes the place of the first moment.

    v = beta2 * v + (1 - beta2) * g^2
    z = z - rate * (g / (sqrt(v / (1 - beta2^t)) + eps) + weight_decay * w)

    and rate, weight, x and w as in `schedule_free_sgd`.

    As schedulefree's AdamWScheduleFree since version 1.3, and as optax.contrib.schedule_free_adamw, but for its warmup
    (warmup_from_zero). With bias_correction="rate", algorithm 1 of Defazio et al., 2024, arXiv:2405.15682, and
    schedulefree's AdamWScheduleFreePaper: v is not corrected but rate is, by sqrt(1 - beta2^t), which the weights see too.
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
