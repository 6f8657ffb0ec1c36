"""The network against a plain NumPy twin: outputs, cost, gradient, accuracy, and the ways of storing its inputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from math import log
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from problems.networks import make_examples, make_network
from scipy.special import erf, expit, log_softmax, softmax

from optilab.compiler.types import CORRECT, EVALUATIONS, EXAMPLES
from optilab.datasets.dataset import Dataset
from optilab.problems.network import Network
from optilab.problems.problem import Precision

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


@pytest.mark.parametrize("cost", COSTS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_network_is_its_numpy_twin(activation: str, cost: str) -> None:
    """With each activation and each cost, outputs, cost, gradient and accuracy are those of plain NumPy."""
    random = np.random.default_rng(0)
    x, labels = random.normal(size=(40, 3)), np.arange(40) % 3
    last = "identity" if "entropy" in cost else activation
    parameters: dict[str, Any] = {"hidden": [5, 4], "activation": activation, "cost": cost, "output_activation": last}
    network = make_network(make_examples(x, labels, classes=3), **parameters)
    w = random.normal(size=network.n_weights)
    twin = make_twin(w, [3, 5, 4, 3], [activation, activation, last], cost, x, np.eye(3)[labels])
    check_against_twin(network, w, twin)


@example_settings(max_examples=60)
@given(
    hidden=st.lists(st.integers(1, 9), max_size=4),
    inputs=st.integers(1, 12),
    examples=st.integers(1, 300),
    outputs=st.integers(1, 5),
    activation=st.sampled_from(list(ACTIVATIONS)),
    cost=st.sampled_from(["quadratic", "huber"]),
    seed=st.integers(0, 1000),
)
def test_network_of_any_shape_is_its_numpy_twin(
    hidden: list[int], inputs: int, examples: int, outputs: int, activation: str, cost: str, seed: int
) -> None:
    """Networks of any depth and width that predict one or more numbers agree with plain NumPy."""
    random = np.random.default_rng(seed)
    x, y = random.normal(size=(examples, inputs)), random.normal(size=(examples, outputs))
    network = make_network(make_examples(x, y), hidden=hidden, activation=activation, cost=cost)
    w = random.normal(scale=0.7, size=network.n_weights)
    activations = [activation] * len(hidden) + ["identity"]
    check_against_twin(network, w, make_twin(w, [inputs, *hidden, outputs], activations, cost, x, y))


@pytest.mark.parametrize(
    ("cost", "last"), [("quadratic", "sigmoid"), ("huber", "sigmoid"), ("binary_cross_entropy", "identity")]
)
def test_two_classes_on_one_output(cost: str, last: str) -> None:
    """One output tells two classes apart: at 0.5 where it is an activation, at 0 where it is a logit."""
    random = np.random.default_rng(4)
    x, labels = random.normal(size=(50, 2)), random.integers(0, 2, 50)
    network = make_network(make_examples(x, labels, classes=2), hidden=[3], cost=cost, outputs=1)
    w = random.normal(scale=2, size=network.n_weights)
    twin = make_twin(w, [2, 3, 1], ["sigmoid", last], cost, x, labels[:, None].astype(float))
    check_against_twin(network, w, twin)
    assert 0 < twin.correct < 50
    np.testing.assert_array_equal(network.predict(w, x), twin.outputs[:, 0] > 0.5)


def test_one_activation_for_each_layer() -> None:
    """A list of activations is used layer by layer, in order."""
    random = np.random.default_rng(5)
    x, y = random.normal(size=(20, 2)), random.normal(size=20)
    network = make_network(make_examples(x, y), hidden=[3, 4, 2], activation=["tanh", "softplus", "elu"])
    w = random.normal(size=network.n_weights)
    twin = make_twin(w, [2, 3, 4, 2, 1], ["tanh", "softplus", "elu", "identity"], "quadratic", x, y[:, None])
    check_against_twin(network, w, twin)


def test_one_sigmoid_neuron_by_hand() -> None:
    """One input, one sigmoid neuron, one example: every number can be followed with a pencil."""
    # z = 2 * log(3) / 2 + 0 = log 3, a = 1 / (1 + 1/3) = 3/4, cost = (3/4 - 1)^2 = 1/16
    # dC/da = 2 (3/4 - 1) = -1/2, da/dz = 3/4 * 1/4 = 3/16, dC/dz = -3/32, dC/dw = 2 * -3/32, dC/db = -3/32
    examples = make_examples(np.array([[2.0]]), np.array([1.0]))
    network = make_network(examples, hidden=[], output_activation="sigmoid")
    w = [log(3) / 2, 0.0]
    assert network.outputs(w, [2.0])[0, 0] == pytest.approx(0.75, rel=1e-15)
    assert network.cost(w) == pytest.approx(0.0625, rel=1e-14)
    np.testing.assert_allclose(network.gradient(w), [-0.1875, -0.09375], rtol=1e-14)


def test_cost_is_averaged_over_examples_and_summed_over_outputs() -> None:
    """Errors of 1 and 2 on two outputs cost 1 + 4 in that example, and half of it beside an example without error."""
    examples = make_examples(np.zeros((2, 1)), np.array([[0.0, 0.0], [1.0, 2.0]]))
    network = make_network(examples, hidden=[])
    w = [0.0, 0.0, 1.0, 2.0]  # two weights that see zeros, and biases that hit the second example
    assert network.cost(w, [0]) == 5.0
    assert network.cost(w, [1]) == 0.0
    assert network.cost(w) == 2.5
    np.testing.assert_array_equal(network.gradient(w), [0, 0, 1, 2])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("cost", COSTS)
def test_pixels_and_features_agree(cost: str, dtype: Precision) -> None:
    """Sparse pixels, dense pixels and the same numbers as features give one cost, gradient and accuracy."""
    random = np.random.default_rng(6)
    n, inputs = 300, 30
    x = random.integers(1, 256, (n, inputs), np.uint8) * (random.random((n, inputs)) < 0.2).astype(np.uint8)
    x[7] = 0  # a black image
    labels = np.arange(n) % 10
    parameters: dict[str, Any] = {"hidden": [21], "cost": cost}
    sparse = make_network(make_examples(x, labels, classes=10, sparse=True), dtype, **parameters)
    dense = make_network(make_examples(x, labels, classes=10), dtype, **parameters)
    features = make_network(make_examples(x / 255, labels, classes=10), dtype, **parameters)
    w = random.normal(scale=0.5, size=sparse.n_weights).astype(dtype)
    read = [problem.context().network for problem in (sparse, dense, features)]
    counts = [(data.starts.size, len(data.pixels), len(data.features)) for data in read]
    assert counts == [(n + 1, 0, 0), (0, n, 0), (0, 0, n)]

    tolerance: dict[str, Any] = {"rtol": 1e-4, "atol": 1e-6} if dtype == "float32" else {"rtol": 1e-10, "atol": 1e-14}
    rows = random.permutation(n)[:270]
    for other in (sparse, dense):
        assert other.cost(w, rows) == pytest.approx(features.cost(w, rows), rel=tolerance["rtol"])
        np.testing.assert_allclose(other.gradient(w, rows), features.gradient(w, rows), **tolerance)
        assert count_correct(other, w) == count_correct(features, w)
    np.testing.assert_allclose(features.outputs(w, x / 255), dense.outputs(w, x), **tolerance)


def test_sparse_pixels_are_kept_where_most_are_zero() -> None:
    """A stored dataset has sparse pixels where under three tenths are not zero, the same ones, and only there."""
    random = np.random.default_rng(7)
    x = (random.integers(1, 256, (20, 10)) * (random.random((20, 10)) < 0.2)).astype(np.uint8)
    for pixels, expected in ((x, True), (x + np.uint8(1), False), (x / 255, False)):
        stored = Dataset(
            "pixels", partial(make_examples, pixels, np.arange(20) % 2, classes=2), f"{pixels.sum()}{pixels.dtype}"
        ).load()
        assert (stored.sparse_train is not None) == expected
        if stored.sparse_train is not None:
            full = np.zeros_like(x)
            for row, (first, end) in enumerate(pairwise(stored.sparse_train.starts)):
                full[row, stored.sparse_train.columns[first:end]] = stored.sparse_train.values[first:end]
            np.testing.assert_array_equal(full, x)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_cross_entropy_does_not_overflow(dtype: Precision) -> None:
    """Logits of +-10,000 cost nothing where they are right, their distance where wrong, and have a finite gradient."""
    examples = make_examples(np.array([[1.0], [1.0]]), np.array([0, 1]), classes=2)
    network = make_network(examples, dtype, hidden=[], cost="cross_entropy")
    w = [1e4, -1e4, 0, 0]
    assert network.cost(w, [0]) == pytest.approx(0, abs=1e-30)
    assert network.cost(w, [1]) == pytest.approx(2e4, rel=1e-6)
    np.testing.assert_allclose(network.gradient(w, [0]), 0, atol=1e-30)
    np.testing.assert_allclose(network.gradient(w, [1]), [1, -1, 1, -1], rtol=1e-6)
    np.testing.assert_allclose(network.outputs(w, [[1.0]]), [[1, 0]], atol=1e-30)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_binary_cross_entropy_does_not_overflow(dtype: Precision) -> None:
    """A logit of +-10,000 costs nothing where it is right, 10,000 where wrong, and has a finite gradient."""
    examples = make_examples(np.array([[1.0], [1.0], [-1.0], [-1.0]]), np.array([1, 0, 1, 0]), classes=2)
    network = make_network(examples, dtype, hidden=[], cost="binary_cross_entropy")
    w = [1e4, 0]
    costs = [network.cost(w, [row]) for row in range(4)]
    assert costs == pytest.approx([0, 1e4, 1e4, 0], rel=1e-6, abs=1e-30)
    gradients = [network.gradient(w, [row]) for row in range(4)]
    np.testing.assert_allclose(gradients, [[0, 0], [1, 1], [1, -1], [0, 0]], rtol=1e-6, atol=1e-30)
    np.testing.assert_allclose(network.outputs(w, [[1.0], [-1.0]]), [[1], [0]], atol=1e-30)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_not_a_number_reaches_the_cost(activation: str) -> None:
    """A NaN among the weights makes the cost NaN under every activation, so that divergence is seen."""
    examples = make_examples(np.ones((3, 2)), np.array([0.0, 1.0, 2.0]))
    network = make_network(examples, hidden=[3], activation=activation)
    w = np.ones(network.n_weights)
    w[1] = np.nan
    assert np.isnan(network.cost(w))


def test_evaluations_are_counted() -> None:
    """A gradient counts as one evaluation of as many examples as its batch has; a cost alone counts as none."""
    network = make_network(make_examples(np.ones((300, 2)), np.arange(300.0)), hidden=[2])
    context = network.context()
    w = np.ones(network.n_weights)
    network.evaluate(w, w[:0], np.arange(300), context)
    assert context.tally[EVALUATIONS] == context.tally[EXAMPLES] == 0
    network.evaluate(w, np.zeros_like(w), np.arange(300), context)
    network.evaluate(w, np.zeros_like(w), np.arange(7), context)
    assert context.tally[EVALUATIONS] == 2
    assert context.tally[EXAMPLES] == 307


def test_a_gradient_forgets_what_was_in_its_array() -> None:
    """The array that receives a gradient need not be zero before."""
    random = np.random.default_rng(8)
    network = make_network(make_examples(random.normal(size=(9, 3)), random.normal(size=9)), hidden=[2])
    w, g = random.normal(size=network.n_weights), np.full(network.n_weights, 99.0)
    network.evaluate(w, g, np.arange(9), network.context())
    np.testing.assert_array_equal(g, network.gradient(w))
