"""Functions of two weights."""

from optilab import function, hookimpl


@function(start=[-1.8, 0.9], domain=[(-2, 2), (-1, 1)], minima=[[0, 0]], ranges={"condition": "[1, inf)"})
def bowl(w, g, condition=20.0):
    """Bowl: a quadratic function, steep in one direction and flat in the other, with its minimum at (0, 0).

    C = (w0^2 + condition * w1^2) / 2

    Its largest curvature is `condition`, so gradient descent is stable where lr is below 2/condition, and slow along w0.

    Args:
        condition: condition number, the curvature along w1 over that along w0.
    """
    g[0] = w[0]
    g[1] = condition * w[1]
    return 0.5 * (w[0] ** 2 + condition * w[1] ** 2)


@function(start=[-1.2, 1.0], domain=[(-2, 2), (-1, 3)], minima=[[1, 1]], ranges={"b": "(0, inf)"})
def rosenbrock(w, g, a=1.0, b=100.0):
    """Rosenbrock's function: a curved valley whose floor is nearly flat, with its minimum at (a, a^2).

    C = (a - w0)^2 + b * (w1 - w0^2)^2

    Rosenbrock, "An automatic method for finding the greatest or least value of a function", 1960.

    Args:
        a: where the minimum lies along w0; 1 in the paper.
        b: steepness of the valley's walls; 100 in the paper.
    """
    valley = w[1] - w[0] ** 2
    g[0] = -2 * (a - w[0]) - 4 * b * w[0] * valley
    g[1] = 2 * b * valley
    return (a - w[0]) ** 2 + b * valley**2


@hookimpl
def optilab_problems():
    return [bowl, rosenbrock]
