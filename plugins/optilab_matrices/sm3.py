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
    """SM3: Adagrad that keeps one number a row and one a column of each matrix, in place of one a weight.

    v = min(rows_i, columns_j) + g^2                for the weight in row i and column j
    rows_i = max of v over the row, columns_j = max of v over the column
    m = beta1 * m + (1 - beta1) * g / sqrt(v + eps) where v is 0, so is the quotient
    w = w - lr * m

    Algorithm SM3-II of Anil, Gupta, Koren and Singer, "Memory-efficient adaptive optimization", 2019, arXiv:1901.11150,
    with its momentum. A bias or a plain vector has a number for each weight, and is Adagrad.

    Args:
        lr: learning rate, the length of each weight's first step without momentum.
        beta1: share of m that is kept in each step; 0.9 averages about 10 steps.
        beta2: share of v that is kept in each step, in (0, 1]. The default 1 sums up; below 1, old squares fade: v =
            beta2 * min(rows_i, columns_j) + (1 - beta2) * g^2, as b2 of optax.scale_by_sm3.
        eps: added to v; 0 in the paper, 1e-8 in Optax.

    Example:
        >>> import optilab
        >>> xor = {"x_train": [[0, 0], [0, 1], [1, 0], [1, 1]], "y_train": [0, 1, 1, 0], "test_fraction": 0.0}
        >>> problem = optilab.get_problem("network", dataset=xor, hidden=[8])
        >>> run = optilab.train(problem, "sm3", lr=1, steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [0.54, 0.01]
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
    """The largest of some values, which are overwritten: by halves, since a running maximum isn't vectorised."""
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
