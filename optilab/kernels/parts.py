"""One step with the weights of a wide first layer updated part by part, each as soon as its gradient is known.

The gradient of a large matrix, written as a whole, has left the caches near the core when its update reads it. Here it is never written as a
whole. Pixels are sparse, the examples are at most a block, and the optimizer updates each weight by itself and remembers nothing of it: where
it does, reading that takes most of the time, and parts are no faster.
"""

from math import gcd, isfinite

from optilab.compiler.calls import block_cost_at, prepare_at, update_at
from optilab.compiler.jit import jit
from optilab.compiler.passing import network_of
from optilab.compiler.types import EVALUATIONS, EXAMPLES
from optilab.kernels.blocks import mean
from optilab.kernels.dense import memory_of
from optilab.kernels.sparse import (
    MOST_PACKED,
    are_packed,
    multiply_sparse,
    pack_deltas,
    packed_size,
    set_rows_of_gradient,
)
from optilab.kernels.vectors import place

_LARGE = 2**20  # bytes of a matrix, above which parts are faster
_PART = 2**15  # numbers of a part, about
# Parts begin at multiples of so many weights. A compiled update goes through most weights by up to 64 at once, four vectors of 16, and through
# the last ones one by one, which may round differently: which those are must not depend on parts.
_ALIGNED = 64
_MOST = 2**18  # bytes of a part, above which it leaves the second-level cache


def are_faster(sizes, itemsize, examples):
    """Whether parts are faster for layers of `sizes` neurons, the inputs first, and so many examples a step.

    Runs of so large a matrix don't advance together: what they change is more than `training.lockstep` has room for.
    """
    inputs, columns = sizes[:2]
    fit = are_packed(columns, examples, itemsize) and packed_size(columns, examples, itemsize) <= MOST_PACKED
    fit = fit and columns * _aligned_rows.py_func(columns) * itemsize <= _MOST
    return fit and inputs * columns * itemsize > _LARGE


@jit
def _aligned_rows(columns):
    """The fewest rows of a matrix that are whole multiples of `_ALIGNED` weights."""
    return _ALIGNED // gcd(columns, _ALIGNED)


@jit
def step_in_parts(
    w,
    g,
    t,
    numbers,
    state,
    scalars,
    layers,
    spans,
    evaluate,
    update,
    rows,
    every_row,
    context,
    bound,
):
    """Take the step that `evaluate` and `update` take one after the other, to the bit. Return the cost; where it isn't below `bound`, no step is taken.

    g: memory; afterwards it holds the gradient of all but the first layer's matrix.
    The other arguments are those of `update`.
    """
    network, matrix, integers = network_of(context), context.layers[0], context.integers
    memory = memory_of(context)
    _, _, _, values, pixel_memory = memory
    prepare_at(network.prepare, w)(context, rows, True, memory)
    multiply_sparse(w, matrix, network, rows, integers, pixel_memory, values)
    weight = w.dtype.type(1.0 / rows.size)
    total = block_cost_at(network.block_cost, w)(w, g, rows, weight, True, True, context, memory)
    cost = mean(total, rows.size)
    context.tally[EVALUATIONS] += 1
    context.tally[EXAMPLES] += rows.size
    if not (isfinite(cost) and cost < bound):
        return cost
    step_on, columns = update_at(update, w), matrix.columns
    pack_deltas(place(values, 2 * rows.size * columns), matrix, network, rows, integers, pixel_memory)
    fewest = _aligned_rows(columns)
    at_once = max(_PART // columns // fewest, 1) * fewest
    begin = end = 0  # the weights of the part
    for first in range(0, matrix.rows, at_once):
        last = min(first + at_once, matrix.rows)
        begin, filled = first * columns, last * columns
        set_rows_of_gradient(w, g, first, last, matrix, network, rows, integers, pixel_memory)
        end = filled // _ALIGNED * _ALIGNED
        step_on(
            w[begin:end],
            g[: end - begin],
            t,
            cost,
            numbers,
            state,
            scalars,
            layers,
            spans,
            evaluate,
            rows,
            every_row,
            context,
        )
    for i in range(end, matrix.size):
        g[i] = g[i - begin]
    step_on(w[end:], g[end:], t, cost, numbers, state, scalars, layers, spans, evaluate, rows, every_row, context)
    return cost
