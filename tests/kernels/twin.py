"""Networks worked out in plain NumPy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import erf, expit, log_softmax, softmax

from optilab.compiler.types import CORRECT
from optilab.problems.network import Network

Array = NDArray[np.float64]


def normal_pdf(z: Array) -> Array:
    """The density of the normal distribution."""
    return np.asarray(np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi))


def normal_cdf(z: Array) -> Any:
    """The normal distribution function."""
    return (1 + erf(z / np.sqrt(2))) / 2


# Name: the activation and its derivative, both of z.
ACTIVATIONS: dict[str, tuple[Callable[[Array], Any], Callable[[Array], Any]]] = {
    "identity": (lambda z: z, np.ones_like),
    "sigmoid": (expit, lambda z: expit(z) * (1 - expit(z))),
    "tanh": (np.tanh, lambda z: 1 / np.cosh(z) ** 2),
    "relu": (lambda z: np.maximum(z, 0), lambda z: 1.0 * (z > 0)),
    "leaky_relu": (lambda z: np.where(z > 0, z, 0.01 * z), lambda z: np.where(z > 0, 1, 0.01)),
    "elu": (lambda z: np.where(z > 0, z, np.exp(z) - 1), lambda z: np.where(z > 0, 1, np.exp(z))),
    "gelu": (lambda z: z * normal_cdf(z), lambda z: normal_cdf(z) + z * normal_pdf(z)),
    "silu": (lambda z: z * expit(z), lambda z: expit(z) + z * expit(z) * (1 - expit(z))),
    "softplus": (lambda z: np.log(1 + np.exp(z)), expit),
}


def quadratic(a: Array, y: Array) -> tuple[Array, Array]:
    """Sum of the squares, without a half."""
    return ((a - y) ** 2).sum(axis=1), 2 * (a - y)


def cross_entropy(z: Array, y: Array) -> tuple[Array, Array]:
    """Minus the logarithm of the probability of the right class."""
    return -(y * log_softmax(z, axis=1)).sum(axis=1), softmax(z, axis=1) - y


def binary_cross_entropy(z: Array, y: Array) -> tuple[Array, Array]:
    """Minus the logarithm of the probability of the right answer, for each output by itself."""
    p = expit(z)
    return -(y * np.log(p) + (1 - y) * np.log(1 - p)).sum(axis=1), p - y


def huber(a: Array, y: Array) -> tuple[Array, Array]:
    """A parabola within 1 of the target, a line beyond."""
    error = np.abs(a - y)
    return np.where(error <= 1, error**2 / 2, error - 0.5).sum(axis=1), np.clip(a - y, -1, 1)


COSTS = {
    "quadratic": quadratic,
    "cross_entropy": cross_entropy,
    "binary_cross_entropy": binary_cross_entropy,
    "huber": huber,
}


@dataclass
class Twin:
    """What a network says of some examples, worked out in NumPy, as the formulas of a textbook."""

    outputs: Array
    cost: float
    gradient: Array
    correct: int


def make_twin(w: Array, sizes: list[int], activations: list[str], cost: str, x: Array, y: Array) -> Twin:
    """Forward and backward through the layers; y has one number for each output."""
    matrices, biases = [], []
    offset = 0
    for rows, columns in pairwise(sizes):
        matrices.append(w[offset : offset + rows * columns].reshape(rows, columns))
        offset += rows * columns
        biases.append(w[offset : offset + columns])
        offset += columns
    assert offset == w.size

    a = [x]
    z = []
    for matrix, bias, kind in zip(matrices, biases, activations, strict=True):
        z.append(a[-1] @ matrix + bias)
        a.append(ACTIVATIONS[kind][0](z[-1]))
    costs, delta = COSTS[cost](a[-1], y)

    parts = []
    delta = delta / len(x)
    for layer in reversed(range(len(matrices))):
        delta = delta * ACTIVATIONS[activations[layer]][1](z[layer])
        parts += [delta.sum(axis=0), (a[layer].T @ delta).ravel()]
        delta = delta @ matrices[layer].T

    if y.shape[1] > 1:
        correct = (a[-1].argmax(axis=1) == y.argmax(axis=1)).sum()
    else:
        correct = ((a[-1] > (0 if cost == "binary_cross_entropy" else 0.5)) == (y > 0.5)).sum()
    outputs = a[-1]
    if cost == "cross_entropy":
        outputs = softmax(outputs, axis=1)
    if cost == "binary_cross_entropy":
        outputs = expit(outputs)
    return Twin(outputs, costs.mean(), np.concatenate(parts[::-1]), int(correct))


def count_correct(network: Network, w: Array) -> int:
    """How many training examples the compiled network gets right."""
    context = network.context()
    network.evaluate(w, w[:0], np.arange(network.n_examples), context)
    return int(context.tally[CORRECT])


def check_against_twin(network: Network, w: Array, twin: Twin) -> None:
    """Outputs, cost, gradient and count of correct examples agree."""
    x = network.examples.x_train
    np.testing.assert_allclose(network.outputs(w, x), twin.outputs, rtol=1e-11, atol=1e-14)
    assert network.cost(w) == pytest.approx(twin.cost, rel=1e-12)
    np.testing.assert_allclose(network.gradient(w), twin.gradient, rtol=1e-10, atol=1e-14)
    if network.classifies:
        assert count_correct(network, w) == twin.correct
