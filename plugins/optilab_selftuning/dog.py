"""Distance over gradients: DoG (Ivgi, Hinder and Carmon, 2023, arXiv:2302.12022) and DoWG (Khaled et al., 2023)."""

from math import sqrt

import numpy as np

from optilab import hookimpl, norm, per_layer, per_weight, scalar, vectorwise

FIRST = {"first": "(0, inf)", "first_is": "{heuristic, distance, learning_rate}", "eps": "[0, inf)"}


def distance_between(w, other):
    """Euclidean distance, summed in float64."""
    squares = 0.0
    for i in range(w.size):
        off = np.float64(w[i]) - np.float64(other[i])
        squares += off * off
    return sqrt(squares)


def step_of_dog(w, g, w0, farthest, squares, t, lr, first, first_is, eps):
    """Take one step; returns the farthest distance from w0 so far, and the sum of squared gradients."""
    if t == 1:
        farthest = first * (1 + norm(w)) if first_is == "heuristic" else first if first_is == "distance" else 0.0
    farthest = max(farthest, distance_between(w, w0))
    squares += norm(g) ** 2
    step = lr * farthest / sqrt(squares + eps)
    if t == 1 and first_is == "learning_rate":
        step = lr * first
    for i in range(w.size):
        w[i] -= step * g[i]
    return farthest, squares


@vectorwise(
    lr=1.0,
    states={"w0": per_weight("w"), "farthest": scalar(), "squares": scalar()},
    ranges=FIRST,
    claims=["rotation", "sign flips"],
    reference="optax.contrib.dog(lr, (first_is, first), eps)",
)
def dog(w, g, w0, farthest, squares, t, lr, first=1e-6, first_is="heuristic", eps=1e-8):
    """DoG: SGD whose rate is the farthest distance from the start, over the root of the sum of squared gradients.

    farthest = max(farthest, |w - w0|)
    squares = squares + |g|^2
    w = w - lr * farthest / sqrt(squares + eps) * g

    Ivgi, Hinder and Carmon, "DoG is SGD's best friend: a parameter-free dynamic step size schedule", 2023,
    arXiv:2302.12022. As in optax.contrib.dog and in the authors' code, whose weight decay is `l2 | dog`. The authors
    recommend evaluating at an average of the weights.

    Args:
        lr: factor of the rate; the authors recommend 1.
        first: how far the first step goes, in the unit that first_is names; above 0, and small.
        first_is: "heuristic" lets farthest begin at first * (1 + |w0|), "distance" at `first`; with "learning_rate" the
            first step is `first` times the gradient.
        eps: keeps the denominator from zero.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "dog", first=0.1, steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.0]
    """
    farthest, squares = step_of_dog(w, g, w0, farthest, squares, t, lr, first, first_is, eps)
    return farthest, squares


@vectorwise(
    lr=1.0,
    states={"w0": per_weight("w"), "farthest": per_layer(), "squares": per_layer()},
    ranges=FIRST,
    claims=["sign flips"],
)
def l_dog(w, g, w0, farthest, squares, layers, t, lr, first=1e-6, first_is="heuristic", eps=1e-8):
    """L-DoG: DoG for each layer by itself, with its own distance from the start and its own gradients.

    for each layer, with its own w, w0 and g:
        farthest = max(farthest, |w - w0|)
        squares = squares + |g|^2
        w = w - lr * farthest / sqrt(squares + eps) * g

    Section 4.4 of Ivgi, Hinder and Carmon, 2023, arXiv:2302.12022. With a single layer it is `dog`.

    Args:
        lr: factor of the rates; the authors recommend 1.
        first: how far the first step of each layer goes, in the unit that first_is names; above 0, and small.
        first_is: "heuristic" lets farthest begin at first * (1 + |w0|), "distance" at `first`; with "learning_rate" the
            first step is `first` times the gradient.
        eps: keeps the denominator from zero.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "l_dog", first=0.1, steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.0]
    """
    for k in range(layers.size):
        own = slice(layers[k].offset, layers[k].offset + layers[k].size)
        farthest[k], squares[k] = step_of_dog(
            w[own], g[own], w0[own], farthest[k], squares[k], t, lr, first, first_is, eps
        )


@vectorwise(
    lr=1.0,
    states={"w0": per_weight("w"), "farthest": scalar("first"), "squares": scalar()},
    ranges={"first": "(0, inf)", "eps": "[0, inf)"},
    claims=["rotation", "sign flips", "translation"],
    reference="optax.contrib.dowg(lr, first, eps)",
)
def dowg(w, g, w0, farthest, squares, lr, first=1e-4, eps=1e-4):
    """DoWG: DoG whose squared gradients are weighted by the squared distance, so that early ones count less.

    farthest = max(farthest, |w - w0|^2)         squared; it begins at `first`
    squares = squares + farthest * |g|^2
    w = w - lr * farthest / (sqrt(squares) + eps) * g

    Algorithm 1 of Khaled, Mishchenko and Jin, "DoWG unleashed: an efficient universal parameter-free gradient descent
    method", 2023, arXiv:2305.16284, as optax.contrib.dowg.

    Args:
        lr: factor of the rate; 1 is the paper's algorithm.
        first: what the squared distance begins at, above 0.
        eps: keeps the denominator from zero; the paper has 0.

    Example:
        >>> import optilab
        >>> run = optilab.train("bowl", "dowg", steps=100)
        >>> run.history["train_cost"].iloc[[0, -1]].round(2).tolist()
        [9.72, 0.0]
    """
    farthest = max(farthest, distance_between(w, w0) ** 2)
    squares += farthest * norm(g) ** 2
    length = sqrt(squares) + eps
    step = lr * farthest / length if length != 0 else 0.0
    for i in range(w.size):
        w[i] -= step * g[i]
    return farthest, squares


@hookimpl
def optilab_optimizers():
    return [dog, l_dog, dowg]
