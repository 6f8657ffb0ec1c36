"""SOAP (Vyas et al., 2024, "SOAP: improving and stabilizing Shampoo using Adam", arXiv:2409.11321)."""

from math import sqrt

import numpy as np

from optilab import MATRIX, hookimpl, left_matrix, per_weight, right_matrix, vectorwise
from optilab_matrices.views import add_share, as_matrix, copy_into, is_finite, left_of, part, right_of


def first_basis(sums, basis):
    """The eigenvectors of sums; NaN where sums is not finite."""
    if not is_finite(sums):
        basis[:] = np.nan
        return
    copy_into(basis, np.linalg.eigh(sums)[1])


def next_basis(sums, basis, product):
    """One step of the power method for all vectors of a basis, made orthogonal again; returns their new order."""
    n = basis.shape[0]
    np.dot(sums, basis, product)
    if not is_finite(product):
        basis[:] = np.nan
        return np.arange(n)
    lengths = np.zeros(n)  # what each vector is stretched by: an estimate of its eigenvalue
    for i in range(n):
        for j in range(n):
            lengths[j] += basis[i, j] * product[i, j]
    order = longest_first(lengths)
    for i in range(n):
        for j in range(n):
            basis[i, j] = product[i, order[j]]
    copy_into(basis, np.linalg.qr(basis)[0])
    return order


def longest_first(lengths):
    """Indices that sort numbers, the largest first; by insertion, as they are almost sorted already."""
    order = np.arange(lengths.size)
    for i in range(1, order.size):
        moved, j = order[i], i
        while j > 0 and lengths[order[j - 1]] < lengths[moved]:
            order[j] = order[j - 1]
            j -= 1
        order[j] = moved
    return order


def turn(x, spare, layer, left_basis, right_basis, is_left, is_right):
    """P^T x Q, on the sides that are turned; returns x and spare, the result first."""
    if is_left:
        np.dot(left_of(left_basis, layer).T, x, spare)
        x, spare = spare, x
    if is_right:
        np.dot(x, right_of(right_basis, layer), spare)
        x, spare = spare, x
    return x, spare


def turn_back(x, spare, layer, left_basis, right_basis, is_left, is_right):
    """P x Q^T, likewise."""
    if is_left:
        np.dot(left_of(left_basis, layer), x, spare)
        x, spare = spare, x
    if is_right:
        np.dot(x, right_of(right_basis, layer).T, spare)
        x, spare = spare, x
    return x, spare


def follow_side(sums, product, basis, beta, is_first, is_due):
    """Add a product, g g^T or g^T g, to the running mean of it, and bring the basis nearer to its eigenvectors.

    Returns where each vector of the basis was before. `product` is then memory to work in.
    """
    add_share(sums, product, beta, 1 - beta)
    if is_first:
        first_basis(sums, basis)
    elif is_due:
        return next_basis(sums, basis, product)
    return np.arange(basis.shape[0])


