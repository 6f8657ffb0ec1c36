"""Functions of one weight."""

from optilab import function, hookimpl


@function(start=[-2.0], domain=[(-2.5, 2.5)], minima=[[0.0]], ranges={"curvature": "(0, inf)"})
def parabola(w, g, curvature=1.0):
    """Parabola: one slope, one valley, and its minimum at 0.

    C = curvature/2 * w^2

    Gradient descent is stable where lr is below 2/curvature, and arrives in one step where it is 1/curvature.

    Args:
        curvature: its second derivative, the same everywhere.
    """
    g[0] = curvature * w[0]
    return 0.5 * curvature * w[0] ** 2


@function(start=[-0.4], domain=[(-1.6, 1.6)], minima=[[-1.0355787], [0.9601496]], ranges={"tilt": "(-1.5, 1.5)"})
def two_valleys(w, g, tilt=0.3):
    """Double well: a deep valley near -1 and a shallow one near 1; which one is found depends on the start.

    C = (w^2 - 1)^2 + tilt * w

    At the default tilt its minima are at -1.036, the lower, and at 0.960.

    Args:
        tilt: slope of the line that is added; where it is negative the deep valley is the one near 1. At 0 both are equally
            deep.
    """
    g[0] = 4 * w[0] * (w[0] ** 2 - 1) + tilt
    return (w[0] ** 2 - 1) ** 2 + tilt * w[0]


@hookimpl
def optilab_problems():
    return [parabola, two_valleys]
