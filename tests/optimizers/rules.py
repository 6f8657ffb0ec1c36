"""Rules, weights and gradients that the tests of several files share."""

from __future__ import annotations

import numpy as np

from optilab import (
    elementwise,
    left_matrix,
    per_column,
    per_layer,
    per_row,
    per_weight,
    right_matrix,
    scalar,
    vectorwise,
)


@vectorwise(lr=0.1)
def anchored(w, g, whole, lr, full_value_and_grad, seen):
    """Steps down the mean of the gradients of the batch and of all examples."""
    seen[0] = full_value_and_grad(w, whole)
    for i in range(w.size):
        w[i] -= lr * (g[i] + whole[i]) / 2


RANDOM = np.random.default_rng(11)
W = [RANDOM.normal(size=shape) for shape in [(3, 2), (2,), (2, 4), (4,)]]
G = [RANDOM.normal(size=shape) for shape in [(3, 2), (2,), (2, 4), (4,)]]


def flat(parts: list[np.ndarray]) -> np.ndarray:
    """The layers end to end."""
    return np.concatenate([part.ravel() for part in parts])


@elementwise(lr=0.5)
def down(w, g, lr):
    """Plain descent."""
    w -= lr * g
    return w


@elementwise(lr=0.25)
def summed(w, g, total, lr):
    """Descent along the sum of all gradients."""
    total += g
    w -= lr * total
    return w, total


@vectorwise(
    states={
        "rows": per_row(),
        "columns": per_column(2.0),
        "left": left_matrix(),
        "right": right_matrix("ridge"),
        "layer_sums": per_layer(),
    }
)
def bookkeeper(g, layers, rows, columns, left, right, layer_sums, ridge=0.5):
    """Adds up each gradient by rows, by columns, as products of matrices, and by layers."""
    for k in range(layers.size):
        layer = layers[k]
        matrix = g[layer.offset : layer.offset + layer.size].reshape((layer.rows, layer.columns))
        for i in range(layer.rows):
            for j in range(layer.columns):
                rows[layer.row_offset + i] += matrix[i, j]
                columns[layer.column_offset + j] += matrix[i, j]
                layer_sums[k] += matrix[i, j]
        if layer.kind == 0:
            end = layer.left_offset + layer.rows * layer.rows
            left[layer.left_offset : end] += np.dot(matrix, matrix.T).ravel()
            end = layer.right_offset + layer.columns * layer.columns
            right[layer.right_offset : end] += np.dot(matrix.T, matrix).ravel()


@vectorwise(
    lr=1.0,
    states={
        "past": per_weight("w", copies="memory"),
        "lengths": scalar(-1.0, copies="memory"),
        "seen": scalar(),
        "pair": per_weight(copies=2),
    },
    ranges={"memory": "{1, 2, ...}"},
)
def remembers(g, past, lengths, seen, pair, lr, memory=3):
    """Keeps the last gradients and their sums."""
    place = int(seen) % memory
    past[place] = g
    pair[1, :] += lr
    lengths[place] = g.sum()
    seen += 1
    return seen


@vectorwise(states={"kept": per_weight("w", shared=True)})
def puts_down(w, kept):
    """Leaves the weights for another rule, and doubles them."""
    for i in range(w.size):
        kept[i] = w[i]
        w[i] *= 2


@vectorwise(states={"kept": per_weight("w", shared=True)})
def takes_up(w, kept):
    """Takes back what another rule left."""
    for i in range(w.size):
        w[i] = kept[i]


@elementwise(lr=0.5, ranges={"form": "{plain, signed, squared}", "other": "{signed, bare}", "power": "{1, 2, ...}"})
def worded(w, g, lr, form="plain", other="bare", power=1, flip=False):
    """Steps along some form of the gradient."""
    step = g
    if form == "signed":
        step = np.sign(g)
    elif form in ("squared",):
        step = g * g
    for _ in range(power - 1):
        step *= 0.5
    if other == "signed":
        step += 100
    if flip:
        step = -step
    w -= lr * step
    return w


@elementwise(lr=1.0)
def shaken(w, noise, lr):
    """Adds noise."""
    w += lr * noise
    return w


@vectorwise(lr=1.0)
def shaken_at_once(w, noise, lr):
    """Adds noise to all weights."""
    for i in range(w.size):
        w[i] += lr * noise[i]


@vectorwise(ranges={"every": "{1, 2, ...}"})
def waits(g, t, total, every=3):
    """Lets the rules after it step once in a while, along the mean gradient since."""
    skip = int(t) % every != 0
    for i in range(g.size):
        total[i] += g[i]
        if not skip:
            g[i] = total[i] / every
            total[i] = 0
    return skip


@elementwise(states={"mean": per_weight("w")}, evaluate_at="mean")
def averaged(w, mean, decay=0.5):
    """A running mean of the weights."""
    mean = decay * mean + (1 - decay) * w
    return mean
