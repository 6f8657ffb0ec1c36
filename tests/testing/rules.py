"""Rules that are right, and rules that are wrong in one way each."""

from __future__ import annotations

from optilab import elementwise, norm, per_weight, scalar, vectorwise


@vectorwise(lr=0.1)
def one_too_many(w, g, lr):
    """Goes one weight too far."""
    for i in range(w.size + 1):
        w[i] -= lr * g[i]


@elementwise(lr=0.1)
def restless(w, g, lr):
    """Moves by more than lr says."""
    w -= lr * g + 1e-3 * g
    return w


@elementwise(lr=0.1)
def uphill(w, g, lr):
    """Climbs."""
    w += lr * g
    return w


@vectorwise(lr=0.1)
def meddling(w, g, lr, layers):
    """Writes to the layer table."""
    layers[0].kind = 7
    for i in range(w.size):
        w[i] -= lr * g[i]


@elementwise(lr=0.1)
def deaf(w, g, lr):
    """Doesn't hear a gradient that is not a number."""
    if g == g:  # noqa: PLR0124
        w -= lr * g
    return w


@elementwise(lr=0.1, claims=("gradient scale",))
def unscaled(w, g, lr):
    """Claims what plain descent can't."""
    w -= lr * g
    return w


@elementwise(lr=0.1, claims=("rotation",))
def squared(w, g, lr):
    """Claims to know no directions."""
    w -= lr * g * abs(g)
    return w


@elementwise(lr=0.1, claims=("sign flips",))
def biased(w, g, lr):
    """Likes one direction better."""
    w -= lr * (g + 0.1 * abs(g))
    return w


@elementwise(lr=0.1, claims=("translation",))
def homesick(w, g, lr):
    """Is drawn to zero."""
    w -= lr * (g + 0.1 * w)
    return w


@elementwise(lr=0.1, claims=("rotation", "sign flips", "translation"))
def honest(w, g, lr):
    """Plain descent."""
    w -= lr * g
    return w


@vectorwise(lr=0.1)
def twice(w, g, slope, lr, value_and_grad):
    """Looks at the gradient after a step, and goes by that; looks twice if that is steep."""
    for i in range(w.size):
        w[i] -= lr * g[i]
    value_and_grad(w, slope)
    if norm(slope) > 3:
        value_and_grad(w, slope)
    for i in range(w.size):
        w[i] += lr * (g[i] - slope[i])


@elementwise(link="before")
def halved(g):
    """A link: half the gradient."""
    g *= 0.5
    return g


@elementwise(states={"before": per_weight("w")}, link="after")
def half_back(w, before):
    """A link: half of the step back."""
    w = before + 0.5 * (w - before)
    before = w
    return w, before


@vectorwise(states={"left_out": scalar()}, link="before")
def counts_what_it_leaves_out(g, left_out):
    """Leaves out steps whose gradient is not a number, and counts them."""
    skip = False
    for i in range(g.size):
        skip = skip or g[i] != g[i]
    if skip:
        left_out += 1
    return left_out, skip


@elementwise(lr=0.1, states={"avg": per_weight("w")}, evaluate_at="avg")
def shrinks_and_averages(w, g, avg, lr):
    """Goes uphill, and is measured at an average that shrinks."""
    w += lr * g
    avg *= 0.9
    return w, avg


@elementwise(lr=0.1)
def only_decays(w, g, lr):
    """Shrinks the weights, whatever the gradient is."""
    w -= lr * w + 0 * g
    return w


@vectorwise(lr=0.1)
def deaf_at_the_end(w, g, lr):
    """Forgets the last weight."""
    for i in range(w.size - 1):
        w[i] -= lr * g[i]


@vectorwise(lr=0.1)
def many_ways(w, g, lr, layers):
    """Reads the layer table in every way that compiled code can."""
    for k in range(layers.shape[0]):
        first = layers[k]["offset"]
        for i in range(first, first + layers[k].size):
            w[i] -= lr * g[i]