@vectorwise(
    lr=3e-3,
    states={
        "left": left_matrix(),
        "left_basis": left_matrix(),
        "left_product": left_matrix(),
        "right": right_matrix(),
        "right_basis": right_matrix(),
        "right_product": right_matrix(),
        "work": per_weight(copies=2),
    },
    ranges={
        "beta1": "[0, 1)",
        "beta2": "[0, 1)",
        "eps": "[0, inf)",
        "weight_decay": "[0, inf)",
        "interval": "{1, 2, ...}",
        "max_size": "{0, 1, ...}",
    },
)
def soap(
    w,
    g,
    m,
    v,
    left,
    left_basis,
    left_product,
    right,
    right_basis,
    right_product,
    work,
    t,
    layers,
    lr,
    beta1=0.95,
    beta2=0.95,
    eps=1e-8,
    weight_decay=0.01,
    interval=10,
    max_size=768,
    one_sided=False,
):
    """SOAP: Adam in the eigenbasis of Shampoo, in whose coordinates the gradients of a matrix are uncorrelated.

    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * (P^T g Q)^2
    u = P ((P^T m Q) / (sqrt(v) + eps)) Q^T
    w = (1 - lr * weight_decay) * (w - lr * sqrt(1 - beta2^s) / (1 - beta1^s) * u)     with s = t - 1
    L = beta2 * L + (1 - beta2) * g g^T, R = beta2 * R + (1 - beta2) * g^T g

    P and Q are the eigenvectors of L and R: exact at first, then once in `interval` steps the Q of the QR decomposition
    of L P, a step of the power method. At t = 1 the weights stay: it sets up the bases. A bias or a plain vector is
    left to Adam.

    Algorithms 3 and 4 of Vyas et al., "SOAP: improving and stabilizing Shampoo using Adam", 2024, arXiv:2409.11321. The
    rest as in the authors' code (github.com/nikhilvyas/SOAP), which this follows to rounding: the decay comes after the
    step, eps before the correction of the bias, and v keeps to its vectors when these change places.

    Args:
        lr: learning rate, about the distance that a weight moves in a step; the authors' 0.003.
        beta1: share of m that is kept in each step; 0.95 averages about 20 gradients.
        beta2: share of v, L and R that is kept in each step; 0.95 averages about 20 squares.
        eps: keeps the denominator from zero.
        weight_decay: what lr is multiplied by to shrink w; the authors' 0.01.
        interval: steps from one correction of the bases to the next; the paper's f, 10.
        max_size: a side of more rows or columns than these isn't turned: 10,000 in the authors' code; fewer here, as
            the 784 pixels of a first layer make a step fifty times as long.
        one_sided: whether only the shorter side of a matrix is turned.

    Example:
        >>> import optilab
        >>> xor = {"x_train": [[0, 0], [0, 1], [1, 0], [1, 1]], "y_train": [0, 1, 1, 0], "test_fraction": 0.0}
        >>> problem = optilab.get_problem("network", dataset=xor, hidden=[8])
        >>> run = optilab.train(problem, "soap", lr=0.1, steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [0.54, 0.02]
    """
    s = t - 1
    is_first, is_due = s == 0, int(s) % interval == 0
    step = 0 if is_first else lr * sqrt(1 - beta2**s) / (1 - beta1**s)
    for layer in layers:
        shorter = min(layer.rows, layer.columns)
        limit = min(max_size, shorter) if one_sided else max_size
        is_left = layer.kind == MATRIX and layer.rows <= limit
        is_right = layer.kind == MATRIX and layer.columns <= limit
        weights, slope = part(w, layer), part(g, layer)
        if is_first:
            for i in range(weights.size):
                weights[i] += 0 * slope[i]  # nothing, unless it is NaN
        else:
            mean, squares = part(m, layer), part(v, layer)
            x, spare = as_matrix(work[0], layer), as_matrix(work[1], layer)
            copy_into(x, as_matrix(g, layer))
            x, spare = turn(x, spare, layer, left_basis, right_basis, is_left, is_right)
            flat = x.reshape(layer.size)
            for i in range(flat.size):
                squares[i] = beta2 * squares[i] + (1 - beta2) * flat[i] * flat[i]
                mean[i] = beta1 * mean[i] + (1 - beta1) * slope[i]
                flat[i] = mean[i]
            x, spare = turn(x, spare, layer, left_basis, right_basis, is_left, is_right)
            flat = x.reshape(layer.size)
            for i in range(flat.size):
                flat[i] /= sqrt(squares[i]) + eps
            x, spare = turn_back(x, spare, layer, left_basis, right_basis, is_left, is_right)
            flat = x.reshape(layer.size)
            for i in range(flat.size):
                weights[i] = (1 - lr * weight_decay) * (weights[i] - step * flat[i])
        if not (is_left or is_right):
            continue
        gradient = as_matrix(g, layer)
        row_order, column_order = np.arange(layer.rows), np.arange(layer.columns)
        if is_left:
            product, basis = left_of(left_product, layer), left_of(left_basis, layer)
            np.dot(gradient, gradient.T, product)
            row_order = follow_side(left_of(left, layer), product, basis, beta2, is_first, is_due)
        if is_right:
            product, basis = right_of(right_product, layer), right_of(right_basis, layer)
            np.dot(gradient.T, gradient, product)
            column_order = follow_side(right_of(right, layer), product, basis, beta2, is_first, is_due)
        if is_due and not is_first:
            coordinates, before = as_matrix(v, layer), as_matrix(work[0], layer)
            copy_into(before, coordinates)
            for i in range(layer.rows):
                for j in range(layer.columns):
                    coordinates[i, j] = before[row_order[i], column_order[j]]


@hookimpl
def optilab_optimizers():
    return [soap]
