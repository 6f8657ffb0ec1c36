"""Descent with momentum: the heavy ball (Polyak, 1964), and looking ahead (Nesterov, 1983; Sutskever et al., 2013)."""

from math import sqrt

from optilab import elementwise, hookimpl, per_weight, scalar, vectorwise

CLAIMS = ("rotation", "sign flips", "translation")


@elementwise(
    lr=0.1,
    ranges={"momentum": "[0, 1)", "dampening": "[0, 1]"},
    claims=CLAIMS,
    reference="torch.optim.SGD(lr=lr, momentum=momentum, dampening=dampening)",
)
def momentum(w, g, b, t, lr, momentum=0.9, dampening=0.0, lr_inside_momentum=False):
    """Momentum: the step is a decaying sum of the gradients so far, like a ball that rolls down the slope.

    b = momentum * b + (1 - dampening) * g     the first gradient counts in full
    w = w - lr * b

    Polyak, 1964, in the form of Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013.
    As torch.optim.SGD and optax.sgd (which has no dampening; torch ignores it where momentum is 0); torch's weight_decay is
    `l2 | momentum`. Polyak's own form, `heavy_ball`, differs from it under a schedule.

    Args:
        lr: learning rate.
        momentum: share of the sum that is kept in each step; about 1 / (1 - momentum) gradients count.
        dampening: share of each gradient but the first that is left out.
        lr_inside_momentum: b = momentum * b + lr * g and w = w - b, as in Keras, scikit-learn and
            optax.chain(scale_by_learning_rate, trace); differs under a schedule.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "momentum", lr=0.02, steps=50)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.01]
    """
    fresh = lr * g if lr_inside_momentum else g
    b = momentum * b + (fresh if t == 1 else fresh - dampening * fresh)
    w -= b if lr_inside_momentum else lr * b
    return w, b


@elementwise(
    lr=0.1,
    ranges={"momentum": "[0, 1)"},
    claims=CLAIMS,
    reference="torch.optim.SGD(lr=lr, momentum=momentum, nesterov=True)",
)
def nesterov(w, g, b, lr, momentum=0.9, lr_inside_momentum=False):
    """Nesterov momentum: momentum that looks ahead, by stepping to where the fresh momentum would carry it next.

    b = momentum * b + g
    w = w - lr * (g + momentum * b)

    The form of torch.optim.SGD(nesterov=True) and optax.sgd(nesterov=True), after Sutskever et al., "On the importance
    of initialization and momentum in deep learning", 2013.

    Args:
        lr: learning rate.
        momentum: share of the sum that is kept in each step; about 1 / (1 - momentum) gradients count.
        lr_inside_momentum: b = momentum * b + lr * g and w = w - (lr * g + momentum * b), as in Keras and
            scikit-learn; differs under a schedule.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "nesterov", lr=0.02, steps=50)
        >>> run.history["train_cost"].iloc[[0, -1]].round(3).tolist()
        [9.72, 0.003]
    """
    fresh = lr * g if lr_inside_momentum else g
    b = momentum * b + fresh
    step = fresh + momentum * b
    w -= step if lr_inside_momentum else lr * step
    return w, b


@elementwise(lr=0.1, states={"previous": per_weight("w")}, ranges={"momentum": "[0, 1)"}, claims=CLAIMS)
def heavy_ball(w, g, previous, lr, momentum=0.9):
    """Heavy ball: Polyak's momentum, a gradient step plus a fraction of the last move of the weights.

    w_new = w - lr * g + momentum * (w - w_old)

    Polyak, "Some methods of speeding up the convergence of iteration methods", 1964, in his own variables. Under
    a schedule it differs from `momentum` and equals its lr_inside_momentum; if another rule moves the weights, it differs from both.

    Args:
        lr: learning rate.
        momentum: fraction of the last move that is repeated.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "heavy_ball", lr=0.02, steps=50)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.01]
    """
    moved = w - previous
    previous = w
    w += momentum * moved - lr * g
    return w, previous


@vectorwise(lr=0.1, states={"x": per_weight("w"), "theta": scalar(1.0)}, evaluate_at="x", claims=CLAIMS)
def accelerated_gradient(w, g, x, theta, lr):
    """Nesterov's accelerated gradient: momentum that grows by itself, optimal on smooth convex functions.

    x_new = w - lr * g                                            x starts at the first weights
    theta_new = (1 + sqrt(1 + 4 * theta^2)) / 2                   theta starts at 1
    w = x_new + (theta - 1) / theta_new * (x_new - x_old)

    Nesterov, "A method of solving a convex programming problem with convergence rate O(1/k^2)", 1983, in the notation of
    equations 4.1 to 4.3 of Beck and Teboulle, "A fast iterative shrinkage-thresholding algorithm" (FISTA), 2009, without
    a proximal step. Gradients are taken at w; cost and accuracy are measured at x, of which theorem 4.4 speaks: with
    lr = 1 / L, the cost after k steps is at most 2 * L * |x_first - x_best|^2 / (k + 1)^2 above the lowest.

    Args:
        lr: learning rate, at best 1 / L, where L is the largest curvature.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "accelerated_gradient", lr=0.05, steps=50)
        >>> run.history["train_cost"].iloc[[0, -1]].round(4).tolist()
        [9.72, 0.0002]
    """
    following = (1 + sqrt(1 + 4 * theta * theta)) / 2
    ahead = (theta - 1) / following
    for i in range(w.size):
        reached = w[i] - lr * g[i]
        w[i] = reached + ahead * (reached - x[i])
        x[i] = reached
    theta = following
    return theta


@hookimpl
def optilab_optimizers():
    return [momentum, nesterov, heavy_ball, accelerated_gradient]
