"""Muon (Jordan et al., 2024, "Muon: an optimizer for hidden layers in neural networks", kellerjordan.github.io/posts/muon)."""

from math import sqrt

import numpy as np

from optilab import hookimpl, norm, per_weight, vectorwise
from optilab_matrices.views import as_matrix, part


def newton_schulz(x, spare, gram, polynomial, steps, a, b, c):
    """Push the singular values of x towards 1, some of them back and forth around it; answer x or spare.

    x = (a I + b x x^T + c (x x^T)^2) x     in each step, on the shorter side of x; all singular values must be below 1
    """
    is_wide = x.shape[0] <= x.shape[1]
    n = gram.shape[0]
    for _ in range(steps):
        if is_wide:
            np.dot(x, x.T, gram)
        else:
            np.dot(x.T, x, gram)
        np.dot(gram, gram, polynomial)
        for i in range(n):
            for j in range(n):
                polynomial[i, j] = b * gram[i, j] + c * polynomial[i, j]
            polynomial[i, i] += a
        if is_wide:
            np.dot(polynomial, x, spare)
        else:
            np.dot(x, polynomial, spare)
        x, spare = spare, x
    return x


def shape_factor(rows, columns, adjust_lr):
    """What lr is multiplied by for a matrix of rows (fan-in) by columns (fan-out)."""
    if adjust_lr == "original":
        return sqrt(max(1.0, columns / rows))
    if adjust_lr == "match_rms_adamw":
        return 0.2 * sqrt(max(rows, columns))
    return 1.0


@vectorwise(
    lr=1e-3,
    states={"work": per_weight(copies=4)},
    ranges={
        "momentum": "[0, 1)",
        "weight_decay": "[0, inf)",
        "ns_steps": "{1, 2, ...}",
        "eps": "(0, inf)",
        "adjust_lr": "{original, match_rms_adamw, none}",
    },
    claims=("gradient scale",),
)
def muon(
    w,
    g,
    m,
    work,
    t,
    layers,
    lr,
    momentum=0.95,
    nesterov=True,
    weight_decay=0.1,
    ns_steps=5,
    ns_a=3.4445,
    ns_b=-4.775,
    ns_c=2.0315,
    eps=1e-8,
    eps_added=False,
    adjust_lr="original",
    bias_correction=False,
    adaptive=False,
):
    """Step by the momentum with all its singular values brought near 1: every direction of a matrix moves equally far.

    m = momentum * m + (1 - momentum) * g
    u = (1 - momentum) * g + momentum * m              Nesterov's; without nesterov, u = m
    x = u / max(|u|, eps), and then ns_steps times     Newton and Schulz; |u| is the root of the sum of all squares
    x = ns_a * x + ns_b * (x x^T) x + ns_c * (x x^T)^2 x
    w = w - lr * weight_decay * w - lr * sqrt(max(1, fan_out / fan_in)) * x

    Made for weight matrices: `muon on matrices | adam on rest`. A bias that it is given is a matrix of one row: its x
    is the direction of u, so that it too moves by a length that lr alone decides.

    Defaults of torch.optim.Muon, but for eps (1e-7 there), which is Adam's, so that both go together in a chain. torch
    computes x in bfloat16, this in the precision of the weights. Its matrices are fan-out x fan-in: its sqrt(max(1, rows /
    columns)) is the factor above. adjust_lr="match_rms_adamw" is 0.2 * sqrt(max(rows, columns)), after Liu et al., 2025,
    arXiv:2502.16982; "none" is 1. Whether m is a mean, as here, or a sum, as in the first version, makes no difference to x.

    optax.contrib.muon: momentum is its beta, weight_decay=0, eps_added (the length is |u| + eps, as Jordan's),
    bias_correction (m is divided by 1 - momentum^(t + 1) and g by 1 - momentum^t); adaptive multiplies x by <u, x>, after
    Bernstein and Newhouse, 2024, arXiv:2409.20325; its consistent_rms=0.2 is "match_rms_adamw".
    """
    real = w.dtype.type
    keep, take = (momentum, 1 - momentum) if nesterov else (1.0, 0.0)
    if bias_correction:
        keep /= 1 - momentum ** (t + 1 if nesterov else t)
        take /= 1 - momentum**t
    for i in range(w.size):
        m[i] = momentum * m[i] + (1 - momentum) * g[i]
        work[0, i] = keep * m[i] + take * g[i]
    for layer in layers:
        u, n = part(work[0], layer), min(layer.rows, layer.columns)
        length = norm(u)
        scale = real(1 / (length + eps if eps_added else max(length, eps)))
        for i in range(u.size):
            u[i] *= scale
        x = newton_schulz(
            as_matrix(work[0], layer),
            as_matrix(work[1], layer),
            part(work[2], layer)[: n * n].reshape((n, n)),
            part(work[3], layer)[: n * n].reshape((n, n)),
            ns_steps,
            ns_a,
            ns_b,
            ns_c,
        ).reshape(layer.size)
        factor = lr * shape_factor(layer.rows, layer.columns, adjust_lr)
        weights, slope, mean = part(w, layer), part(g, layer), part(m, layer)
        if adaptive:
            product = 0.0
            for i in range(x.size):
                product += (keep * mean[i] + take * slope[i]) * x[i]
            factor *= product
        step = real(factor)
        for i in range(x.size):
            weights[i] = (1 - lr * weight_decay) * weights[i] - step * x[i]


@hookimpl
def optilab_optimizers():
    return [muon]
