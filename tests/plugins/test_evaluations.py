"""Rules that evaluate further gradients: how many, of which batch, and what for."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import optilab
from optilab.problems.problem import Problem
from optilab.randomness import data_order
from optilab_descent.curvature import hessian_times, hutchinson, to_signs

Vector = NDArray[Any]

N = 60  # examples


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Sixty examples of three overlapping classes."""
    random = np.random.default_rng(3)
    labels = np.arange(N) % 3
    x = random.normal(size=(N, 4)) + np.eye(3, 4)[labels]
    file = tmp_path_factory.mktemp("data") / "blobs.npz"
    np.savez(file, x_train=x, y_train=labels)
    return str(file)


def network_on(data: str, dtype: str = "float64", hidden: tuple[int, ...] = (5,), **more: Any) -> Problem:
    """A small smooth network that tells the classes apart."""
    given = {"dataset": {"path": data, "test_fraction": 0.0}, "hidden": list(hidden), "activation": "tanh"}
    return optilab.get_problem("network", **{**given, "cost": "cross_entropy", "precision": dtype, **more})


@pytest.fixture(scope="module")
def network(data: str) -> Problem:
    """It in float64."""
    return network_on(data)


def product(problem: Problem, w: Vector, v: Vector) -> Vector:
    """H v as the helper finds it, in the precision of the problem."""

    def value_and_grad(at: Vector, g: Vector) -> float:
        g[:] = problem.gradient(at)
        return problem.cost(at)

    work = np.full((3, w.size), np.nan, w.dtype)
    hessian_times(value_and_grad, w, v.astype(w.dtype), work)
    return np.asarray(work[0])


def exact_product(problem: Problem, w: Vector, v: Vector) -> Vector:
    """H v in float64 by differences of eighth order."""
    h = 0.02 / np.linalg.norm(v)
    weights = {1: 4 / 5, 2: -1 / 5, 3: 4 / 105, 4: -1 / 280}
    slopes = [c * (problem.gradient(w + k * h * v) - problem.gradient(w - k * h * v)) for k, c in weights.items()]
    return np.asarray(np.sum(slopes, axis=0) / h)


def off(found: Vector, expected: Vector) -> float:
    """Relative error of a vector."""
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected))


# The Hessian's product.


@example_settings(max_examples=50, deadline=None)
@given(x=st.floats(-2, 2), y=st.floats(-2, 3), angle=st.floats(0, 6.3), size=st.sampled_from([1e-6, 1.0, 1e6]))
def test_product_with_the_hessian_of_rosenbrock(x: float, y: float, angle: float, size: float) -> None:
    """On Rosenbrock's function it is the exact one, whatever the length of the vector, to 1e-8 of the largest curvature."""
    problem, w = optilab.get_problem("rosenbrock"), np.array([x, y])
    v = size * np.array([np.cos(angle), np.sin(angle)])
    h = np.array([[1200 * x**2 - 400 * y + 2, -400 * x], [-400 * x, 200.0]])
    np.testing.assert_allclose(product(problem, w, v) / size, h @ v / size, atol=1e-8 * float(np.linalg.norm(h, 2)))


def test_product_with_the_hessian_of_a_linear_network(data: str) -> None:
    """Without a hidden layer and under a quadratic cost, the Hessian is 2/n X'X for each output."""
    problem = network_on(data, hidden=(), cost="quadratic", output_activation="identity")
    random = np.random.default_rng(0)
    with np.load(data) as file:
        x = np.hstack([file["x_train"], np.ones((N, 1))])
    v = random.normal(size=15)
    expected = 2 / N * x.T @ x @ v.reshape(5, 3)
    assert off(product(problem, random.normal(size=15), v), expected.ravel()) < 1e-9


@pytest.mark.parametrize("scale", [0.1, 1.0, 5.0])
def test_product_with_the_hessian_of_a_network(network: Problem, scale: float) -> None:
    """On a network in float64 its error is below 1e-8, for small and large weights."""
    random = np.random.default_rng(1)
    for seed in range(3):
        w, v = scale * network.initial(seed), random.normal(size=network.n_weights)
        assert off(product(network, w, v), exact_product(network, w, v)) < 1e-8


@pytest.mark.parametrize("scale", [0.1, 1.0, 5.0])
def test_product_with_the_hessian_in_single_precision(data: str, network: Problem, scale: float) -> None:
    """In float32 its error on a network is below a thousandth."""
    single = network_on(data, "float32")
    random = np.random.default_rng(2)
    for seed in range(3):
        w, v = scale * network.initial(seed), random.normal(size=network.n_weights)
        found = product(single, w.astype(np.float32), v)
        assert found.dtype == np.float32
        assert off(found, exact_product(network, w, v)) < 1e-3


