"""A layer of the flat vector, and of the states that go with it, as matrices: views that share the memory."""

from math import sqrt

from optilab import norm


def part(vector, layer):
    """The layer's part of a vector with one value a weight."""
    return vector[layer.offset : layer.offset + layer.size]


def as_matrix(vector, layer):
    """The same part as a matrix, rows (fan-in) by columns (fan-out)."""
    return part(vector, layer).reshape((layer.rows, layer.columns))


def left_of(state, layer):
    """The layer's matrix of rows by rows."""
    first, n = layer.left_offset, layer.rows
    return state[first : first + n * n].reshape((n, n))


def right_of(state, layer):
    """The layer's matrix of columns by columns."""
    first, n = layer.right_offset, layer.columns
    return state[first : first + n * n].reshape((n, n))


def rows_of(state, layer):
    """The layer's part of a state with one value a row."""
    return state[layer.row_offset : layer.row_offset + layer.rows]


def columns_of(state, layer):
    """The layer's part of a state with one value a column."""
    return state[layer.column_offset : layer.column_offset + layer.columns]


def copy_into(target, source):
    """Copy a matrix, whatever the layouts of both."""
    for i in range(target.shape[0]):
        for j in range(target.shape[1]):
            target[i, j] = source[i, j]


def root_mean_square(vector):
    """sqrt(mean(vector^2))."""
    return norm(vector) / sqrt(vector.size)


def is_finite(matrix):
    """Whether no entry is infinite or NaN."""
    flat = matrix.reshape(matrix.size)
    zero = 0.0
    for i in range(flat.size):
        zero += 0 * flat[i]
    return zero == 0


def add_share(sums, new, decay, share):
    """Let sums be decay * sums + share * new, two matrices."""
    for i in range(sums.shape[0]):
        for j in range(sums.shape[1]):
            sums[i, j] = decay * sums[i, j] + share * new[i, j]
