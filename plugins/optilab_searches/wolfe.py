"""Steepest descent under the strong Wolfe conditions (Wolfe, 1969, "Convergence conditions for ascent methods")."""

import numpy as np

from optilab import hookimpl, per_weight, scalar, vectorwise
from optilab_searches.line_search import WOLFE, descend, move, strong_wolfe, zoom


@vectorwise(
    lr=1.0,
    batch_size="full",
    states={"d": per_weight(), "start": per_weight(), "trial": per_weight(), "step": scalar()},
    ranges={"line_search": "{strong_wolfe, zoom}", **WOLFE},
    claims=("rotation", "sign flips", "translation"),
)
def wolfe(
    w,
    g,
    d,
    start,
    trial,
    step,
    cost,
    value_and_grad,
    lr,
    line_search="strong_wolfe",
    c1=1e-4,
    c2=0.9,
    max_trials=25,
    tolerance_change=1e-9,
):
    """Wolfe's line search: gradient descent with steps that are neither too long nor too short (strong Wolfe).

    w = w - t * g    with a t for which
    C(w - t * g) <= C(w) - c1 * t * |g|^2        and    |gradient at w - t * g . g| <= c2 * |g|^2

    Wolfe, 1969; equations 3.7 of Nocedal and Wright, "Numerical Optimization", 2006. The first trial is the t of the step
    before. Each trial is a gradient evaluation.

    Args:
        lr: the first trial of the first step, and after a search that found nothing.
        line_search: "strong_wolfe" interpolates as in torch.optim.LBFGS; "zoom" is algorithm 3.5 of the book, as in
            optax.scale_by_zoom_linesearch(approx_dec_rtol=None).
        c1: share of the decrease that the slope promises which is enough.
        c2: share of the slope that may be left; a small one makes the search nearly exact.
        max_trials: the most trials in a step.
        tolerance_change: ends a search that can't move any weight by as much.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "wolfe", steps=10)
        >>> run.history["train_cost"].iloc[[0, -1]].round(3).tolist()
        [9.72, 0.001]
    """
    slope = descend(d, g)
    for i in range(w.size):
        start[i] = w[i]
    if step == 0:  # at first, and after a search that found nothing
        step = np.float64(lr)
    if line_search == "zoom":
        step = zoom(w, trial, d, start, cost, slope, step, c1, c2, tolerance_change, max_trials, value_and_grad)
    else:
        step = strong_wolfe(w, trial, d, start, cost, slope, step, c1, c2, tolerance_change, max_trials, value_and_grad)
    move(w, start, d, step)
    return step


@hookimpl
def optilab_optimizers():
    return [wolfe]
