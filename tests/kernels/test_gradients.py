"""Analytic gradients against central finite differences, in float64, over random networks and functions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import settings as example_settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import erf, expit

import optilab
from optilab.problems.problem import Precision
from optilab_functions import one_weight, two_weights

Vector = NDArray[np.float64]

STEP = 1e-5  # of a finite difference
KINK = 1e-3  # how near to a kink a pre-activation or an error may come; a step moves it far less

ACTIVATIONS: dict[str, Callable[[Vector], Vector]] = {
    "identity": lambda z: z,
    "sigmoid": expit,
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0),
    "leaky_relu": lambda z: np.where(z > 0, z, 0.01 * z),
    "elu": lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
    "gelu": lambda z: z * (1 + erf(z / np.sqrt(2))) / 2,
    "silu": lambda z: z * expit(z),
    "softplus": lambda z: np.logaddexp(0, z),
}
COSTS = ["quadratic", "cross_entropy", "binary_cross_entropy", "huber"]
EXAMPLES = 12
MANY = 600  # examples: more than two blocks of 256


def make_targets(kind: str, n: int, random: np.random.Generator) -> NDArray[Any]:
    """Classes, numbers or pairs of numbers for n examples."""
    if kind.endswith("classes"):
        return np.arange(n) % int(kind[0])
    return random.normal(size=n) if kind == "1 number" else random.normal(size=(n, 2))


TARGETS = ["2 classes", "3 classes", "1 number", "2 numbers"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of small datasets: a few inputs, and every kind of target."""
    made = tmp_path_factory.mktemp("datasets")
    random = np.random.default_rng(1)
    for inputs in (1, 2, 5):
        for kind in TARGETS:
            for n in (EXAMPLES, MANY):
                x = random.normal(size=(n, inputs))
                np.savez(made / f"{inputs} {kind} {n}.npz", x_train=x, y_train=make_targets(kind, n, random))
    return made


def make_network(
    folder: Path, inputs: int, targets: str, n: int = EXAMPLES, precision: Precision = "float64", **parameters: Any
):
    """A network on one of the small datasets."""
    file = {"path": str(folder / f"{inputs} {targets} {n}.npz"), "test_fraction": 0.0}
    return optilab.get_problem("network", dataset=file, precision=precision, **parameters)


def distance_to_kink(network: Any, w: Vector) -> float:
    """How near any example comes to where its cost has no derivative: a (leaky) ReLU at 0, the corner of Huber."""
    a = np.array(network.examples.x_train)
    nearest = np.inf
    for kind, matrix, bias in zip(network.activations, network.layers[::2], network.layers[1::2], strict=True):
        first, end = matrix["offset"], bias["offset"]
        z = a @ w[first:end].reshape(matrix["rows"], matrix["columns"]) + w[end : end + bias["size"]]
        if kind in ("relu", "leaky_relu"):
            nearest = min(nearest, np.abs(z).min())
        a = ACTIVATIONS[kind](z)
    if network.parameters["cost"] == "huber":
        y = network.examples.y_train.reshape(len(a), -1)
        if network.classifies:
            y = np.eye(a.shape[1])[y[:, 0]] if a.shape[1] > 1 else y
        nearest = min(nearest, np.abs(np.abs(a - y) - network.parameters["huber_delta"]).min())
    return nearest


def finite_differences(cost: Callable[[Vector], float], w: Vector) -> Vector:
    """Central differences of `cost` along each weight."""
    return np.array([(cost(w + step) - cost(w - step)) / (2 * STEP) for step in STEP * np.eye(w.size)])


@st.composite
def networks(draw: st.DrawFn) -> dict[str, Any]:
    """Architectures with an activation for each layer, a cost, and targets that fit it."""
    hidden = draw(st.lists(st.integers(1, 6), max_size=3))
    cost = draw(st.sampled_from(COSTS))
    parameters: dict[str, Any] = {
        "inputs": draw(st.sampled_from([1, 2, 5])),
        "targets": draw(st.sampled_from(TARGETS[:2] if "entropy" in cost else TARGETS)),
        "hidden": hidden,
        "activation": draw(st.lists(st.sampled_from(list(ACTIVATIONS)), min_size=len(hidden), max_size=len(hidden))),
        "cost": cost,
    }
    if "entropy" not in cost:
        parameters["output_activation"] = draw(st.sampled_from([None, *ACTIVATIONS]))
    if cost == "huber":
        parameters["huber_delta"] = draw(st.sampled_from([0.1, 1.0, 3.0]))
    return parameters


