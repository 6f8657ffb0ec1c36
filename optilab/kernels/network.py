"""A fully connected network of any depth and width: forward, cost, backward, in blocks of examples that fit the cache.

a_0 = x, z_l = a_(l-1) W_l + b_l, a_l = f_l(z_l). W_l is fan-in x fan-out, row-major, followed by b_l in the flat vector
of weights. Depth, widths, activations and cost are run-time values of one compiled function.
"""

import numpy as np

from optilab.kernels.activations import activate, scale_by_derivative
from optilab.kernels.costs import cost_and_delta, count_correct
from optilab.kernels.jit import CORRECT, EVALUATIONS, EXAMPLES, jit

# Context.settings of a network.
PIXEL_SCALE, HUBER_DELTA = 0, 1


def scratch_size(sizes, block):
    """How many numbers `evaluate` needs beside the weights, for layers of `sizes` neurons, the inputs first."""
    widest = max(a * b for a, b in zip(sizes[:-1], sizes[1:], strict=True))
    return block * sizes[0] + block * sizes[-1] + widest + sum(3 * block * n for n in sizes[1:])


@jit
def gather(context, rows, first, x, y):
    """Copy the examples rows[first:first + len(x)] into x and their targets into y."""
    inputs, outputs = x.shape[1], y.shape[1]
    if context.pixels.shape[0] > 0:
        scale = x.dtype.type(context.settings[PIXEL_SCALE])
        for i in range(x.shape[0]):
            row = rows[first + i]
            for j in range(inputs):
                x[i, j] = context.pixels[row, j] * scale
    else:
        for i in range(x.shape[0]):
            row = rows[first + i]
            for j in range(inputs):
                x[i, j] = context.features[row, j]
    for i in range(x.shape[0]):
        row = rows[first + i]
        for j in range(outputs):
            y[i, j] = context.targets[row, j]


@jit
def affine(w, matrix, a, z):
    """z = a W + b for the layer whose weight matrix is `matrix` in the layer table."""
    end = matrix.offset + matrix.size
    np.dot(a, w[matrix.offset : end].reshape((matrix.rows, matrix.columns)), z)
    for i in range(z.shape[0]):
        for j in range(z.shape[1]):
            z[i, j] += w[end + j]


@jit
def forward(w, context, x, values):
    """Fill `values` with z, a and room for delta, layer after layer; return where the last layer's begin."""
    examples = x.shape[0]
    a = x
    start = 0
    depth = context.activations.size
    for layer in range(depth):
        matrix = context.layers[2 * layer]
        n = examples * matrix.columns
        z = values[start : start + n].reshape((examples, matrix.columns))
        affine(w, matrix, a, z)
        activate(context.activations[layer], values[start : start + n], values[start + n : start + 2 * n])
        a = values[start + n : start + 2 * n].reshape((examples, matrix.columns))
        if layer < depth - 1:
            start += 3 * n
    return start


@jit
def backward(w, g, context, x, values, start, product, first_block):
    """Turn delta = dC/da of the last layer into the gradient of every layer, added to g after the first block."""
    examples = x.shape[0]
    for back in range(context.activations.size):
        layer = context.activations.size - 1 - back
        matrix = context.layers[2 * layer]
        rows, columns = matrix.rows, matrix.columns
        n = examples * columns
        z, a = values[start : start + n], values[start + n : start + 2 * n]
        scale_by_derivative(context.activations[layer], z, a, values[start + 2 * n : start + 3 * n])
        delta = values[start + 2 * n : start + 3 * n].reshape((examples, columns))

        below = 3 * examples * rows  # how far back the values of the layer below begin
        if layer > 0:
            a_in = values[start - below + examples * rows : start - below + 2 * examples * rows].reshape((examples, rows))
        else:
            a_in = x
        end = matrix.offset + matrix.size
        bias = g[end : end + columns]
        if first_block:
            np.dot(a_in.T, delta, g[matrix.offset : end].reshape((rows, columns)))
            bias[:] = 0
        else:
            np.dot(a_in.T, delta, product[: matrix.size].reshape((rows, columns)))
            for i in range(matrix.size):
                g[matrix.offset + i] += product[i]
        for i in range(examples):
            for j in range(columns):
                bias[j] += delta[i, j]
        if layer > 0:
            start -= below
            delta_in = values[start + 2 * examples * rows : start + below].reshape((examples, rows))
            np.dot(delta, w[matrix.offset : end].reshape((rows, columns)).T, delta_in)


@jit
def evaluate(w, g, rows, context):
    """Return the mean cost over the examples `rows` and fill g with its gradient; with an empty g, only the cost.

    Counts in the tally: the gradient evaluation and its examples, and the correct predictions.
    """
    last = context.layers[context.layers.size - 2]
    inputs, outputs = context.layers[0].rows, last.columns
    weight = w.dtype.type(1.0 / rows.size)
    huber_delta = w.dtype.type(context.settings[HUBER_DELTA])
    total = 0.0
    for first in range(0, rows.size, context.block):
        examples = min(context.block, rows.size - first)
        y_start = examples * inputs
        values_start = y_start + examples * outputs
        x = context.scratch[:y_start].reshape((examples, inputs))
        y = context.scratch[y_start:values_start].reshape((examples, outputs))
        gather(context, rows, first, x, y)

        values = context.scratch[values_start:]
        start = forward(w, context, x, values)
        n = examples * outputs
        a = values[start + n : start + 2 * n].reshape((examples, outputs))
        delta = values[start + 2 * n : start + 3 * n].reshape((examples, outputs))
        total += cost_and_delta(context.cost, a, y, huber_delta, weight, delta)
        context.tally[CORRECT] += count_correct(context.cost, a, y)
        if g.size > 0:
            backward(w, g, context, x, values, start, values[start + 3 * n :], first == 0)
    if g.size > 0:
        context.tally[EVALUATIONS] += 1
        context.tally[EXAMPLES] += rows.size
    return total / rows.size


@jit
def predict(w, features, out, context):
    """Fill out, [example, output], with the last activations for `features`, [example, input]."""
    for first in range(0, features.shape[0], context.block):
        examples = min(context.block, features.shape[0] - first)
        start = forward(w, context, features[first : first + examples], context.scratch)
        n = examples * out.shape[1]
        out[first : first + examples] = context.scratch[start + n : start + 2 * n].reshape((examples, out.shape[1]))
