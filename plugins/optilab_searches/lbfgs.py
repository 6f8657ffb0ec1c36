"""L-BFGS (Liu and Nocedal, 1989, "On the limited memory BFGS method for large scale optimization")."""

import numpy as np

from optilab import hookimpl, norm, per_weight, scalar, vectorwise
from optilab_searches.line_search import WOLFE, backtracking, descend, inner, move, strong_wolfe, zoom


def two_loops(d, s, y, rho, alpha, pairs, scale):
    """Multiply d by the inverse Hessian H that the pairs in memory imply: algorithm 7.4 of Nocedal and Wright."""
    memory = rho.size
    count = min(int(pairs), memory)
    newest = int(pairs) - 1
    for age in range(count):
        k = (newest - age) % memory
        alpha[k] = rho[k] * inner(s[k], d)
        add(d, -alpha[k], y[k])
    for i in range(d.size):
        d[i] *= scale
    for age in range(count - 1, -1, -1):
        k = (newest - age) % memory
        add(d, alpha[k] - rho[k] * inner(y[k], d), s[k])


def add(d, factor, vector):
    """Add factor * vector to d."""
    for i in range(d.size):
        d[i] += factor * vector[i]


@vectorwise(
    lr=1.0,
    batch_size="full",
    states={
        "d": per_weight(),
        "g_old": per_weight(),
        "start": per_weight(),
        "trial": per_weight(),
        "s": per_weight(copies="memory"),
        "y": per_weight(copies="memory"),
        "rho": scalar(copies="memory"),
        "alpha": scalar(copies="memory"),
        "pairs": scalar(),
        "scale": scalar(1.0),
        "step": scalar(),
    },
    ranges={
        "memory": "{1, 2, ...}",
        "line_search": "{strong_wolfe, zoom, backtracking, none}",
        "first_step": "{l1, l2}",
        "curvature": "[0, inf)",
        "decrease": "(0, 1)",
        "tolerance_grad": "[0, inf)",
        **WOLFE,
    },
    claims=("sign flips", "translation"),
)
def lbfgs(
    w,
    g,
    d,
    g_old,
    start,
    trial,
    s,
    y,
    rho,
    alpha,
    pairs,
    scale,
    step,
    cost,
    value_and_grad,
    lr,
    memory=100,
    line_search="strong_wolfe",
    first_step="l1",
    scaled=True,
    curvature=1e-10,
    c1=1e-4,
    c2=0.9,
    max_trials=25,
    decrease=0.8,
    tolerance_grad=1e-7,
    tolerance_change=1e-9,
):
    """L-BFGS: a quasi-Newton step, whose inverse Hessian is built from the last steps and gradients.

    s = w - w_old,  y = g - g_old,  rho = 1 / s.y                  kept for the last `memory` steps, if s.y > curvature
    H = (I - rho s y^T) H_old (I - rho y s^T) + rho s s^T          from H_0 = (s.y / y.y) I, never formed
    w = w - t * H g

    Liu and Nocedal, 1989; algorithm 7.5 of Nocedal and Wright, "Numerical Optimization", 2006. One step is one iteration: at
    the defaults that of torch.optim.LBFGS(max_iter=1, max_eval=25, line_search_fn="strong_wolfe"), whose own default is
    line_search="none". After a search that found nothing it forgets all pairs, and begins anew down the gradient.

    Args:
        lr: the first trial of t.
        memory: number of pairs s, y that are kept.
        line_search: how t is found: "strong_wolfe" as in torch; "zoom" as in optax.lbfgs (but for its approx_dec_rtol);
            "backtracking", shorter by `decrease` each trial, to sufficient decrease; "none": t = lr.
        first_step: before there are pairs the first trial is lr * min(1, 1 / |g|), with the sum of the sizes of g ("l1",
            torch) or its length ("l2", Optax).
        scaled: false for H_0 = I and no such first step (Optax: scale_init_precond).
        curvature: a pair is kept if its s.y is above it.
        c1: share of the decrease that the slope promises which is enough.
        c2: share of the slope that may be left, at the ends of "strong_wolfe" and "zoom".
        max_trials: the most trials in a step, an evaluation each.
        decrease: factor of t from one trial of "backtracking" to the next.
        tolerance_grad: it stands still where no |g_i| is above it, as in torch; 0 switches that off.
        tolerance_change: it stands still where the slope along the step is less steep, as in torch, and ends a search that
            can't move any weight by as much; 0 switches that off.

    Example:
        >>> import optilab
        >>> run = optilab.train("rosenbrock", "lbfgs", steps=30)
        >>> run.history["train_cost"].iloc[[0, -1]].round(4).tolist()
        [24.2, 0.0003]
    """
    moved = False
    for i in range(g.size):
        moved = moved or not abs(g[i]) <= tolerance_grad
    if not moved:
        return pairs, scale, step
    is_first = step == 0
    if is_first:
        pairs, scale = 0.0, 1.0
    else:
        s_y, y_y = 0.0, 0.0
        for i in range(g.size):
            change = g[i] - g_old[i]
            s_y += step * d[i] * change
            y_y += change * change
        if s_y > curvature:
            k = int(pairs) % memory
            for i in range(g.size):
                s[k, i] = step * d[i]
                y[k, i] = g[i] - g_old[i]
            rho[k] = 1 / s_y
            pairs += 1
            scale = s_y / y_y if scaled else 1.0
    slope = descend(d, g)
    if pairs > 0:
        two_loops(d, s, y, rho, alpha, pairs, scale)
        slope = inner(g, d)
        if slope >= 0:  # by rounding
            pairs, scale = 0.0, 1.0
            slope = descend(d, g)
    for i in range(w.size):
        g_old[i] = g[i]
        start[i] = w[i]
    if slope > -tolerance_change:
        for i in range(d.size):
            d[i] = 0  # so that the next pair is none
        return pairs, scale, step

    t = np.float64(lr)
    if is_first and scaled:
        size = norm(g)
        if first_step == "l1":
            size = 0.0
            for i in range(g.size):
                size += abs(np.float64(g[i]))
        t = lr * min(1.0, 1 / size)
    if line_search == "none":
        step = t
    elif line_search == "backtracking":
        step, _ = backtracking(w, d, start, cost, slope, t, c1, decrease, max_trials, value_and_grad)
    elif line_search == "zoom":
        step = zoom(w, trial, d, start, cost, slope, t, c1, c2, tolerance_change, max_trials, value_and_grad)
    else:
        step = strong_wolfe(w, trial, d, start, cost, slope, t, c1, c2, tolerance_change, max_trials, value_and_grad)
    move(w, start, d, step)
    return pairs, scale, step


@hookimpl
def optilab_optimizers():
    return [lbfgs]
