"""SM3 (Anil, Gupta, Koren and Singer, 2019, "Memory-efficient adaptive optimization", arXiv:1901.11150)."""

from math import sqrt

from optilab import hookimpl, per_column, per_row, vectorwise
from optilab_matrices.views import as_matrix, columns_of, rows_of


@vectorwise(
    lr=0.1,
    states={"rows": per_row(), "columns": per_column(), "next_columns": per_column(), "row_of_v": per_column()},
    ranges={"beta1": "[0, 1)", "beta2": "(0, 1]", "eps": "[0, inf)"},
    claims=("gradient scale", "sign flips", "translation"),
)
def sm3(w, g, m, rows, columns, next_columns, row_of_v, layers, lr, beta1=0.9, beta2=1.0, eps=0.0):
    """Adagrad that remembers one number a row and one a column in place of one a weight.

    v = min(rows_i, columns_j) + g^2                for the weight in row i and column j
    rows_i = max of v over the row, columns_j = max of v over the column
    m = beta1 * m + (1 - beta1) * g / sqrt(v + eps) where v is 0, so is the quotient
    w = w - lr * m

    SM3-II, algorithm 2 of the paper, with its momentum. A bias or a plain vector has a number for each weight, and is
    Adagrad. optax.sm3 and optax.scale_by_sm3 have eps=1e-8. With beta2 below 1 (b2 of optax.scale_by_sm3) old squares
    fade: v = beta2 * min(rows_i, columns_j) + (1 - beta2) * g^2.
    """
    share = 1 if beta2 == 1 else 1 - beta2
    for layer in layers:
        weights, gradient, mean = as_matrix(w, layer), as_matrix(g, layer), as_matrix(m, layer)
        row, column, next_column = rows_of(rows, layer), columns_of(columns, layer), columns_of(next_columns, layer)
        v = columns_of(row_of_v, layer)
        next_column[:] = 0
        for i in range(layer.rows):  # in loops of few arrays each, of which every one is vectorised
            for j in range(layer.columns):
                v[j] = beta2 * min(row[i], column[j]) + share * gradient[i, j] * gradient[i, j]
            for j in range(layer.columns):
                next_column[j] = max(next_column[j], v[j])
            for j in range(layer.columns):
                step = gradient[i, j] if v[j] == 0 else gradient[i, j] / sqrt(v[j] + eps)
                mean[i, j] = beta1 * mean[i, j] + (1 - beta1) * step
                weights[i, j] -= lr * mean[i, j]
            row[i] = largest(v)
        for j in range(layer.columns):
            column[j] = next_column[j]


def largest(values):
    """The largest of some values, which are written over: by halves, since a maximum of one after another isn't vectorised."""
    n = values.size
    while n > 1:
        half = n // 2
        for j in range(half):
            values[j] = max(values[j], values[n - half + j])
        n -= half
    return values[0]


@hookimpl
def optilab_optimizers():
    return [sm3]
