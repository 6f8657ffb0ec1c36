"""Adafactor (Shazeer and Stern, 2018, "Adafactor: adaptive learning rates with sublinear memory cost", arXiv:1804.04235)."""

from math import inf, sqrt

from optilab import MATRIX, hookimpl, per_column, per_row, vectorwise
from optilab_matrices.views import as_matrix, columns_of, part, root_mean_square, rows_of


def average_squares(g, rows, columns, share, eps):
    """Move the means of g^2 + eps over each row and over each column by `share` of the way to those of this gradient."""
    real = g.dtype.type
    n_rows, n_columns = g.shape
    keep, added = 1 - share, share * eps
    of_row, of_column = real(share / n_columns), real(share / n_rows)
    for j in range(n_columns):
        columns[j] = keep * columns[j] + added
    for i in range(n_rows):
        total = real(0)
        for j in range(n_columns):
            square = g[i, j] * g[i, j]
            total += square
            columns[j] += of_column * square
        rows[i] = keep * rows[i] + added + of_row * total


def divide_by_factors(g, rows, columns, roots, u, floor, largest):
    """Each gradient over its root mean square as the factors have it: u = g / sqrt(rows columns^T / mean(rows))."""
    real = g.dtype.type
    total = 0.0
    for i in range(rows.size):
        total += rows[i]
    mean = max(total / rows.size, floor)
    for j in range(columns.size):
        roots[j] = 1 / sqrt(columns[j])
    for i in range(rows.size):
        root = real(1 / sqrt(rows[i] / mean))
        for j in range(columns.size):
            u[i, j] = g[i, j] * min(root * roots[j], largest)


@vectorwise(
    lr=0.01,
    states={"rows": per_row(), "columns": per_column(), "roots": per_column()},
    ranges={
        "beta1": "[0, 1)",
        "decay_rate": "[0, inf)",
        "eps1": "(0, inf)",
        "eps2": "[0, inf)",
        "clipping_threshold": "(0, inf]",
        "weight_decay": "[0, inf)",
    },
    claims=("gradient scale", "sign flips"),
)
def adafactor(
    w,
    g,
    u,
    m,
    v,
    rows,
    columns,
    roots,
    t,
    layers,
    lr,
    beta1=0.0,
    decay_rate=0.8,
    eps1=1e-30,
    eps2=1e-3,
    clipping_threshold=1.0,
    weight_decay=0.0,
    relative_step=True,
    scale_by_weights=True,
    factored=True,
    eps_added=True,
    fixed_decay=False,
):
    """Adafactor: RMSprop whose squares are kept as means over rows and columns, with steps relative to the weights.

    beta = 1 - t^-decay_rate
    rows_i = beta * rows_i + (1 - beta) * (mean of g^2 over row i + eps1), and likewise columns_j
    v_ij = rows_i * columns_j / mean(rows)
    u = g / sqrt(v), divided by max(1, RMS(u) / clipping_threshold)
    m = beta1 * m + (1 - beta1) * min(lr, 1 / sqrt(t)) * max(eps2, RMS(w)) * u
    w = w - lr * weight_decay * w - m

    RMS is the root mean square over a layer. A bias or a plain vector has a v for each weight. Algorithms 4 to 6 of
    Shazeer and Stern, "Adafactor: adaptive learning rates with sublinear memory cost", 2018, arXiv:1804.04235, with its
    defaults.

    torch.optim.Adafactor: eps_added=False and eps1=2.2e-16 (in float32: 1.2e-7). Its beta2_decay is -decay_rate, its d
    is clipping_threshold. optax.adafactor: relative_step=False; factored=False for layers with fewer than 128 rows or
    columns (min_dim_size_to_factor); fixed_decay for its weight_decay_rate; its momentum is beta1, its
    multiply_by_parameter_scale is scale_by_weights.

    Args:
        lr: learning rate: the length of a step, as a share of the length of the layer's weights.
        beta1: share of m that is kept in each step; the default 0 is the paper's proposal, to do without momentum.
        decay_rate: how fast v takes to averaging over more steps; 0.8 is the paper's, 0 takes the last gradient alone.
        eps1: added to g^2, above 0; next to nothing by default.
        eps2: least root mean square of a layer's weights that counts, so that weights of zero can move.
        clipping_threshold: largest root mean square of u; 1 by default, inf doesn't clip.
        weight_decay: what lr is multiplied by to shrink w; the default 0 leaves it.
        relative_step: whether lr is at most 1 / sqrt(t), as in the paper and in PyTorch.
        scale_by_weights: whether a step is in proportion to max(eps2, RMS(w)).
        factored: whether v of a matrix is kept as rows and columns; without it, each weight has its own.
        eps_added: whether eps1 is added to g^2; without it, mean(rows) and sqrt(v) are at least eps1, as in PyTorch.
        fixed_decay: whether weight_decay isn't multiplied by lr, as in Optax.

    Example:
        >>> import optilab
        >>> xor = {"x_train": [[0, 0], [0, 1], [1, 0], [1, 1]], "y_train": [0, 1, 1, 0], "test_fraction": 0.0}
        >>> problem = optilab.get_problem("network", dataset=xor, hidden=[8])
        >>> run = optilab.train(problem, "adafactor", lr=0.1, steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [0.54, 0.02]
    """
    share = t**-decay_rate
    added, floor, largest = (eps1, 0.0, inf) if eps_added else (0.0, eps1, 1 / eps1)
    rho = min(lr, 1 / sqrt(t)) if relative_step else lr
    decay = 1 - (weight_decay if fixed_decay else lr * weight_decay)
    for layer in layers:
        weights, slope, direction, mean = part(w, layer), part(g, layer), part(u, layer), part(m, layer)
        if factored and layer.kind == MATRIX:
            matrix, row, column = as_matrix(g, layer), rows_of(rows, layer), columns_of(columns, layer)
            average_squares(matrix, row, column, share, added)
            divide_by_factors(matrix, row, column, columns_of(roots, layer), as_matrix(u, layer), floor, largest)
        else:
            squares = part(v, layer)
            for i in range(slope.size):
                squares[i] = (1 - share) * squares[i] + share * (slope[i] * slope[i] + added)
                direction[i] = slope[i] * min(1 / sqrt(squares[i]), largest)
        step = rho / max(1.0, root_mean_square(direction) / clipping_threshold)
        if scale_by_weights:
            step *= max(eps2, root_mean_square(weights))
        step = w.dtype.type((1 - beta1) * step)
        for i in range(weights.size):
            mean[i] = beta1 * mean[i] + step * direction[i]
            weights[i] = decay * weights[i] - mean[i]


@hookimpl
def optilab_optimizers():
    return [adafactor]