def test_product_with_the_hessian_is_symmetric(network: Problem) -> None:
    """u.Hv is v.Hu."""
    u, v = np.random.default_rng(3).normal(size=(2, network.n_weights))
    w = network.initial(0)
    assert u @ product(network, w, v) == pytest.approx(v @ product(network, w, u), rel=1e-7)


def test_product_leaves_w_alone_and_is_zero_for_zero() -> None:
    """The weights are only read, and without a direction nothing is evaluated."""
    problem, w = optilab.get_problem("rosenbrock"), np.array([0.3, -0.7])
    product(problem, w, np.ones(2))
    np.testing.assert_array_equal(w, [0.3, -0.7])
    work = np.full((3, 2), np.nan)
    hessian_times(None, w, np.zeros(2), work)
    np.testing.assert_array_equal(work[0], 0)


def test_hutchinson_over_all_signs_is_the_diagonal() -> None:
    """The mean of v * H v over all sign vectors is exactly the diagonal of H."""
    a = np.array([[2.0, -1.0, 0.5], [-1.0, 3.0, 4.0], [0.5, 4.0, -1.0]])

    def value_and_grad(at: Vector, g: Vector) -> float:
        g[:] = a @ at
        return float(0.5 * at @ g)

    estimates = []
    for signs in itertools.product([-1.0, 1.0], repeat=3):
        work = np.zeros((3, 3))
        hutchinson(value_and_grad, np.ones(3), np.array(signs), work)
        estimates.append(work[0])
    np.testing.assert_allclose(np.mean(estimates, axis=0), np.diag(a), rtol=1e-8)
    assert np.std(estimates, axis=0).min() > 0.5


def test_signs_are_one_or_minus_one() -> None:
    """Of any number."""
    v = np.array([0.3, -2.0, 0.0, 5.0])
    to_signs(v)
    np.testing.assert_array_equal(v, [1, -1, -1, 1])


# How many evaluations, and of what.

COUNTS = [  # gradients beside the one of the step itself, at each of twelve steps
    ("sam | sgd", {}, [1] * 12),
    ("sam | sgd", {"ascents": 3}, [3] * 12),
    ("asam | sgd", {}, [1] * 12),
    ("adahessian", {}, [2] * 12),
    ("sophia", {}, [2] + [0] * 9 + [2, 0]),
    ("sophia", {"interval": 5, "hessian_late": True}, [2, 0, 0, 0, 0] * 2 + [2, 0]),
    ("sophia", {"interval": 1}, [2] * 12),
]


@pytest.mark.parametrize(("name", "hyperparameters", "extra"), COUNTS)
def test_evaluations_are_counted(
    network: Problem, name: str, hyperparameters: dict[str, Any], extra: list[int]
) -> None:
    """The history counts every gradient, and its examples: each is over the same batch as the step's own."""
    history = optilab.train(network, name, batch_size=20, steps=12, measure_steps=1, **hyperparameters).history
    expected = np.concatenate([[0], np.cumsum(1 + np.array(extra))])
    np.testing.assert_array_equal(history["gradient_evaluations"], expected)
    np.testing.assert_array_equal(history["examples"], 20 * expected)


def test_evaluations_of_svrg_are_counted(network: Problem) -> None:
    """One of all examples where it takes a snapshot, one more of the batch everywhere else."""
    history = optilab.train(network, "svrg | sgd", interval=4, batch_size=20, steps=9, measure_steps=1).history
    np.testing.assert_array_equal(history["gradient_evaluations"], 2 * np.arange(10))
    every_step = [20 + N, 40, 40, 40, 20 + N, 40, 40, 40, 20 + N]
    np.testing.assert_array_equal(history["examples"], [0, *np.cumsum(every_step)])


@pytest.mark.parametrize("link", ["sam", "asam"])
@pytest.mark.parametrize("base", ["sgd", "adam"])
def test_without_a_radius_it_is_the_rule_after(network: Problem, link: str, base: str) -> None:
    """With rho = 0 the weights are those of the base, bit for bit, on batches of a network."""
    plain = optilab.train(network, base, batch_size=7, epochs=3, seed=3)
    sharp = optilab.train(network, f"{link} | {base}", rho=0.0, batch_size=7, epochs=3, seed=3)
    np.testing.assert_array_equal(sharp.w, plain.w)


def batches(seed: int, size: int, epochs: int) -> list[NDArray[np.int64]]:
    """Rows of the batches of a run."""
    orders = [data_order(seed, epoch).permutation(N) for epoch in range(epochs)]
    return [order[k : k + size] for order in orders for k in range(0, N, size)]


