"""Links that let the rules after them wait: for more gradients, or for one that is finite."""

from optilab import hookimpl, is_finite, scalar, vectorwise


@vectorwise(ranges={"every": "{1, 2, ...}"}, claims=("rotation", "sign flips", "translation"), link="before")
def accumulate(g, total, t, every=4, mean=True):
    """Gradient accumulation: several small batches add up to a large one before the rules step: `accumulate | adam`.

    total = g_1 + g_2 + ... + g_every
    g = total / every

    So batches of 32 act as one of 32 * every, as in Ott et al., "Scaling neural machine translation", 2018, arXiv:1806.00187.
    The rules after it count their own steps; schedules count all of them. As optax.MultiSteps.

    Args:
        every: steps whose gradients are collected for one step of the rules after it.
        mean: divides the sum by `every`; without it the sum is passed on, as PyTorch's gradients add up where
            zero_grad is not called, and as use_grad_mean=False of Optax does.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "accumulate | sgd", lr=0.05, steps=200)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.01]
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
    """Skipping of non-finite gradients: a step with an infinity or NaN is left out: `apply_if_finite | adam`.

    consecutive_errors = 0 if every entry of g is finite, else consecutive_errors + 1
    skip = 0 < consecutive_errors <= max_consecutive_errors

    The rules after it wait for a finite gradient, as in Micikevicius et al., "Mixed precision training", 2018,
    arXiv:1710.03740. After too many steps left out in a row they get what comes, so that divergence is seen. Its states count
    the errors: those in a row, and all. As optax.apply_if_finite.

    Args:
        max_consecutive_errors: the most steps in a row that are left out.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "apply_if_finite | sgd", lr=0.05, steps=50)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.01]
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
