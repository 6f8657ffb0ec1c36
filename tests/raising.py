"""A plugin whose compiled code raises."""

import numpy as np

from optilab import elementwise, function, hookimpl, vectorwise


@vectorwise(lr=0.1)
def late(w, g, t, lr):
    """Raises in its sixth step."""
    if t > 5:
        raise ValueError("too late")
    w -= lr * g


@elementwise(lr=0.1)
def picky(w, g, lr):
    """Raises where a gradient is small."""
    if abs(g) < 1e-3:
        raise ZeroDivisionError("so small a gradient")
    w -= lr * g
    return w


@vectorwise(lr=0.1)
def newton(w, g, lr):
    """Solves what has no solution."""
    w -= lr * np.linalg.solve(np.outer(g, g), g)


@function(start=[1.0, 1.0], domain=[(-1, 1), (-1, 1)])
def cliff(w, g):
    """Raises below a half."""
    if w[0] < 0.5:
        raise RuntimeError("fell off")
    g[:] = w
    return 0.5 * (w[0] ** 2 + w[1] ** 2)


@hookimpl
def optilab_optimizers():
    """Three that raise."""
    return [late, picky, newton]


@hookimpl
def optilab_problems():
    """One that raises."""
    return [cliff]