@pytest.mark.parametrize("plain_biases", [False, True])
def test_asam_keeps_to_the_batch_and_may_spare_biases(network: Problem, plain_biases: bool) -> None:
    """Its second gradient is over the same batch, at a point as far off for each weight as that is large."""
    w = network.initial(2)
    is_bias = np.concatenate([np.full(layer["size"], layer["kind"] == 1) for layer in network.layers])
    for rows in batches(2, 20, 2):
        g = network.gradient(w, rows)
        scale = np.where(is_bias & plain_biases, 1.0, np.abs(w) + 0.01)
        worst = w + 0.3 * scale**2 * g / np.linalg.norm(scale * g)
        w = w - 0.1 * network.gradient(worst, rows)
    run = optilab.train(
        network, "asam | sgd", rho=0.3, lr=0.1, batch_size=20, epochs=2, seed=2, plain_biases=plain_biases
    )
    np.testing.assert_allclose(run.w, w, rtol=1e-10, atol=1e-13)


def test_asam_at_zero_is_sam() -> None:
    """Where all weights are zero their scale is eta, and the worst point is SAM's with rho * eta."""
    problem = optilab.get_problem("rosenbrock", start=[0.0, 0.0])
    one = optilab.get_optimizer("asam | sgd").start([0.0, 0.0], problem=problem, rho=0.5, eta=0.2, lr=0.01)
    other = optilab.get_optimizer("sam | sgd").start([0.0, 0.0], problem=problem, rho=0.1, lr=0.01)
    np.testing.assert_allclose(one.step(), other.step(), rtol=1e-13)


@pytest.mark.parametrize("name", ["sam | sgd", "asam | sgd", "svrg | sgd", "sophia", "adahessian"])
def test_a_gradient_of_zero_moves_nothing(name: str) -> None:
    """At a minimum no rule moves, but for weight decay, and none divides zero by zero."""
    problem = optilab.get_problem("rosenbrock", start=[1.0, 1.0])
    decay: dict[str, Any] = {"weight_decay": 0.0} if name == "sophia" else {}
    stepper = optilab.get_optimizer(name).start([1.0, 1.0], problem=problem, **decay)
    for _ in range(3):
        np.testing.assert_array_equal(stepper.step(), [1.0, 1.0])


@pytest.mark.parametrize("name", ["sam | sgd", "asam | sgd", "sophia", "adahessian"])
def test_not_a_number_in_a_gradient_reaches_its_weight(name: str) -> None:
    """A gradient of NaN makes its weight NaN, so that divergence is seen."""
    problem = optilab.get_problem("rosenbrock")
    for late in (0, 2):
        stepper = optilab.get_optimizer(name).start([0.5, 0.5], problem=problem)
        for _ in range(late):
            stepper.step()
        stepper.step([1.0, np.nan], cost=1.0)
        assert np.isnan(stepper.w[1])


def test_sam_climbs_as_often_as_asked() -> None:
    """Two ascents along a constant slope end twice as far up: on a parabola the gradient there is larger by curvature."""
    problem = optilab.get_problem("parabola", curvature=3.0)
    for ascents in (1, 2, 5):
        stepper = optilab.get_optimizer("sam | sgd").start([2.0], problem=problem, rho=0.1, lr=1.0, ascents=ascents)
        assert stepper.step()[0] == pytest.approx(2 - 3 * (2 + 0.1 * ascents), rel=1e-13)


# Variance.


def reduced(network: Problem, seed: int, interval: int, size: int, epochs: int) -> tuple[Vector, Vector, Vector]:
    """SVRG in NumPy: the last weights, the last snapshot, and the full gradient there."""
    w = network.initial(seed)
    for t, rows in enumerate(batches(seed, size, epochs)):
        if t % interval == 0:
            snapshot, full = w, network.gradient(w)
        w = w - 0.3 * (network.gradient(w, rows) - network.gradient(snapshot, rows) + full)
    return w, snapshot, full


def test_svrg_is_its_numpy_twin(network: Problem) -> None:
    """On batches of a network it takes the steps of the paper."""
    w, snapshot, full = reduced(network, 1, 8, 5, 3)
    run = optilab.train(network, "svrg | sgd", lr=0.3, interval=8, batch_size=5, epochs=3, seed=1)
    np.testing.assert_allclose(run.w, w, rtol=1e-9, atol=1e-12)
    stepper = optilab.get_optimizer("svrg | sgd").start(snapshot, problem=network)
    stepper.step()
    np.testing.assert_allclose(stepper.state["svrg.full"], full, rtol=1e-12)


def test_the_variance_of_svrg_falls(network: Problem) -> None:
    """Near the snapshot its gradients differ less from batch to batch, and their mean is that of all examples."""
    w, snapshot, full = reduced(network, 1, 8, 5, 3)
    parts = np.arange(N).reshape(-1, 5)
    plain = np.array([network.gradient(w, rows) for rows in parts])
    better = np.array([network.gradient(w, rows) - network.gradient(snapshot, rows) + full for rows in parts])
    np.testing.assert_allclose(better.mean(axis=0), network.gradient(w), rtol=1e-9, atol=1e-12)
    assert better.var(axis=0).sum() < 0.1 * plain.var(axis=0).sum()


