"""The step length of Barzilai and Borwein (1988, "Two-point step size gradient methods")."""

import numpy as np

from optilab import hookimpl, per_weight, scalar, vectorwise
from optilab_searches.line_search import inner


@vectorwise(
    lr=0.01,
    batch_size="full",
    states={"g_old": per_weight(), "step": scalar()},
    ranges={"form": "{long, short}", "min_step": "(0, inf)", "max_step": "(0, inf)"},
    claims=("rotation", "sign flips", "translation"),
)
def barzilai_borwein(w, g, g_old, step, lr, form="long", min_step=1e-10, max_step=1e10):
    """Barzilai-Borwein: gradient descent whose step fits the curvature seen between the last two points.

    s = w - w_old,  y = g - g_old
    t = s.s / s.y    (long, equation 5)    or    s.y / y.y    (short, equation 6)
    w = w - t * g

    Barzilai and Borwein, 1988. The first t is lr, and so is that of a step after which the gradient hasn't grown along s
    (s.y <= 0). The cost may rise now and then. One gradient a step, and no search.

    Args:
        lr: length of the first step, and of those where the curvature is not positive.
        form: of the step, "long" or "short".
        min_step: the shortest step, a safeguard of Raydan, 1997.
        max_step: the longest step, a safeguard too.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "barzilai_borwein", steps=5)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.01]
    """
    last, step = step, np.float64(lr)
    if last > 0:  # s = -last * g_old
        squares, change = 0.0, 0.0
        for i in range(g.size):
            y = np.float64(g[i]) - g_old[i]
            squares += y * y
            change -= g_old[i] * y
        if change > 0:
            step = last * (inner(g_old, g_old) / change if form == "long" else change / squares)
            step = min(max(step, min_step), max_step)
    for i in range(w.size):
        w[i] -= step * g[i]
        g_old[i] = g[i]
    return step


@hookimpl
def optilab_optimizers():
    return [barzilai_borwein]
