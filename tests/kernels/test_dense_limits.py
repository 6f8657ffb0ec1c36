"""The network's numbers at their limits, and the ways of storing its inputs."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from kernels.twin import ACTIVATIONS, COSTS, count_correct
from problems.networks import make_examples, make_network

from optilab.compiler.types import EVALUATIONS, EXAMPLES
from optilab.datasets.dataset import Dataset
from optilab.problems.problem import Precision


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
    read = [problem._train for problem in (sparse, dense, features)]
    counts = [(data["starts"].size, len(data["pixels"]), len(data["features"])) for data in read]
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
