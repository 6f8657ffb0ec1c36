"""Links that let the rules after them wait: for more gradients, or for one that is finite."""

from optilab import hookimpl, is_finite, scalar, vectorwise


@vectorwise(ranges={"every": "{1, 2, ...}"}, claims=("rotation", "sign flips", "translation"), link="before")
def accumulate(g, total, t, every=4, mean=True):
    """Collect the gradients of several steps, and let the rules after it step with their mean: `accumulate | adam`.

    total = g_1 + g_2 + ... + g_every;  g = total / every

    So batches of 32 act as one of 32 * every. The rules after it count their own steps; schedules count all of them. As
    optax.MultiSteps, where mean = False, the sum, is use_grad_mean=False. Summing is what PyTorch's gradients do where
    zero_grad is not called.
    """
    taken = (t - 1) % every + 1
    if taken == 1:
        for i in range(g.size):
            total[i] = g[i]
    else:
        for i in range(g.size):
            total[i] += g[i]
    skip = taken < every
    if not skip:
        share = 1 / every if mean else 1
        for i in range(g.size):
            g[i] = share * total[i]
    return skip


@vectorwise(
    states={"consecutive_errors": scalar(), "total_errors": scalar()},
    ranges={"max_consecutive_errors": "{0, 1, ...}"},
    claims=("rotation", "sign flips", "translation"),
    link="before",
)
def apply_if_finite(g, consecutive_errors, total_errors, max_consecutive_errors=5):
    """Leave out steps whose gradient is infinite or not a number, but not for ever: `apply_if_finite | adam`.

    The rules after it wait for a finite gradient. After max_consecutive_errors steps left out in a row they get what comes,
    so that divergence is seen. Its states count the errors: those in a row, and all. As optax.apply_if_finite.
    """
    finite = True
    for i in range(g.size):
        finite &= is_finite(g[i])
    if finite:
        consecutive_errors = 0.0
    else:
        consecutive_errors += 1
        total_errors += 1
    skip = 0 < consecutive_errors <= max_consecutive_errors
    return consecutive_errors, total_errors, skip


@hookimpl
def optilab_optimizers():
    return [accumulate, apply_if_finite]