def test_svrg_settles_where_sgd_is_shaken(network: Problem) -> None:
    """At a constant rate, batches shake SGD about the minimum; with SVRG before it, the gradient vanishes."""
    given: dict[str, Any] = {"lr": 0.2, "batch_size": 5, "epochs": 600, "seed": 1}
    # a penalty, so that there is a minimum
    shaken = optilab.train(network, "l2 | sgd", penalty=0.05, **given)
    settled = optilab.train(network, "svrg | l2 | sgd", penalty=0.05, interval=24, **given)

    def slope(w: Vector) -> float:
        return float(np.linalg.norm(network.gradient(w) + 0.05 * w))

    assert slope(settled.w) < 1e-3 * slope(shaken.w)


def test_svrg_with_a_snapshot_each_step_is_gradient_descent(network: Problem) -> None:
    """With interval 1 every step is along the gradient of all examples, whatever the batch."""
    run = optilab.train(network, "svrg | sgd", interval=1, lr=0.1, batch_size=5, steps=10)
    whole = optilab.train(network, "gradient_descent", lr=0.1, steps=10)
    np.testing.assert_allclose(run.w, whole.w, rtol=1e-9, atol=1e-12)


# Steps by the curvature.


def test_sophia_is_newton_where_the_hessian_is_diagonal() -> None:
    """With signs the estimate of a diagonal Hessian is exact: without memory, decay and clipping, one step is Newton's."""
    problem = optilab.get_problem("bowl")
    newton: dict[str, Any] = {"lr": 1.0, "gamma": 1.0, "beta1": 0.0, "beta2": 0.0, "weight_decay": 0.0}
    stepper = optilab.get_optimizer("sophia").start([-1.8, 0.9], problem=problem, probe="signs", clip=np.inf, **newton)
    np.testing.assert_allclose(stepper.step(), [0, 0], atol=1e-8)
    np.testing.assert_allclose(stepper.state["h"], [1, 20], rtol=1e-8)


def test_adahessian_is_newton_where_the_hessian_is_diagonal() -> None:
    """Without memory and eps, a step is the gradient over the size of the curvature."""
    problem = optilab.get_problem("bowl")
    given: dict[str, Any] = {"lr": 1.0, "beta1": 0.0, "beta2": 0.0, "eps": 0.0}
    stepper = optilab.get_optimizer("adahessian").start([-1.8, 0.9], problem=problem, **given)
    np.testing.assert_allclose(stepper.step(), [0, 0], atol=1e-8)
    np.testing.assert_allclose(stepper.state["v"], [1, 400], rtol=1e-8)


def test_sophia_steps_by_the_sign_where_curvature_is_negative_or_unknown() -> None:
    """On a hilltop, or before its first estimate, each weight moves by lr against its slope; never by more."""
    problem = optilab.get_problem("two_valleys", start=[0.1])  # there the second derivative is negative
    for late in (False, True):
        stepper = optilab.get_optimizer("sophia").start(
            [0.1], problem=problem, lr=0.01, weight_decay=0.0, hessian_late=late, clip=0.5
        )
        slope = problem.gradient([0.1])[0]
        assert stepper.step()[0] == pytest.approx(0.1 - 0.005 * np.sign(slope), rel=1e-12)
        assert stepper.state["h"][0] < 0


def test_sophia_draws_other_noise_for_another_seed(network: Problem) -> None:
    """Its estimate depends on the seed, and is the mean of the diagonal over many."""
    w = network.initial(0)
    diagonal = np.array([exact_product(network, w, e)[k] for k, e in enumerate(np.eye(w.size))])
    drawn = []
    for seed in range(400):
        stepper = optilab.get_optimizer("sophia").start(w, problem=network, beta2=0.0, probe="signs", seed=seed)
        stepper.step()
        drawn.append(stepper.state["h"].copy())
    spread = np.std(drawn, axis=0) / np.sqrt(len(drawn))
    assert spread.max() > 0
    assert (np.abs(np.mean(drawn, axis=0) - diagonal) < 5 * spread + 1e-6).all()


def test_sophia_in_single_precision(data: str, network: Problem) -> None:
    """In float32 its estimates on a network are those of float64 to a thousandth."""
    w, found = network.initial(0), {}
    for problem in (network, network_on(data, "float32")):
        start = w.astype(problem.precision)
        stepper = optilab.get_optimizer("sophia").start(start, problem=problem, beta2=0.0, gamma=1.0)
        stepper.step()
        assert stepper.state["h"].dtype == problem.precision
        found[problem.precision] = stepper.state["h"].copy()
    assert off(found["float32"], found["float64"]) < 1e-3
