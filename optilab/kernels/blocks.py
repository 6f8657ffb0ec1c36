"""The cost of a network and its gradient over any number of examples, for one run and for several: block after block.

Where the registers allow it, and several runs have a narrow first layer on sparse pixels, that is worked on for four of them at once,
around what `dense` does with a block.
"""

from optilab.compiler.calls import block_cost_at, prepare_at
from optilab.compiler.jit import jit
from optilab.compiler.passing import network_of
from optilab.compiler.types import CORRECT, EVALUATIONS, EXAMPLES, UNCOUNTED
from optilab.kernels.clock import ticks
from optilab.kernels.dense import is_sparse, memory_of
from optilab.kernels.products import copy
from optilab.kernels.sparse import (
    ABREAST,
    CAN_BE_ABREAST,
    add_transposed_sparse_abreast,
    aside,
    is_narrow,
    multiply_sparse_abreast,
)
from optilab.kernels.vectors import array_at, place, pointers_at, stay_apart

assert ABREAST == 4  # `_add_costs_abreast` writes its four members out


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
        total += cost_of(w, g, batch, weight, first == 0, False, context, memory)
    if g.size > 0:
        context.tally[EVALUATIONS] += 1
        context.tally[EXAMPLES] += rows.size
    return mean(total, rows.size)


@jit
def mean(total, n):
    """Total / n, divided in the same way for one run and for several."""
    stay_apart()
    return total / n


@jit
def _count_correct(member, context, counts):
    """Let a member have the correct predictions that were counted last."""
    if counts:
        member.correct += context.tally[CORRECT]
        context.tally[CORRECT] = 0


@jit
def _add_cost(member, n, cost_of, rows, weight, first_block, context, memory, counts):
    """Add the cost of a block of examples to a member's, and its gradient, count correct predictions, and note the time."""
    begin = ticks()
    w = array_at(member.w, n, context.scratch)
    g = array_at(member.g, n if member.g != 0 else 0, context.scratch)
    member.cost += cost_of(w, g, rows, weight, first_block, False, context, memory)
    _count_correct(member, context, counts)
    member.ticks += ticks() - begin


@jit
def _add_costs_abreast(members, n, cost_of, rows, weight, first_block, context, memory, counts):
    """`_add_cost` for four members, whose first layer of sparse pixels is narrow, and is worked on for all at once."""
    network, matrix, integers = network_of(context), context.layers[0], context.integers
    _, _, _, values, pixel_memory = memory
    size, with_gradient = rows.size * matrix.columns, members[0].g != 0
    z, delta = place(values, 0), place(values, 2 * size)
    begin = ticks()
    ws = pointers_at((members[0].w, members[1].w, members[2].w, members[3].w), values)
    multiply_sparse_abreast(ws, matrix, network, rows, integers, pixel_memory)
    shared = ticks() - begin
    for k in range(members.size):
        begin, member = ticks(), members[k]
        kept = aside(matrix, network, pixel_memory)[k]
        w = array_at(member.w, n, context.scratch)
        g = array_at(member.g, n if with_gradient else 0, context.scratch)
        copy(size, kept, z)
        member.cost += cost_of(w, g, rows, weight, first_block, True, context, memory)
        _count_correct(member, context, counts)
        if with_gradient:
            copy(size, delta, kept)
            if first_block:
                g[matrix.offset : matrix.offset + matrix.size] = 0
        member.ticks += ticks() - begin
    begin = ticks()
    if with_gradient:
        gs = pointers_at((members[0].g, members[1].g, members[2].g, members[3].g), values)
        add_transposed_sparse_abreast(gs, matrix, network, rows, integers, pixel_memory)
    shared += ticks() - begin
    for k in range(members.size):
        members[k].ticks += shared // members.size


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
    can_be = CAN_BE_ABREAST and is_sparse(network) and is_narrow(context.layers[0], context.scratch.itemsize)
    abreast = members.size - members.size % ABREAST if can_be else 0
    for first in range(0, rows.size, network.block):
        batch = rows[first : first + min(network.block, rows.size - first)]
        begin = ticks()
        prepared(context, batch, members[0].g != 0, memory)
        share = (ticks() - begin) // members.size
        for k in range(0, abreast, ABREAST):
            four = members[k : k + ABREAST]
            _add_costs_abreast(four, n, cost_of, batch, weight, first == 0, context, memory, counts)
        for k in range(abreast, members.size):
            _add_cost(members[k], n, cost_of, batch, weight, first == 0, context, memory, counts)
        for k in range(members.size):
            members[k].ticks += share
    for k in range(members.size):
        members[k].cost = mean(members[k].cost, rows.size)
