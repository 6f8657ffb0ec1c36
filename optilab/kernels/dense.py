"""A fully connected network of any depth and width: forward, cost, backward, in blocks of examples that fit the cache.

a_0 = x, z_l = a_(l-1) W_l + b_l, a_l = f_l(z_l). W_l is fan-in x fan-out, row-major, followed by b_l in the flat vector
of weights. Depth, widths, activations and cost are run-time values of one compiled function.
"""

from optilab.compiler.calls import block_cost_at, prepare_at
from optilab.compiler.jit import jit
from optilab.compiler.passing import network_of
from optilab.compiler.types import CORRECT, EVALUATIONS, EXAMPLES, UNCOUNTED
from optilab.kernels.activations import activate, scale_by_derivative
from optilab.kernels.clock import ticks
from optilab.kernels.costs import cost_and_delta, count_correct
from optilab.kernels.products import copy, product, sum_columns
from optilab.kernels.sparse import add_transposed_sparse, multiply_sparse, room_for_pixels, spread_out
from optilab.kernels.turned import product_with_transposed, room_to_turn
from optilab.kernels.vectors import array_at, nowhere, place, stay_apart

# Context.settings of a network.
PIXEL_SCALE, HUBER_DELTA = 0, 1


def scratch_sizes(sizes, block, most_pixels):
    """Sizes of the memory for reals and for integers that `evaluate` needs, for layers of `sizes` neurons, the inputs first.

    most_pixels: the most sparse pixels that an example has.
    """
    reals, integers = room_for_pixels(sizes[0], block, most_pixels) if most_pixels else (0, 0)
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
def forward(w, context, rows, examples, x, x_at, values, pixel_memory):
    """Fill `values` with z, a and room for delta, layer after layer; return the index where the last layer's begin.

    rows: numbers of the examples if they are sparse pixels, which are spread out; else empty, and the examples are x[x_at:], [example, input].
    """
    start = 0
    network = network_of(context)
    depth = network.activations.size
    for layer in range(depth):
        matrix = context.layers[2 * layer]
        bias, columns = matrix.offset + matrix.size, matrix.columns
        n = examples * columns
        z = place(values, start)
        if layer == 0 and rows.size > 0:
            multiply_sparse(w, matrix, network, rows, context.integers, pixel_memory, values)
        else:
            down = matrix.rows
            a = place(x, x_at) if layer == 0 else place(values, start - 2 * examples * down)
            product(
                examples, columns, down, a, down, 1, place(w, matrix.offset), columns, z, columns, place(w, bias), 0
            )
        activate(network.activations[layer], values[start : start + n], values[start + n : start + 2 * n])
        if layer < depth - 1:
            start += 3 * n
    return start


@jit
def backward(w, g, context, rows, examples, x, values, start, turned, pixel_memory, first_block):
    """Turn delta = dC/da of the last layer into the gradient of every layer, added to g after the first block."""
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
        if layer == 0 and rows.size > 0:
            add_transposed_sparse(delta, g, matrix, network, rows, context.integers, pixel_memory, first_block)
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
def block_cost(w, g, rows, weight, first_block, context, memory):
    """The cost, summed over the prepared examples `rows`; unless g is empty, adds `weight` times its gradient to g, or sets it first.

    Counts correct predictions in the tally, unless these are UNCOUNTED.
    """
    x, y, turned, values, pixel_memory = memory
    network = network_of(context)
    examples, outputs = rows.size, network.targets.shape[1]
    huber_delta = w.dtype.type(context.settings[HUBER_DELTA])
    sparse_rows = rows if is_sparse(network) else rows[:0]
    start = forward(w, context, sparse_rows, examples, x, 0, values, pixel_memory)
    n = examples * outputs
    a = values[start + n : start + 2 * n].reshape((examples, outputs))
    delta = values[start + 2 * n : start + 3 * n].reshape((examples, outputs))
    targets = y[:n].reshape((examples, outputs))
    cost = cost_and_delta(network.cost, a, targets, huber_delta, weight, delta)
    if context.tally[CORRECT] != UNCOUNTED:
        context.tally[CORRECT] += count_correct(network.cost, a, targets)
    if g.size > 0:
        backward(w, g, context, sparse_rows, examples, x, values, start, turned, pixel_memory, first_block)
    return cost


@jit
def evaluate(w, g, rows, context):
    """Return the mean cost over the examples `rows` and fill g with its gradient; with an empty g, only the cost.

    Counts in the tally: the gradient evaluation and its examples, and the correct predictions unless these are UNCOUNTED.
    """
    weight, network = w.dtype.type(1.0 / rows.size), network_of(context)
    memory = memory_of(context)
    prepared, cost_of = prepare_at(network.prepare, w), block_cost_at(network.block_cost, w)
    total = 0.0
    for first in range(0, rows.size, network.block):
        batch = rows[first : first + min(network.block, rows.size - first)]
        prepared(context, batch, g.size > 0, memory)
        total += cost_of(w, g, batch, weight, first == 0, context, memory)
    if g.size > 0:
        context.tally[EVALUATIONS] += 1
        context.tally[EXAMPLES] += rows.size
    return _mean(total, rows.size)


@jit
def _mean(total, n):
    """Total / n, divided in the same way for one run and for several."""
    stay_apart()
    return total / n


@jit
def evaluate_members(members, rows, context):
    """`evaluate` for several runs at once, which share what is read of the examples; to the bit what it gives for each alone.

    members: of dtype MEMBER, those under way; their cost and their number of correct predictions are filled, their gradients, and
    the ticks of the clock that each took, its share of what is done for all included.
    """
    weight, network = context.scratch.dtype.type(1.0 / rows.size), network_of(context)
    memory, n = memory_of(context), members[0].size
    prepared = prepare_at(network.prepare, context.scratch)
    cost_of = block_cost_at(network.block_cost, context.scratch)
    counts = context.tally[CORRECT] != UNCOUNTED
    if counts:
        context.tally[CORRECT] = 0
    for k in range(members.size):
        members[k].cost, members[k].correct, members[k].ticks = 0.0, 0, 0
    for first in range(0, rows.size, network.block):
        batch = rows[first : first + min(network.block, rows.size - first)]
        begin = ticks()
        prepared(context, batch, members[0].g != 0, memory)
        share = (ticks() - begin) // members.size
        for k in range(members.size):
            begin = ticks()
            w = array_at(members[k].w, n, context.scratch)
            g = array_at(members[k].g, n if members[k].g != 0 else 0, context.scratch)
            members[k].cost += cost_of(w, g, batch, weight, first == 0, context, memory)
            if counts:
                members[k].correct += context.tally[CORRECT]
                context.tally[CORRECT] = 0
            members[k].ticks += ticks() - begin + share
    for k in range(members.size):
        members[k].cost = _mean(members[k].cost, rows.size)


@jit
def predict(w, features, out, context):
    """Fill out, [example, output], with the last activations for `features`, [example, input]."""
    network = network_of(context)
    no_rows = network.starts[:0]
    inputs, outputs = features.shape[1], out.shape[1]
    flat, flat_out = features.reshape(features.size), out.reshape(out.size)
    for first in range(0, features.shape[0], network.block):
        examples = min(network.block, features.shape[0] - first)
        start = forward(w, context, no_rows, examples, flat, first * inputs, context.scratch, context.scratch[:0])
        n = examples * outputs
        copy(n, place(context.scratch, start + n), place(flat_out, first * outputs))
