"""Muon (Jordan et al., 2024, "Muon: an optimizer for hidden layers in neural networks", kellerjordan.github.io/posts/muon)."""

from math import sqrt

import numpy as np

from optilab import hookimpl, norm, per_weight, vectorwise
from optilab_matrices.views import as_matrix, part


def newton_schulz(x, spare, gram, polynomial, steps, a, b, c):
    """Push the singular values of x towards 1, some of them back and forth around it; returns x or spare.

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
    """Muon: momentum orthogonalized by Newton-Schulz iteration, so a matrix moves equally far in all directions.

    m = momentum * m + (1 - momentum) * g
    u = (1 - momentum) * g + momentum * m              Nesterov's; without nesterov, u = m
    x = u / max(|u|, eps), and then ns_steps times     Newton and Schulz; |u| is the root of the sum of all squares
    x = ns_a * x + ns_b * (x x^T) x + ns_c * (x x^T)^2 x
    w = w - lr * weight_decay * w - lr * sqrt(max(1, fan_out / fan_in)) * x

    The iteration brings all singular values near 1. Made for weight matrices: `muon on matrices | adam on rest`. A bias
    that it is given is a matrix of one row: its x is the direction of u, so that it too moves by a length that lr alone
    decides.

    Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024, kellerjordan.github.io/posts/muon.
    Defaults of torch.optim.Muon, but for eps (1e-7 there), which is Adam's, so that both go together in a chain. torch
    computes x in bfloat16, this in the precision of the weights. Its matrices are fan-out x fan-in: its sqrt(max(1,
    rows / columns)) is the factor above. Whether m is a mean, as here, or a sum, as in the first version, makes no
    difference to x.

    optax.contrib.muon: momentum is its beta, weight_decay=0, eps_added, bias_correction; its consistent_rms=0.2 is
    adjust_lr="match_rms_adamw".

    Args:
        lr: learning rate: each singular value of a square matrix's step is about lr.
        momentum: share of m that is kept in each step; 0.95 averages about 20 gradients.
        nesterov: whether the momentum is one step ahead.
        weight_decay: what lr is multiplied by to shrink w; torch's 0.1.
        ns_steps: iterations of Newton and Schulz, each of three matrix products.
        ns_a: first coefficient of the polynomial; the three defaults raise small singular values fast, and leave them
            around 1, from about 0.7 to 1.2.
        ns_b: second coefficient.
        ns_c: third coefficient.
        eps: keeps the length that u is divided by from zero; above 0.
        eps_added: whether that length is |u| + eps, as Jordan's, in place of max(|u|, eps).
        adjust_lr: what lr is multiplied by: "original" is the factor above, "match_rms_adamw" 0.2 * sqrt(max(rows,
            columns)), after Liu et al., 2025, arXiv:2502.16982, and "none" 1.
        bias_correction: whether m is divided by 1 - momentum^(t + 1) and g by 1 - momentum^t, as in Optax.
        adaptive: whether x is multiplied by <u, x>, after Bernstein and Newhouse, 2024, arXiv:2409.20325.

    Example:
        >>> import optilab
        >>> xor = {"x_train": [[0, 0], [0, 1], [1, 0], [1, 1]], "y_train": [0, 1, 1, 0], "test_fraction": 0.0}
        >>> problem = optilab.get_problem("network", dataset=xor, hidden=[8])
        >>> run = optilab.train(problem, "muon on matrices | adam on rest", lr=0.3, steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [0.54, 0.04]
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
