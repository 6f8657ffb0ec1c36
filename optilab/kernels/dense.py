"""A fully connected network of any depth and width: forward, cost and backward on a block of examples that fits the cache.

a_0 = x, z_l = a_(l-1) W_l + b_l, a_l = f_l(z_l). W_l is fan-in x fan-out, row-major, followed by b_l in the flat vector
of weights. Depth, widths, activations and cost are run-time values of one compiled function.
"""

from optilab.compiler.jit import jit
from optilab.compiler.passing import network_of
from optilab.compiler.types import CORRECT, UNCOUNTED
from optilab.kernels.activations import activate, activate_for_gradient, scale_by_derivative
from optilab.kernels.costs import cost_and_delta, count_correct
from optilab.kernels.products import copy, product, sum_columns
from optilab.kernels.sparse import add_transposed_sparse, multiply_sparse, room_for_pixels, spread_out
from optilab.kernels.turned import product_with_transposed, room_to_turn
from optilab.kernels.vectors import nowhere, place

# Context.settings of a network.
PIXEL_SCALE, HUBER_DELTA = 0, 1


def scratch_sizes(sizes, block, most_pixels):
    """Sizes of the memory for reals and for integers that this module and `blocks` need, for layers of `sizes` neurons, the inputs first.

    most_pixels: the most sparse pixels that an example has; None where pixels aren't sparse.
    """
    reals, integers = room_for_pixels(*sizes[:2], block, most_pixels) if most_pixels is not None else (0, 0)
    return block * (sizes[0] + sizes[-1] + 3 * sum(sizes[1:])) + room_to_turn(sizes) + reals, integers


@jit
def is_sparse(network):
    """Whether the examples are sparse pixels."""
    return network.starts.size > 0


@jit
def gather_inputs(context, rows, x):
    """Copy the examples `rows` into x, [example, input] in a flat array; sparse pixels are read where they are."""
    network, inputs = network_of(context), context.layers[0].rows
    if network.pixels.shape[0] > 0:
        scale = x.dtype.type(context.settings[PIXEL_SCALE])
        for i in range(rows.size):
            for j in range(inputs):
                x[i * inputs + j] = network.pixels[rows[i], j] * scale
    elif not is_sparse(network):
        features = network.features.reshape(network.features.size)
        for i in range(rows.size):
            copy(inputs, place(features, rows[i] * inputs), place(x, i * inputs))


@jit
def gather_targets(context, rows, y):
    """Copy the targets of the examples `rows` into y, [example, output] in a flat array."""
    network = network_of(context)
    outputs = network.targets.shape[1]
    targets = network.targets.reshape(network.targets.size)
    for i in range(rows.size):
        copy(outputs, place(targets, rows[i] * outputs), place(y, i * outputs))


@jit
def forward(w, context, examples, x, x_at, values, has_first, with_gradient):
    """Fill `values` with z, a and room for delta, layer after layer; return the index where the last layer's begin.

    has_first: whether z of the first layer is there; else the examples are x[x_at:], [example, input]. with_gradient: whether `backward`
    follows; z is then as `activate_for_gradient` leaves it.
    """
    start = 0
    network = network_of(context)
    depth = network.activations.size
    for layer in range(depth):
        matrix = context.layers[2 * layer]
        bias, columns = matrix.offset + matrix.size, matrix.columns
        n = examples * columns
        z = place(values, start)
        if layer > 0 or not has_first:
            down = matrix.rows
            a = place(x, x_at) if layer == 0 else place(values, start - 2 * examples * down)
            product(
                examples, columns, down, a, down, 1, place(w, matrix.offset), columns, z, columns, place(w, bias), 0
            )
        kind, flat, a = network.activations[layer], values[start : start + n], values[start + n : start + 2 * n]
        if with_gradient:
            activate_for_gradient(kind, flat, a)
        else:
            activate(kind, flat, a)
        if layer < depth - 1:
            start += 3 * n
    return start


