"""The training loop of several runs that see the same batches: each step evaluates all of them, and updates each by its own rule."""

from math import isfinite, nan

from optilab.compiler.calls import evaluate_members_at, update_at
from optilab.compiler.jit import jit
from optilab.compiler.types import EVALUATIONS, EXAMPLES, UNLIMITED, Context
from optilab.kernels.clock import ticks
from optilab.kernels.loop import assign, batch_of, distance, next_batch
from optilab.kernels.vectors import array_at


@jit
def _gather(members, going):
    """Fill `going` with the members that go on, side by side, as evaluation wants them; return how many they are."""
    count = 0
    for k in range(members.size):
        if members[k].going:
            going[count] = members[k]
            count += 1
    return count


@jit
def _leave(member, step):
    """End a member's part in the interval before a step."""
    member.going, member.taken = 0, step


@jit
def _is_at_its_limit(member, context):
    """Whether no further step begins, for the gradient evaluations or the examples in them."""
    tally = array_at(member.tally, 3, context.tally)
    return tally[EVALUATIONS] >= member.most_evaluations or tally[EXAMPLES] >= member.most_examples


@jit
def _count(member, examples, context):
    """Count a gradient evaluation, and its examples."""
    tally = array_at(member.tally, 3, context.tally)
    tally[EVALUATIONS] += 1
    tally[EXAMPLES] += examples


@jit
def _step_on(member, step, steps, t, evaluate, rows, every_row, context):
    """One step of a member by its own rule, once its gradient is known."""
    w, g = array_at(member.w, member.size, context.scratch), array_at(member.g, member.size, context.scratch)
    tally = array_at(member.tally, 3, context.tally)
    if step == steps - 1 or min(member.most_evaluations, member.most_examples) < UNLIMITED:
        assign(array_at(member.previous, member.size, context.scratch), w)
    own = Context(context.layers, tally, context.scratch, context.integers, context.settings, context.network)
    at = member.numbers + (8 * member.n_numbers * step if member.varies else 0)
    update_at(member.update, w)(
        w,
        g,
        t,
        member.cost,
        array_at(at, member.n_numbers, context.settings),
        array_at(member.state, member.n_state, context.scratch),
        array_at(member.scalars, member.n_scalars, context.settings),
        array_at(member.layers, member.n_layers, context.layers),
        array_at(member.spans, 3 * member.n_spans, context.tally).reshape((member.n_spans, 3)),
        evaluate,
        rows,
        every_row,
        own,
    )


@jit
def train_members(members, going, order, batch_size, skip, steps, t, evaluate_members, evaluate, context, bound):
    """`kernels.loop.train` for several runs, which share `order`, `batch_size`, `skip`, `steps`, `t` and `bound`: its arguments.

    members: of dtype MEMBER; each gets what `train` returns as its cost, taken and update_norm, and the ticks of the clock that its
    evaluations and updates took. One that ends leaves, and the others go on.
    going: memory for as many.
    evaluate_members, evaluate: addresses; the second is handed to the updates. context: without counts of its own.

    Exceptions of an update propagate; then no member's result counts.
    """
    every_row, examples = order[0], order.shape[1]
    evaluate_all = evaluate_members_at(evaluate_members, context.scratch)
    for k in range(members.size):
        members[k].going, members[k].taken, members[k].ticks = 1, steps, 0
        members[k].cost, members[k].update_norm = nan, nan
    left = _gather(members, going)
    epoch, first = batch_of(order, batch_size, skip)
    for step in range(steps):
        for k in range(members.size):
            if members[k].going and _is_at_its_limit(members[k], context):
                _leave(members[k], step)
                left = _gather(members, going)
        if left == 0:
            break
        rows = order[epoch, first : min(first + batch_size, examples)]
        evaluate_all(going[:left], rows, context)
        some_leave, at = False, 0
        for k in range(members.size):
            member = members[k]
            if not member.going:
                continue
            member.cost, member.ticks = going[at].cost, member.ticks + going[at].ticks
            at += 1
            _count(member, rows.size, context)
            if not (isfinite(member.cost) and member.cost < bound):
                _leave(member, step)
                some_leave = True
                continue
            begin = ticks()
            _step_on(member, step, steps, t + step, evaluate, rows, every_row, context)
            member.ticks += ticks() - begin
        if some_leave:
            left = _gather(members, going)
        epoch, first = next_batch(order, batch_size, epoch, first)
    for k in range(members.size):
        member = members[k]
        failed = member.taken < steps and not (isfinite(member.cost) and member.cost < bound)
        if member.taken > 0 and not failed:
            w = array_at(member.w, member.size, context.scratch)
            member.update_norm = distance(w, array_at(member.previous, member.size, context.scratch))
