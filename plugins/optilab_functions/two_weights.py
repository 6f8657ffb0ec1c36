"""Functions of two weights."""

from optilab import function, hookimpl


@function(start=[-1.8, 0.9], domain=[(-2, 2), (-1, 1)], minima=[[0, 0]], ranges={"condition": "[1, inf)"})
def bowl(w, g, condition=20.0):
    """(w0^2 + condition * w1^2) / 2: a bowl that is steep in one direction and flat in the other.

    Its largest curvature is `condition`, so gradient descent is stable below lr = 2/condition, and slow along w0.
    """
    g[0] = w[0]
    g[1] = condition * w[1]
    return 0.5 * (w[0] ** 2 + condition * w[1] ** 2)


@function(start=[-1.2, 1.0], domain=[(-2, 2), (-1, 3)], minima=[[1, 1]], ranges={"b": "(0, inf)"})
def rosenbrock(w, g, a=1.0, b=100.0):
    """(a - w0)^2 + b * (w1 - w0^2)^2: a curved valley whose floor is nearly flat. Its minimum is at (a, a^2).

    Rosenbrock, "An automatic method for finding the greatest or least value of a function", 1960.
    """
    valley = w[1] - w[0] ** 2
    g[0] = -2 * (a - w[0]) - 4 * b * w[0] * valley
    g[1] = 2 * b * valley
    return (a - w[0]) ** 2 + b * valley**2


@hookimpl
def optilab_problems():
    return [bowl, rosenbrock]
