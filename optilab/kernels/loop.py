"""The training loop over one interval of steps, the same for every problem and every optimizer."""

from math import isfinite, nan, sqrt

import numpy as np

from optilab.compiler.calls import evaluate_at, step_in_parts_at, update_at
from optilab.compiler.jit import jit
from optilab.compiler.types import EVALUATIONS, EXAMPLES, UNLIMITED


@jit
def train(
    w,
    g,
    previous,
    order,
    batch_size,
    skip,
    steps,
    t,
    numbers_by_step,
    state,
    scalars,
    layers,
    spans,
    evaluate,
    update,
    in_parts,
    context,
    bound,
    limits,
):
    """Take up to `steps` steps of w_new = update(w, gradient), and stop before one whose cost is not below `bound`.

    order: [epoch, example], the order of the examples in each epoch from the one under way; batches are slices of it.
    skip: how many steps of the first epoch have been taken already.
    t: number of the first step, from 1.
    numbers_by_step: [step, hyperparameter], or a single row where no hyperparameter has a schedule.
    evaluate, update: addresses; rules that evaluate gradients themselves are given the first.
    in_parts: address of a function that evaluates and updates in one, for batches of `batch_size` examples; or 0.
    limits: of the gradient evaluations and of the examples in them, counted in the context; no step begins beyond.

    Returns the number of steps taken, the cost on the last batch that was evaluated, and the norm of the last update.
    Exceptions of `evaluate` and `update` propagate.
    """
    every_row, examples = order[0], order.shape[1]
    cost, update_norm = nan, nan
    taken = steps
    cost_of, step_on = evaluate_at(evaluate, w), update_at(update, w)
    limited = min(limits[0], limits[1]) < UNLIMITED
    epoch, first = batch_of(order, batch_size, skip)
    for step in range(steps):
        rows = order[epoch, first : min(first + batch_size, examples)]
        if context.tally[EVALUATIONS] >= limits[0] or context.tally[EXAMPLES] >= limits[1]:
            taken = step
            break
        if limited or step == steps - 1:
            assign(previous, w)
        numbers = numbers_by_step[step if numbers_by_step.shape[0] > 1 else 0]
        by_parts = in_parts != 0 and rows.size == batch_size
        if by_parts:
            cost = step_in_parts_at(in_parts, w)(
                w,
                g,
                t + step,
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
            )
        else:
            cost = cost_of(w, g, rows, context)
        if not (isfinite(cost) and cost < bound):
            return float(step), cost, update_norm
        if not by_parts:
            step_on(w, g, t + step, cost, numbers, state, scalars, layers, spans, evaluate, rows, every_row, context)
        epoch, first = next_batch(order, batch_size, epoch, first)
    if taken > 0:
        update_norm = distance(w, previous)
    return float(taken), cost, update_norm


@jit
def assign(target, source):
    """Set a vector to another one. The two don't overlap: `target[:] = source` would have memory for a copy."""
    for i in range(target.size):
        target[i] = source[i]


@jit
def batch_of(order, batch_size, step):
    """Where the examples of a step, counted from the first epoch, begin in `order`: its row and column."""
    epoch, batch = divmod(step, (order.shape[1] + batch_size - 1) // batch_size)
    return epoch % order.shape[0], batch * batch_size


@jit
def next_batch(order, batch_size, epoch, first):
    """Likewise those of the step after one whose examples begin there, without a division, which takes as long as a short step's update."""
    first += batch_size
    if first < order.shape[1]:
        return epoch, first
    epoch += 1
    return epoch if epoch < order.shape[0] else 0, 0


@jit
def distance(vector, other):
    """Euclidean distance of two vectors, summed in float64."""
    squares = 0.0
    for i in range(vector.size):
        change = np.float64(vector[i]) - np.float64(other[i])
        squares += change * change
    return sqrt(squares)


@jit
def norm(vector):
    """Euclidean norm sqrt(sum_i v_i^2), summed in float64; infinite where that overflows."""
    squares = 0.0
    for i in range(vector.size):
        squares += np.float64(vector[i]) * np.float64(vector[i])
    return sqrt(squares)


@jit
def no_cost(w, g, rows, context):
    """`evaluate` where there is no problem: the cost 0, and no gradient."""
    return 0.0


@jit
def same_gradient(w, g, rows, context):
    """`evaluate` where an update is timed: a gradient that is always the same, and the cost 1."""
    if g.size > 0:
        context.tally[EVALUATIONS] += 1
        assign(g, context.scratch)
    return 1.0
