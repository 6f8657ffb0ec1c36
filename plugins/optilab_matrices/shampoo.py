"""Shampoo (Gupta, Koren and Singer, 2018, "Shampoo: preconditioned stochastic tensor optimization", arXiv:1802.09568)."""

import numpy as np

from optilab import MATRIX, hookimpl, left_matrix, per_column, per_row, per_weight, right_matrix, vectorwise
from optilab_matrices.views import (
    add_share,
    as_matrix,
    columns_of,
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


def follow_side(sums, product, root, decay, share, eps, power, is_due):
    """Add a product, g g^T or g^T g, to the sums, and where that is due, compute their root anew."""
    add_share(sums, product, decay, share)
    if is_due:
        inverse_root(sums, eps, power, root)


def divide_lines(x, g, sums, across, length, along, decay, share, eps, power):
    """Add the sum of each line's squares alone to the sums, and divide the lines of x, rows or columns, by their root.

    x and g are flat: from one line to the next it is `across`, and a line has `length` numbers, each `along` after the one before.
    """
    real = g.dtype.type
    for i in range(sums.size):
        squares = real(0)
        for j in range(length):
            squares += g[i * across + j * along] * g[i * across + j * along]
        sums[i] = decay * sums[i] + share * squares
        factor = (sums[i] + eps) ** -power
        for j in range(length):
            x[i * across + j * along] *= factor


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
        gradient, height, width = as_matrix(g, layer), layer.rows, layer.columns
        direction, u = part(work[0], layer), as_matrix(work[0], layer)
        if height <= max_size:
            product, inverse = left_of(left_product, layer), left_of(left_root, layer)
            np.dot(gradient, gradient.T, product)
            follow_side(left_of(left, layer), product, inverse, beta2, share, eps, power, is_due)
            np.dot(inverse, as_matrix(b, layer), u)
        else:
            for i in range(direction.size):
                direction[i] = velocity[i]
            divide_lines(direction, slope, rows_of(rows, layer), width, width, 1, beta2, share, eps, power)
        if width <= max_size:
            product, inverse = right_of(right_product, layer), right_of(right_root, layer)
            np.dot(gradient.T, gradient, product)
            follow_side(right_of(right, layer), product, inverse, beta2, share, eps, power, is_due)
            np.dot(u, inverse, as_matrix(work[1], layer))
            direction = part(work[1], layer)
        else:
            divide_lines(direction, slope, columns_of(columns, layer), 1, height, width, beta2, share, eps, power)
        for i in range(direction.size):
            weights[i] -= lr * direction[i]


@hookimpl
def optilab_optimizers():
    return [shampoo]
