"""Armijo's rule (1966, "Minimization of functions having Lipschitz continuous first partial derivatives")."""

from optilab import hookimpl, per_weight, scalar, vectorwise
from optilab_searches.line_search import backtracking, descend, move


@vectorwise(
    lr=1.0,
    batch_size="full",
    states={"d": per_weight(), "start": per_weight(), "step": scalar()},
    ranges={"c1": "(0, 1)", "decrease": "(0, 1)", "increase": "[1, inf)", "max_trials": "{1, 2, ...}"},
    claims=("rotation", "sign flips", "translation"),
)
def armijo(w, g, d, start, step, cost, value_and_grad, lr, c1=1e-4, decrease=0.8, increase=1.5, max_trials=30):
    """Armijo's line search: gradient descent whose step is shortened until the cost falls enough (backtracking).

    w = w - t * g    with the first t of min(lr, increase * t_old) * decrease^(0, 1, 2, ...) for which
    C(w - t * g) <= C(w) - c1 * t * |g|^2

    Armijo, 1966, equation 3.6a of Nocedal and Wright, "Numerical Optimization", 2006. The constants are those of
    optax.scale_by_backtracking_linesearch. If no trial is good enough the weights stay where they are, and the next step goes on
    from the last t; Optax takes that one. One gradient a step; trials cost a forward pass each.

    Args:
        lr: the longest step, and the first trial; Optax's max_learning_rate (at most 1.5, for its first guess is 1).
        c1: share of the decrease that the slope promises which is enough; Optax's slope_rtol.
        decrease: factor of t from one trial to the next.
        increase: factor of the last t that is tried first in the next step.
        max_trials: the most trials in a step; Optax's max_backtracking_steps is one less.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "armijo", steps=50)
        >>> run.history["train_cost"].iloc[[0, -1]].round(4).tolist()
        [9.72, 0.0001]
    """
    slope = descend(d, g)
    for i in range(w.size):
        start[i] = w[i]
    t = min(increase * step, lr) if step > 0 else lr
    length, step = backtracking(w, d, start, cost, slope, t, c1, decrease, max_trials, value_and_grad)
    move(w, start, d, length)
    return step


@hookimpl
def optilab_optimizers():
    return [armijo]