def random_weights(n: int, seed: int, scale: float) -> Vector:
    """Weights of about `scale`."""
    return np.random.default_rng(seed).normal(scale=scale, size=n)


seeds = st.integers(0, 2**32 - 1)
scales = st.sampled_from([0.1, 0.4, 0.8])


@example_settings(max_examples=150)
@given(
    parameters=networks(),
    seed=seeds,
    scale=scales,
    rows=st.lists(st.integers(0, EXAMPLES - 1), min_size=1, max_size=2 * EXAMPLES) | st.none(),
)
def test_gradient_is_the_slope_of_the_cost(
    folder: Path, parameters: dict[str, Any], seed: int, scale: float, rows: list[int] | None
) -> None:
    """Each component of a network's gradient is the finite difference of its cost, over any batch of rows."""
    network = make_network(folder, **parameters)
    w = random_weights(network.n_weights, seed, scale)
    assume(distance_to_kink(network, w) > KINK)
    expected = finite_differences(lambda at: network.cost(at, rows), w)
    np.testing.assert_allclose(network.gradient(w, rows), expected, rtol=2e-6, atol=2e-8)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("cost", COSTS)
def test_gradient_of_every_activation_under_every_cost(folder: Path, activation: str, cost: str) -> None:
    """No pair of an activation and a cost is left to chance: each agrees with finite differences."""
    parameters: dict[str, Any] = {"hidden": [4, 3], "activation": activation, "cost": cost}
    if "entropy" not in cost:
        parameters["output_activation"] = activation
    network = make_network(folder, 2, "3 classes", **parameters)
    candidates = (random_weights(network.n_weights, seed, 0.8) for seed in range(100))
    w = next(w for w in candidates if distance_to_kink(network, w) > KINK)
    gradient = network.gradient(w)
    assert np.abs(gradient).max() > 1e-3
    np.testing.assert_allclose(gradient, finite_differences(network.cost, w), rtol=2e-6, atol=2e-8)


def test_gradient_shows_a_wrong_slope(folder: Path) -> None:
    """The finite differences are sharp enough to tell the slope of one weight from one that is off by 1e-5 of it."""
    network = make_network(folder, 2, "3 classes", hidden=[3])
    w = random_weights(network.n_weights, 5, 0.8)
    expected = finite_differences(network.cost, w)
    wrong = network.gradient(w)
    largest = np.abs(wrong).argmax()
    wrong[largest] *= 1 + 1e-5
    with pytest.raises(AssertionError, match="Mismatched elements: 1 /"):
        np.testing.assert_allclose(wrong, expected, rtol=2e-6, atol=2e-8)


@example_settings(max_examples=60)
@given(parameters=networks(), seed=seeds, scale=scales)
def test_gradient_in_single_precision(folder: Path, parameters: dict[str, Any], seed: int, scale: float) -> None:
    """The gradient in float32 is that of float64 to within the rounding of float32."""
    double = make_network(folder, **parameters)
    single = make_network(folder, precision="float32", **parameters)
    w = random_weights(double.n_weights, seed, scale).astype(np.float32).astype(np.float64)
    assume(distance_to_kink(double, w) > KINK)
    expected, gradient = double.gradient(w), single.gradient(w)
    assert gradient.dtype == np.float32
    np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=2e-5 * (1 + np.abs(expected).max()))
    assert single.cost(w) == pytest.approx(double.cost(w), rel=1e-5, abs=1e-6)


