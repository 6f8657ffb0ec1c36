"""The cost of softmax with cross-entropy, one example at a time; in float32 as vectors of outputs."""

from math import log

import numpy as np
from numba import types
from numba.extending import overload

from optilab.compiler.jit import FASTMATH, jit
from optilab.kernels import exponential as scalar
from optilab.kernels.vectors import (
    add,
    add_product,
    first_or,
    lanes,
    lanes_max,
    lanes_sum,
    larger,
    load_some,
    moved,
    multiply,
    or_nan,
    power_of_two,
    rounded,
    smaller,
    splat,
    store_some,
    subtract,
    zeros,
)

_LOWEST = np.float32(np.finfo(np.float32).min)


@jit
def _exponential(x):
    """Exp of each lane, by the steps of `exponential.exponential`."""
    within = smaller(larger(x, splat(scalar.LOWEST)), splat(scalar.HIGHEST))
    n = rounded(add_product(within, splat(scalar.LOG2_E), splat(scalar.HALF)))
    r = add_product(n, splat(-scalar.LN2_HIGH), within)
    r = add_product(n, splat(-scalar.LN2_LOW), r)
    p = splat(scalar.C5)
    for c in (scalar.C4, scalar.C3, scalar.C2, scalar.C1, scalar.C0):
        p = add_product(p, r, splat(c))
    value = add(add_product(p, multiply(r, r), r), splat(scalar.ONE))
    return or_nan(x, multiply(value, power_of_two(n)))


def softmax_cost(n, a, y, weight, delta):
    """Return -sum_j y_j log softmax(a)_j over the n outputs of an example, and fill delta with `weight` times its derivative against a."""
    raise NotImplementedError("for compiled code")


@overload(softmax_cost, jit_options={"error_model": "numpy", "fastmath": set(FASTMATH)})
def _softmax_cost(n, a, y, weight, delta):
    def one_by_one(n, a, y, weight, delta):
        top = a[0]
        for j in range(1, n):
            top = max(top, a[j])
        norm, mass, total = 0.0, 0.0, 0.0
        for j in range(n):
            delta[j] = scalar.exponential(a[j] - top)
            norm += delta[j]
            mass += y[j]
        for j in range(n):
            if y[j] != 0:
                total += y[j] * (top - a[j])
            delta[j] = weight * (mass * delta[j] / norm - y[j])
        return total + mass * log(norm)

    def in_vectors(n, a, y, weight, delta):
        line = lanes(a)
        tops = splat(_LOWEST)
        for j in range(0, n, line):
            left = min(line, n - j)
            tops = larger(first_or(left, load_some(moved(a, j), left), tops), tops)
        top = lanes_max(tops)
        norms, masses, distances = zeros(a), zeros(a), zeros(a)
        for j in range(0, n, line):
            left = min(line, n - j)
            below = subtract(load_some(moved(a, j), left), splat(top))
            shares = load_some(moved(y, j), left)
            e = first_or(left, _exponential(below), zeros(a))
            store_some(e, moved(delta, j), left)
            norms, masses = add(norms, e), add(masses, shares)
            distances = add(distances, first_or(left, multiply(shares, below), zeros(a)))
        norm, mass = lanes_sum(norms), lanes_sum(masses)
        factor = splat(weight * mass / norm)
        for j in range(0, n, line):
            left = min(line, n - j)
            shares = load_some(moved(y, j), left)
            slope = subtract(multiply(load_some(moved(delta, j), left), factor), multiply(shares, splat(weight)))
            store_some(slope, moved(delta, j), left)
        return np.float64(mass) * log(np.float64(norm)) - lanes_sum(distances)

    return in_vectors if a.dtype == types.float32 else one_by_one
