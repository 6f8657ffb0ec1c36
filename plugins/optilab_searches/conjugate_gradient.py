"""Nonlinear conjugate gradients (Fletcher and Reeves, 1964, and those after them)."""

from optilab import hookimpl, is_finite, norm, per_weight, scalar, vectorwise
from optilab_searches.line_search import WOLFE, descend, inner, move, strong_wolfe, zoom


@vectorwise(
    lr=1.0,
    batch_size="full",
    states={
        "d": per_weight(),
        "g_old": per_weight(),
        "start": per_weight(),
        "trial": per_weight(),
        "squares": scalar(),
        "cost_old": scalar(),
    },
    ranges={
        "formula": "{fletcher_reeves, polak_ribiere, hestenes_stiefel, dai_yuan}",
        "restarts": "{descent, powell}",
        "line_search": "{strong_wolfe, zoom}",
        **WOLFE,
    },
    claims=("rotation", "sign flips", "translation"),
)
def nonlinear_cg(
    w,
    g,
    d,
    g_old,
    start,
    trial,
    squares,
    cost_old,
    cost,
    value_and_grad,
    lr,
    formula="polak_ribiere",
    restarts="descent",
    line_search="strong_wolfe",
    c1=1e-4,
    c2=0.4,
    max_trials=25,
    tolerance_change=1e-9,
):
    """Nonlinear conjugate gradient: line searches along directions that don't undo one another's progress.

    y = g - g_old
    beta = |g|^2 / |g_old|^2             Fletcher and Reeves, 1964
           max(0, g.y / |g_old|^2)       Polak and Ribiere, 1969, never negative as Gilbert and Nocedal, 1992, have it
           max(0, g.y / d.y)             Hestenes and Stiefel, 1952
           |g|^2 / d.y                   Dai and Yuan, 1999
    d = beta * d - g
    w = w + t * d                        with a t that meets the strong Wolfe conditions

    On a quadratic function and with an exact search (c2 near 0) all four are the method of conjugate gradients, and end
    after as many steps as there are weights. It begins anew with d = -g where d would not lead down, and after a search
    that found nothing. The constants, and the first trial t = lr * min(1, 2.02 * (C - C_old) / g.d), are those of
    scipy.optimize.fmin_cg, which has another search. Searches and evaluations: as for `wolfe`.

    Args:
        lr: the longest first trial of a search.
        formula: of beta, one of the four.
        restarts: "descent" as above; "powell" also where successive gradients are far from orthogonal,
            |g.g_old| >= 0.2 * |g|^2 (Powell, 1977).
        line_search: "strong_wolfe" or "zoom", as for `wolfe`.
        c1: share of the decrease that the slope promises which is enough.
        c2: share of the slope that may be left; near 0 for an exact search.
        max_trials: the most trials in a step, a gradient evaluation each.
        tolerance_change: ends a search that can't move any weight by as much.

    Example:
        >>> import optilab
        >>> run = optilab.train("rosenbrock", "nonlinear_cg", steps=20)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [24.2, 0.02]
    """
    gg = inner(g, g)
    beta = 0.0
    if squares > 0:
        g_y, d_y = 0.0, 0.0
        for i in range(g.size):
            y = g[i] - g_old[i]
            g_y += g[i] * y
            d_y += d[i] * y
        if formula == "fletcher_reeves":
            beta = gg / squares
        elif formula == "polak_ribiere":
            beta = g_y / squares
        elif formula == "hestenes_stiefel":
            beta = g_y / d_y
        else:
            beta = gg / d_y
        if not is_finite(beta) or (beta < 0 and formula != "dai_yuan"):
            beta = 0.0
        if restarts == "powell" and abs(inner(g, g_old)) >= 0.2 * gg:
            beta = 0.0
    else:
        cost_old = cost + norm(g) / 2
    for i in range(d.size):
        d[i] = beta * d[i] - g[i]
        g_old[i] = g[i]
        start[i] = w[i]
    slope = inner(g, d)
    if slope >= 0:
        slope = descend(d, g)

    t = 2.02 * (cost - cost_old) / slope
    t = lr * min(1.0, t) if t > 0 else lr
    if line_search == "zoom":
        t = zoom(w, trial, d, start, cost, slope, t, c1, c2, tolerance_change, max_trials, value_and_grad)
    else:
        t = strong_wolfe(w, trial, d, start, cost, slope, t, c1, c2, tolerance_change, max_trials, value_and_grad)
    move(w, start, d, t)
    cost_old = cost
    squares = gg if t > 0 else 0.0
    return squares, cost_old


@hookimpl
def optilab_optimizers():
    return [nonlinear_cg]
