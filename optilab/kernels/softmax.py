"""The cost of softmax with cross-entropy: in float32 as vectors, of examples where a vector holds the outputs of one, else of outputs."""

from math import log

import numpy as np
from numba import types
from numba.extending import overload

from optilab.compiler.jit import FASTMATH, jit
from optilab.kernels import exponential as scalar
from optilab.kernels.squares import transpose_into, transpose_part
from optilab.kernels.vectors import (
    add,
    add_product,
    divide,
    first_or,
    lanes,
    lanes_max,
    lanes_sum,
    larger,
    load,
    load_some,
    moved,
    multiply,
    or_nan,
    power_of_two,
    rounded,
    smaller,
    splat,
    square,
    store,
    store_some,
    subtract,
    zeros,
)

_FEW = 4  # examples, fewer of which don't pay for transposing
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


@jit
def _number_by_number(n, a, y, weight, delta):
    """The cost of an example with n outputs."""
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


@jit
def _outputs_at_once(n, a, y, weight, delta):
    """The cost of an example with n outputs, a vector of outputs at a time."""
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


@jit
def _examples_at_once(examples, n, a, y, weight, delta):
    """The summed cost of at most as many examples as a vector has lanes, with at most as many outputs: one lane is one example."""
    line = lanes(a)
    outputs, shares, sums = square(a), square(a), square(a)
    transpose_into(examples, n, a, n, outputs)
    transpose_into(examples, n, y, n, shares)
    tops = load(outputs)
    for j in range(1, n):
        tops = larger(load(moved(outputs, j * line)), tops)
    norms, masses, distances = zeros(a), zeros(a), zeros(a)
    for j in range(n):
        share, below = load(moved(shares, j * line)), subtract(load(moved(outputs, j * line)), tops)
        e = _exponential(below)
        store(e, moved(outputs, j * line))
        norms, masses = add(norms, e), add(masses, share)
        distances = add_product(share, below, distances)
    factors, weights = multiply(divide(masses, norms), splat(weight)), splat(weight)
    for j in range(n):
        at = moved(outputs, j * line)
        store(subtract(multiply(load(at), factors), multiply(load(moved(shares, j * line)), weights)), at)
    transpose_part(n, examples, outputs, line, delta, n)
    store(norms, sums)
    store(masses, moved(sums, line))
    store(distances, moved(sums, 2 * line))
    total, product = 0.0, 1.0
    for i in range(examples):
        norm, mass = np.float64(sums[i]), np.float64(sums[line + i])
        if mass == 1:
            product *= norm  # one logarithm of a product for the sum of many: each factor lies between 1 and n
        else:
            total += mass * log(norm)
        total -= sums[2 * line + i]
    return total + log(product)


def softmax_cost(examples, n, a, y, weight, delta):
    """Return -sum_j y_j log softmax(a)_j, summed over the examples with n outputs each, and fill delta with `weight` times its derivative.

    a, y, delta: [example, output], pointers.
    """
    raise NotImplementedError("for compiled code")


@overload(softmax_cost, jit_options={"error_model": "numpy", "fastmath": set(FASTMATH)})
def _softmax_cost(examples, n, a, y, weight, delta):
    def float64(examples, n, a, y, weight, delta):
        total = 0.0
        for i in range(examples):
            total += _number_by_number(n, moved(a, i * n), moved(y, i * n), weight, moved(delta, i * n))
        return total

    def float32(examples, n, a, y, weight, delta):
        line, total = lanes(a), 0.0
        if n <= line and examples >= _FEW:
            for i in range(0, examples, line):
                own, goal, slope = moved(a, i * n), moved(y, i * n), moved(delta, i * n)
                total += _examples_at_once(min(line, examples - i), n, own, goal, weight, slope)
        else:
            for i in range(examples):
                total += _outputs_at_once(n, moved(a, i * n), moved(y, i * n), weight, moved(delta, i * n))
        return total

    return float32 if a.dtype == types.float32 else float64
