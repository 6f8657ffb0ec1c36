"""Functions of one weight."""

from optilab import function, hookimpl


@function(start=[-2.0], domain=[(-2.5, 2.5)], minima=[[0.0]], ranges={"curvature": "(0, inf)"})
def parabola(w, g, curvature=1.0):
    """curvature/2 * w^2: one slope, one valley, at 0. Gradient descent is stable below lr = 2/curvature."""
    g[0] = curvature * w[0]
    return 0.5 * curvature * w[0] ** 2


@function(start=[-0.4], domain=[(-1.6, 1.6)], minima=[[-1.0355787], [0.9601496]], ranges={"tilt": "(-1.5, 1.5)"})
def two_valleys(w, g, tilt=0.3):
    """(w^2 - 1)^2 + tilt * w: a deep valley near -1 and a shallow one near 1. Which one is found depends on the start."""
    g[0] = 4 * w[0] * (w[0] ** 2 - 1) + tilt
    return (w[0] ** 2 - 1) ** 2 + tilt * w[0]


@hookimpl
def optilab_problems():
    return [parabola, two_valleys]
