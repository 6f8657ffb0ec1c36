"""Gradients over an estimated diagonal of the Hessian: Sophia (Liu et al., 2023, arXiv:2305.14342), and AdaHessian."""

from math import sqrt

from optilab import hookimpl, per_weight, vectorwise
from optilab_descent.curvature import hutchinson, to_signs

MOMENTS = {"beta1": "[0, 1)", "beta2": "[0, 1)", "eps": "[0, inf)", "weight_decay": "[0, inf)"}
WORK = per_weight(copies=3)


def blend(mean, new, beta):
    """Running mean: mean = beta * mean + (1 - beta) * new."""
    for i in range(mean.size):
        mean[i] = beta * mean[i] + (1 - beta) * new[i]


@vectorwise(
    lr=1e-3,
    states={"work": WORK},
    ranges={**MOMENTS, "gamma": "(0, inf)", "clip": "(0, inf]", "interval": "{1, 2, ...}", "probe": "{normal, signs}"},
)
def sophia(
    w,
    g,
    m,
    h,
    work,
    noise,
    t,
    value_and_grad,
    lr,
    beta1=0.96,
    beta2=0.99,
    eps=1e-12,
    gamma=0.01,
    clip=1.0,
    weight_decay=0.2,
    interval=10,
    probe="normal",
    bias_correction=False,
    hessian_late=False,
):
    """Sophia: momentum divided by an estimate of the Hessian's diagonal, with each weight's step clipped.

    m = beta1 * m + (1 - beta1) * g
    h = beta2 * h + (1 - beta2) * noise * H noise         every `interval` steps, from the first
    w = w - lr * weight_decay * w
    w = w - lr * clip(m / max(gamma * h, eps), -1, 1)

    Sophia-H, algorithms 1 and 3 of Liu et al., 2023, arXiv:2305.14342, where H is the Hessian on this batch; its product with
    the noise is taken from two more gradients. Where the curvature is negative or unknown, a weight moves by lr against the sign of m. The
    paper's other estimate, Gauss-Newton-Bartlett, needs labels drawn from the network's own answers.

    optax.contrib.sophia has bias_correction, hessian_late, probe="signs", beta1 = 0.965, eps = 1e-8 and weight_decay = 1e-4.

    Args:
        lr: learning rate, the longest step of a weight where clip = 1.
        beta1: decay of the mean of the gradients.
        beta2: decay of the mean of the Hessian's diagonal, from one estimate to the next.
        eps: the least that gamma * h counts as.
        gamma: factor of the curvature; the larger, the fewer weights are clipped. The paper tunes it, to 0.01 for Sophia-H.
        clip: largest ratio, above and below; inf for none.
        weight_decay: decoupled weight decay.
        interval: steps from one estimate of the Hessian's diagonal to the next.
        probe: the noise, normal or signs (1 or -1).
        bias_correction: divides m by 1 - beta1^t.
        hessian_late: adds to h after the step instead of before it.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "sophia", lr=0.05, steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.01]
    """
    is_new = (t - 1) % interval == 0
    if is_new:
        if probe == "signs":
            to_signs(noise)
        hutchinson(value_and_grad, w, noise, work)
        if not hessian_late:
            blend(h, work[0], beta2)
    correction = 1 / (1 - beta1**t) if bias_correction else 1.0
    for i in range(w.size):
        m[i] = beta1 * m[i] + (1 - beta1) * g[i]
        ratio = correction * m[i] / max(gamma * h[i], eps)
        w[i] -= lr * (weight_decay * w[i] + min(max(ratio, -clip), clip))
    if is_new and hessian_late:
        blend(h, work[0], beta2)


@vectorwise(lr=0.15, states={"work": WORK}, ranges={**MOMENTS, "power": "[0, 1]"})
def adahessian(
    w,
    g,
    m,
    v,
    work,
    noise,
    t,
    value_and_grad,
    lr,
    beta1=0.9,
    beta2=0.999,
    eps=1e-4,
    weight_decay=0.0,
    power=1.0,
):
    """AdaHessian: Adam with the Hessian's diagonal in place of the gradient in its second moment.

    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * (signs * H signs)^2         signs: 1 or -1 at random
    w = w - lr * weight_decay * w
    w = w - lr * (m / (1 - beta1^t)) / ((v / (1 - beta2^t))^(power / 2) + eps)

    Yao et al., "AdaHessian: an adaptive second order optimizer for machine learning", 2021, arXiv:2006.00719, with the
    defaults of the authors' code. Three gradient evaluations a step: the product with the Hessian on this batch is taken from
    two. The paper's averages over neighbouring weights are for convolutions.

    Args:
        lr: learning rate, the share of a Newton step where power = 1.
        beta1: decay of the mean of the gradients.
        beta2: decay of the mean of the squared diagonals.
        eps: added to the denominator.
        weight_decay: decoupled weight decay.
        power: power of the Hessian's diagonal in the denominator, from 0 (momentum) to 1 (Newton's method).

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "adahessian", lr=0.2, steps=50)
        >>> run.history["train_cost"].iloc[[0, -1]].round(4).tolist()
        [9.72, 0.0002]
    """
    to_signs(noise)
    hutchinson(value_and_grad, w, noise, work)
    step, correction = lr / (1 - beta1**t), 1 / (1 - beta2**t)
    for i in range(w.size):
        m[i] = beta1 * m[i] + (1 - beta1) * g[i]
        v[i] = beta2 * v[i] + (1 - beta2) * work[0, i] * work[0, i]
        size = sqrt(v[i] * correction) if power == 1 else (v[i] * correction) ** (power / 2)
        w[i] -= lr * weight_decay * w[i] + step * m[i] / (size + eps)


@hookimpl
def optilab_optimizers():
    return [sophia, adahessian]
