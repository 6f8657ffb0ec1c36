"""A fully connected network of any depth and width: forward, cost, backward, in blocks of examples that fit the cache.

a_0 = x, z_l = a_(l-1) W_l + b_l, a_l = f_l(z_l). W_l is fan-in x fan-out, row-major, followed by b_l in the flat vector
of weights. Depth, widths, activations and cost are run-time values of one compiled function.
"""

import itertools

import numpy as np

from optilab.compiler.jit import jit
from optilab.compiler.types import CORRECT, EVALUATIONS, EXAMPLES, UNCOUNTED
from optilab.kernels.activations import activate, scale_by_derivative
from optilab.kernels.costs import cost_and_delta, count_correct
from optilab.kernels.sparse import add_transposed, multiply

# Context.settings of a network.
PIXEL_SCALE, HUBER_DELTA = 0, 1


def scratch_size(sizes, block):
    """Size of the scratch memory that `evaluate` needs besides the weights, for layers of `sizes` neurons, the inputs first."""
    widest = max(a * b for a, b in itertools.pairwise(sizes))
    return block * sizes[0] + block * sizes[-1] + widest + sum(3 * block * n for n in sizes[1:])


@jit
def is_sparse(context):
    """Whether the examples are sparse pixels."""
    return context.network.starts.size > 0


@jit
def gather_inputs(context, rows, x):
    """Copy the examples `rows` into x, [example, input]; sparse pixels are read where they are."""
    if is_sparse(context):
        return
    if context.network.pixels.shape[0] > 0:
        scale = x.dtype.type(context.settings[PIXEL_SCALE])
        for i in range(rows.size):
            for j in range(x.shape[1]):
                x[i, j] = context.network.pixels[rows[i], j] * scale
    else:
        for i in range(rows.size):
            for j in range(x.shape[1]):
                x[i, j] = context.network.features[rows[i], j]


@jit
def gather_targets(context, rows, y):
    """Copy the targets of the examples `rows` into y, [example, output]."""
    for i in range(rows.size):
        for j in range(y.shape[1]):
            y[i, j] = context.network.targets[rows[i], j]


@jit
def affine(w, matrix, a, z):
    """Pre-activations z = a W + b, [example, neuron], of the layer whose weight matrix is `matrix` in the layer table."""
    end = matrix.offset + matrix.size
    np.dot(a, w[matrix.offset : end].reshape((matrix.rows, matrix.columns)), z)
    for i in range(z.shape[0]):
        for j in range(z.shape[1]):
            z[i, j] += w[end + j]


@jit
def affine_sparse(w, matrix, context, rows, z):
    """Pre-activations z = a W + b of the first layer where the examples are sparse pixels, read where they are."""
    multiply(context.network.starts, context.network.columns, context.network.values, rows, w, matrix.offset, z)
    scale = z.dtype.type(context.settings[PIXEL_SCALE])
    end = matrix.offset + matrix.size
    for i in range(z.shape[0]):
        for j in range(z.shape[1]):
            z[i, j] = z[i, j] * scale + w[end + j]


@jit
def forward(w, context, rows, x, values):
    """Fill `values` with z, a and room for delta, layer after layer; return the index where the last layer's begin.

    rows: numbers of the examples if they are sparse pixels; else empty, and the examples are x.
    """
    examples = x.shape[0]
    a = x
    start = 0
    depth = context.network.activations.size
    for layer in range(depth):
        matrix = context.layers[2 * layer]
        n = examples * matrix.columns
        z = values[start : start + n].reshape((examples, matrix.columns))
        if layer == 0 and rows.size > 0:
            affine_sparse(w, matrix, context, rows, z)
        else:
            affine(w, matrix, a, z)
        activate(context.network.activations[layer], values[start : start + n], values[start + n : start + 2 * n])
        a = values[start + n : start + 2 * n].reshape((examples, matrix.columns))
        if layer < depth - 1:
            start += 3 * n
    return start