@example_settings(max_examples=25)
@given(
    parameters=networks(),
    seed=seeds,
    rows=st.lists(st.integers(0, MANY - 1), min_size=257, max_size=700) | st.none(),
)
def test_gradient_over_blocks_is_the_mean_over_examples(
    folder: Path, parameters: dict[str, Any], seed: int, rows: list[int] | None
) -> None:
    """A batch of more than one block has the mean of the costs and gradients of its examples, one by one."""
    network = make_network(folder, n=MANY, **parameters)
    w = random_weights(network.n_weights, seed, 0.5)
    chosen = range(MANY) if rows is None else rows
    gradients = {row: network.gradient(w, [row]) for row in set(chosen)}
    costs = {row: network.cost(w, [row]) for row in set(chosen)}
    gradient = np.mean([gradients[row] for row in chosen], axis=0)
    np.testing.assert_allclose(network.gradient(w, rows), gradient, rtol=1e-9, atol=1e-13)
    assert network.cost(w, rows) == pytest.approx(np.mean([costs[row] for row in chosen]), rel=1e-12)


@pytest.mark.parametrize("examples", [1, 255, 256, 257, 512, 513])
def test_gradient_at_the_edge_of_a_block(folder: Path, examples: int) -> None:
    """Batches of about one and two blocks lose no example and count none twice."""
    network = make_network(folder, 5, "3 classes", n=MANY, hidden=[4])
    w = random_weights(network.n_weights, examples, 0.5)
    rows = np.random.default_rng(2).permutation(MANY)[:examples]
    gradients = [network.gradient(w, [row]) for row in rows]
    np.testing.assert_allclose(network.gradient(w, rows), np.mean(gradients, axis=0), rtol=1e-9, atol=1e-14)


FUNCTIONS = {kind.name: kind for kind in [*one_weight.optilab_problems(), *two_weights.optilab_problems()]}
PARAMETERS: dict[str, dict[str, st.SearchStrategy[float]]] = {
    "parabola": {"curvature": st.floats(0.1, 50)},
    "two_valleys": {"tilt": st.floats(-1.4, 1.4)},
    "bowl": {"condition": st.floats(1, 100)},
    "rosenbrock": {"a": st.floats(-2, 2), "b": st.floats(0.1, 200)},
}


@st.composite
def points(draw: st.DrawFn, name: str) -> tuple[dict[str, Any], Vector]:
    """Parameters of a function, and a point of its domain."""
    parameters = {n: draw(values) for n, values in PARAMETERS.get(name, {}).items()}
    return parameters, np.array([draw(st.floats(low, high)) for low, high in FUNCTIONS[name].domain])


@pytest.mark.parametrize("name", FUNCTIONS)
@example_settings(max_examples=50)
@given(data=st.data())
def test_gradient_of_a_function(name: str, data: st.DataObject) -> None:
    """The gradient that a function fills in is the slope of the value it returns, all over its domain."""
    parameters, w = data.draw(points(name))
    problem = optilab.get_problem(name, **parameters)
    gradient = problem.gradient(w)
    expected = finite_differences(problem.cost, w)
    np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-9 * (1 + abs(problem.cost(w))))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_is_flat_and_lowest_at_its_minima(name: str) -> None:
    """At each minimum that a function declares its gradient is zero, and every step away leads up."""
    problem = optilab.get_problem(name)
    assert FUNCTIONS[name].minima
    for minimum in FUNCTIONS[name].minima:
        w = np.array(minimum)
        np.testing.assert_allclose(problem.gradient(w), 0, atol=1e-5)
        for away in 1e-3 * np.vstack([np.eye(w.size), -np.eye(w.size)]):
            assert problem.cost(w + away) > problem.cost(w)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_in_single_precision(name: str) -> None:
    """A function in float32 agrees with itself in float64 to within the rounding of float32."""
    single, double = optilab.get_problem(name, precision="float32"), optilab.get_problem(name)
    low, high = np.array(FUNCTIONS[name].domain).T
    for w in np.random.default_rng(3).uniform(low, high, size=(20, single.n_weights)):
        w32 = w.astype(np.float32)
        scale = 1 + np.abs(double.gradient(w32)).max() + abs(double.cost(w32))
        np.testing.assert_allclose(single.gradient(w32), double.gradient(w32), rtol=1e-5, atol=1e-6 * scale)
        assert single.cost(w32) == pytest.approx(double.cost(w32), rel=1e-5, abs=1e-6 * scale)
