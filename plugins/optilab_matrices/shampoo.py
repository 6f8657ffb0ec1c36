"""Shampoo (Gupta, Koren and Singer, 2018, "Shampoo: preconditioned stochastic tensor optimization", arXiv:1802.09568)."""

import numpy as np

from optilab import MATRIX, hookimpl, left_matrix, per_column, per_row, per_weight, right_matrix, vectorwise
from optilab_matrices.views import (
    add_products,
    as_matrix,
    columns_of,
    copy_into,
    is_finite,
    left_of,
    part,
    right_of,
    rows_of,
)


def inverse_root(sums, eps, power, root):
    """Fill root with (sums + eps I)^-power, from the eigenvectors of the symmetric sums; with NaN if they aren't finite."""
    if not is_finite(sums):
        root[:] = np.nan
        return
    values, vectors = np.linalg.eigh(sums)
    for j in range(values.size):
        half = (max(values[j], 0) + eps) ** (-0.5 * power)
        for i in range(values.size):
            vectors[i, j] *= half
    np.dot(vectors, vectors.T, root)


def follow_side(g, sums, product, root, decay, share, eps, power, is_due):
    """Add g g^T to the sums, and where that is due, compute their root anew."""
    add_products(sums, g, product, decay, share)
    if is_due:
        inverse_root(sums, eps, power, root)


def divide_rows(x, g, sums, decay, share, eps, power):
    """Add the diagonal of g g^T alone to the sums, and divide the rows of x by their root."""
    real = g.dtype.type
    for i in range(sums.size):
        squares = real(0)
        for j in range(g.shape[1]):
            squares += g[i, j] * g[i, j]
        sums[i] = decay * sums[i] + share * squares
        factor = (sums[i] + eps) ** -power
        for j in range(g.shape[1]):
            x[i, j] *= factor


@vectorwise(
    lr=0.1,
    states={
        "left": left_matrix(),
        "left_root": left_matrix(),
        "left_product": left_matrix(),
        "right": right_matrix(),
        "right_root": right_matrix(),
        "right_product": right_matrix(),
        "rows": per_row(),
        "columns": per_column(),
        "work": per_weight(copies=2),
    },
    ranges={
        "momentum": "[0, 1)",
        "beta2": "(0, 1]",
        "eps": "(0, inf)",
        "root": "{1, 2, ...}",
        "interval": "{1, 2, ...}",
        "max_size": "{0, 1, ...}",
    },
    claims=("translation",),
)
def shampoo(
    w,
    g,
    b,
    left,
    left_root,
    left_product,
    right,
    right_root,
    right_product,
    rows,
    columns,
    work,
    t,
    layers,
    lr,
    momentum=0.0,
    beta2=1.0,
    eps=1e-4,
    root=4,
    interval=1,
    max_size=768,
):
    """Shampoo: Adagrad for matrices, with one inverse root matrix for the rows and one for the columns.

    L = L + g g^T, R = R + g^T g
    b = momentum * b + g
    w = w - lr * (L + eps I)^(-1/root) b (R + eps I)^(-1/root)

    Algorithm 1 of Gupta, Koren and Singer, "Shampoo: preconditioned stochastic tensor optimization", 2018,
    arXiv:1802.09568, with root=4. The roots are computed anew, from the eigenvectors, every `interval` steps, and in
    the first `interval` steps at each: the root of a single gradient would make all that is unlike it much too large. A
    bias or a plain vector is divided by the power 2/root of each weight's own sum of squares: Adagrad. Grafting is a
    chain: `shampoo | take_direction | adam | take_length`.

    lr and eps are those of torch_optimizer, which has root=2 for matrices and keeps to its interval from the first. The
    authors' TensorFlow code calls momentum gbar_decay and beta2 mat_gbar_decay, and has eps=0.1, lr=1.

    Args:
        lr: learning rate: the singular values of the first step are at most lr, as those of Adagrad's first step are
            lr.
        momentum: share of b that is kept in each step; the default 0 has none.
        beta2: share of L and R that is kept in each step, in (0, 1]. The default 1 sums up; below 1, L and R are means:
            L = beta2 * L + (1 - beta2) * g g^T.
        eps: added to the eigenvalues; above 0.
        root: order of the roots: 4 is the paper's for matrices, 2 divides by the square of that.
        interval: steps from one computation of the roots to the next.
        max_size: a side of more rows or columns than these keeps the diagonal of its matrix alone, the paper's diagonal
            variant: the 784 pixels of a first layer would make a step hundreds of times as long.

    Example:
        >>> import optilab
        >>> xor = {"x_train": [[0, 0], [0, 1], [1, 0], [1, 1]], "y_train": [0, 1, 1, 0], "test_fraction": 0.0}
        >>> problem = optilab.get_problem("network", dataset=xor, hidden=[8])
        >>> run = optilab.train(problem, "shampoo", lr=1, steps=200)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [0.54, 0.0]
    """
    share = 1 if beta2 == 1 else 1 - beta2
    power = 1 / root
    is_due = t <= interval or (int(t) - 1) % interval == 0
    for i in range(w.size):
        b[i] = momentum * b[i] + g[i]
    for layer in layers:
        weights, slope, velocity = part(w, layer), part(g, layer), part(b, layer)
        if layer.kind != MATRIX:
            sums = columns_of(columns, layer) if layer.rows == 1 else rows_of(rows, layer)
            for i in range(sums.size):
                sums[i] = beta2 * sums[i] + share * slope[i] * slope[i]
                weights[i] -= lr * velocity[i] / (sums[i] + eps) ** (2 * power)
            continue
        gradient = as_matrix(g, layer)
        u, next_u = as_matrix(b, layer), as_matrix(work[0], layer)
        if layer.rows <= max_size:
            inverse = left_of(left_root, layer)
            follow_side(
                gradient,
                left_of(left, layer),
                left_of(left_product, layer),
                inverse,
                beta2,
                share,
                eps,
                power,
                is_due,
            )
            np.dot(inverse, u, next_u)
        else:
            copy_into(next_u, u)
            divide_rows(next_u, gradient, rows_of(rows, layer), beta2, share, eps, power)
        u, next_u = next_u, as_matrix(work[1], layer)
        if layer.columns <= max_size:
            inverse = right_of(right_root, layer)
            follow_side(
                gradient.T,
                right_of(right, layer),
                right_of(right_product, layer),
                inverse,
                beta2,
                share,
                eps,
                power,
                is_due,
            )
            np.dot(u, inverse, next_u)
            u = next_u
        else:
            divide_rows(u.T, gradient.T, columns_of(columns, layer), beta2, share, eps, power)
        direction = u.reshape(layer.size)
        for i in range(direction.size):
            weights[i] -= lr * direction[i]


@hookimpl
def optilab_optimizers():
    return [shampoo]