@jit
def backward(w, g, context, rows, x, values, start, product, first_block):
    """Turn delta = dC/da of the last layer into the gradient of every layer, added to g after the first block."""
    examples = x.shape[0]
    for back in range(context.network.activations.size):
        layer = context.network.activations.size - 1 - back
        matrix = context.layers[2 * layer]
        fan_in, columns = matrix.rows, matrix.columns
        n = examples * columns
        z, a = values[start : start + n], values[start + n : start + 2 * n]
        scale_by_derivative(context.network.activations[layer], z, a, values[start + 2 * n : start + 3 * n])
        delta = values[start + 2 * n : start + 3 * n].reshape((examples, columns))

        below = 3 * examples * fan_in  # how far back the values of the layer below begin
        end = matrix.offset + matrix.size
        bias = g[end : end + columns]
        if first_block:
            g[matrix.offset : end + columns] = 0
        for i in range(examples):
            for j in range(columns):
                bias[j] += delta[i, j]
        if layer == 0 and rows.size > 0:
            scale = delta.dtype.type(context.settings[PIXEL_SCALE])
            for i in range(examples):
                for j in range(columns):
                    delta[i, j] *= scale
            add_transposed(
                context.network.starts, context.network.columns, context.network.values, rows, delta, g, matrix.offset
            )
            continue
        a_in = x
        if layer > 0:
            a_start = start - below + examples * fan_in
            a_in = values[a_start : a_start + examples * fan_in].reshape((examples, fan_in))
        np.dot(a_in.T, delta, product[: matrix.size].reshape((fan_in, columns)))
        for i in range(matrix.size):
            g[matrix.offset + i] += product[i]
        if layer > 0:
            start -= below
            delta_in = values[start + 2 * examples * fan_in : start + below].reshape((examples, fan_in))
            np.dot(delta, w[matrix.offset : end].reshape((fan_in, columns)).T, delta_in)


@jit
def evaluate(w, g, rows, context):
    """Return the mean cost over the examples `rows` and fill g with its gradient; with an empty g, only the cost.

    Counts in the tally: the gradient evaluation and its examples, and the correct predictions unless these are UNCOUNTED.
    """
    last = context.layers[context.layers.size - 2]
    inputs, outputs = context.layers[0].rows, last.columns
    weight = w.dtype.type(1.0 / rows.size)
    huber_delta = w.dtype.type(context.settings[HUBER_DELTA])
    total = 0.0
    for first in range(0, rows.size, context.network.block):
        examples = min(context.network.block, rows.size - first)
        y_start = examples * inputs
        values_start = y_start + examples * outputs
        x = context.scratch[:y_start].reshape((examples, inputs))
        y = context.scratch[y_start:values_start].reshape((examples, outputs))
        batch = rows[first : first + examples]
        gather_inputs(context, batch, x)
        gather_targets(context, batch, y)
        sparse_rows = batch if is_sparse(context) else batch[:0]

        values = context.scratch[values_start:]
        start = forward(w, context, sparse_rows, x, values)
        n = examples * outputs
        a = values[start + n : start + 2 * n].reshape((examples, outputs))
        delta = values[start + 2 * n : start + 3 * n].reshape((examples, outputs))
        total += cost_and_delta(context.network.cost, a, y, huber_delta, weight, delta)
        if context.tally[CORRECT] != UNCOUNTED:
            context.tally[CORRECT] += count_correct(context.network.cost, a, y)
        if g.size > 0:
            backward(w, g, context, sparse_rows, x, values, start, values[start + 3 * n :], first == 0)
    if g.size > 0:
        context.tally[EVALUATIONS] += 1
        context.tally[EXAMPLES] += rows.size
    return total / rows.size


@jit
def predict(w, features, out, context):
    """Fill out, [example, output], with the last activations for `features`, [example, input]."""
    no_rows = np.zeros(0, np.int64)
    for first in range(0, features.shape[0], context.network.block):
        examples = min(context.network.block, features.shape[0] - first)
        start = forward(w, context, no_rows, features[first : first + examples], context.scratch)
        n = examples * out.shape[1]
        out[first : first + examples] = context.scratch[start + n : start + 2 * n].reshape((examples, out.shape[1]))
