"""The network against a plain NumPy twin: outputs, cost, gradient, accuracy."""

from __future__ import annotations

from math import log
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st
from kernels.twin import ACTIVATIONS, COSTS, check_against_twin, make_twin
from problems.networks import make_examples, make_network


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


@pytest.mark.parametrize("examples", [1, 33, 300])
@pytest.mark.parametrize("hidden", [[97, 5], [96, 49], [193, 200, 1], [300]])
def test_wide_networks_are_their_numpy_twin(hidden: list[int], examples: int) -> None:
    """Layers too wide to be transposed at once, whole parts of them and what is left over, agree with plain NumPy."""
    random = np.random.default_rng(7)
    x, y = random.normal(size=(examples, 3)), random.normal(size=(examples, 2))
    network = make_network(make_examples(x, y), hidden=hidden, activation="tanh")
    w = random.normal(scale=0.2, size=network.n_weights)
    activations = ["tanh"] * len(hidden) + ["identity"]
    check_against_twin(network, w, make_twin(w, [3, *hidden, 2], activations, "quadratic", x, y))


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