@jit
def backward(w, g, context, examples, x, values, start, turned, first_block, without_first):
    """Turn delta = dC/da of the last layer into the gradient of every layer, added to g after the first block.

    without_first: whether the first layer's matrix is left out; its delta is there.
    """
    network = network_of(context)
    for back in range(network.activations.size):
        layer = network.activations.size - 1 - back
        matrix = context.layers[2 * layer]
        fan_in, columns = matrix.rows, matrix.columns
        n = examples * columns
        z, a = values[start : start + n], values[start + n : start + 2 * n]
        scale_by_derivative(network.activations[layer], z, a, values[start + 2 * n : start + 3 * n])
        delta, slope = place(values, start + 2 * n), place(g, matrix.offset)
        sum_columns(examples, columns, delta, place(g, matrix.offset + matrix.size), first_block)
        if layer == 0 and without_first:
            continue
        before = nowhere(slope) if first_block else slope
        below = examples * fan_in  # how long z, a and delta of the layer below are
        a_in = place(x, 0) if layer == 0 else place(values, start - 2 * below)
        product(fan_in, columns, examples, a_in, 1, fan_in, delta, columns, slope, columns, before, columns)
        if layer > 0:
            weights, out = place(w, matrix.offset), place(values, start - below)
            product_with_transposed(examples, fan_in, columns, delta, weights, out, place(turned, 0))
            start -= 3 * below


@jit
def memory_of(context):
    """The context's memory for reals in its parts: inputs, targets, a part of a transposed matrix, the layers' values, and for pixels."""
    network, scratch = network_of(context), context.scratch
    block = network.block
    x_end = block * context.layers[0].rows
    y_end = x_end + block * network.targets.shape[1]
    turned_end = y_end + network.turned
    values_end = turned_end + 3 * block * network.neurons
    return (
        scratch[:x_end],
        scratch[x_end:y_end],
        scratch[y_end:turned_end],
        scratch[turned_end:values_end],
        scratch[values_end:],
    )


@jit
def prepare(context, rows, with_gradient, memory):
    """Read the examples `rows`, at most a block of them, for `block_cost` at any weights.

    memory: from `memory_of`.
    """
    network = network_of(context)
    x, y, _, _, pixel_memory = memory
    gather_inputs(context, rows, x)
    gather_targets(context, rows, y)
    if is_sparse(network):
        scale = x.dtype.type(context.settings[PIXEL_SCALE])
        spread_out(context.layers[0], network, rows, scale, with_gradient, context.integers, pixel_memory)


@jit
def block_cost(w, g, rows, weight, first_block, without_first, context, memory):
    """The cost, summed over the prepared examples `rows`; unless g is empty, adds `weight` times its gradient to g, or sets it first.

    without_first: whether the products of the first layer are the caller's, on sparse pixels: z is there, and delta will be.
    Counts correct predictions in the tally, unless these are UNCOUNTED.
    """
    x, y, turned, values, pixel_memory = memory
    network, matrix, integers = network_of(context), context.layers[0], context.integers
    examples, outputs = rows.size, network.targets.shape[1]
    huber_delta = w.dtype.type(context.settings[HUBER_DELTA])
    pixels = is_sparse(network)
    if pixels and not without_first:
        multiply_sparse(w, matrix, network, rows, integers, pixel_memory, values)
    start = forward(w, context, examples, x, 0, values, pixels, g.size > 0)
    n = examples * outputs
    a = values[start + n : start + 2 * n].reshape((examples, outputs))
    delta = values[start + 2 * n : start + 3 * n].reshape((examples, outputs))
    targets = y[:n].reshape((examples, outputs))
    cost = cost_and_delta(network.cost, a, targets, huber_delta, weight, delta)
    if context.tally[CORRECT] != UNCOUNTED:
        context.tally[CORRECT] += count_correct(network.cost, a, targets)
    if g.size > 0:
        backward(w, g, context, examples, x, values, start, turned, first_block, pixels)
        if pixels and not without_first:
            below = place(values, 2 * examples * matrix.columns)
            add_transposed_sparse(below, g, matrix, network, rows, integers, pixel_memory, first_block)
    return cost


@jit
def predict(w, features, out, context):
    """Fill out, [example, output], with the last activations for `features`, [example, input]."""
    network = network_of(context)
    inputs, outputs = features.shape[1], out.shape[1]
    flat, flat_out = features.reshape(features.size), out.reshape(out.size)
    for first in range(0, features.shape[0], network.block):
        examples = min(network.block, features.shape[0] - first)
        start = forward(w, context, examples, flat, first * inputs, context.scratch, False, False)
        n = examples * outputs
        copy(n, place(context.scratch, start + n), place(flat_out, first * outputs))
