"""The compiled training loop against loops written by hand in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import optilab
from optilab import randomness
from optilab.compiler.calls import address_of
from optilab.compiler.types import UNLIMITED
from optilab.datasets.dataset import Dataset
from optilab.datasets.examples import Examples
from optilab.optimizers.memory import Layout
from optilab.optimizers.optimizer import Optimizer
from optilab.optimizers.update import compile_update
from optilab.problems.network import Network
from optilab.problems.network_parameters import NetworkParameters
from optilab.problems.problem import Precision, Problem
from optilab.training.setup import compiled_loop

Vector = NDArray[np.float64]

N = 10  # examples


class InMemory(Dataset):
    """Examples that need no file."""

    def load(self) -> Examples:
        return self.read()


def make_examples() -> Examples:
    """Ten points near a plane."""
    random = np.random.default_rng(0)
    x = random.normal(size=(N, 2))
    y = x @ [0.5, -0.3] + random.normal(scale=0.1, size=N)
    return Examples(x, y, x[:0], y[:0])


@pytest.fixture(scope="module")
def plane() -> Network:
    """The plane through them: a network without hidden layers."""
    return Network(NetworkParameters(dataset="plane", hidden=[]), InMemory("plane", make_examples, "0"), "float64")


def plane_gradient(problem: Network, w: Any, rows: NDArray[np.int64]) -> Any:
    """Of the mean of (x w + b - y)^2 over some examples."""
    x, y = problem.examples.x_train[rows], problem.examples.y_train[rows]
    error = x @ w[:2] + w[2] - y
    return np.append(2 * error @ x, 2 * error.sum()) / len(rows)


def order_of(seed: int, epoch: int) -> NDArray[np.int64]:
    """Order of the examples in one epoch."""
    return randomness.data_order(seed, epoch).permutation(N)


@example_settings(max_examples=60)
@given(batch_size=st.integers(1, N), steps=st.integers(1, 25), seed=st.integers(0, 100), measure=st.integers(1, 25))
def test_batches_follow_the_order_of_the_epoch(
    plane: Network, batch_size: int, steps: int, seed: int, measure: int
) -> None:
    """Each epoch has an order of its own, cut into batches of which the last may be smaller, measured or not."""
    run = optilab.train(plane, "sgd", lr=0.05, batch_size=batch_size, steps=steps, seed=seed, measure_steps=measure)
    w = plane.initial(seed)
    examples = done = epoch = 0
    while done < steps:
        order = order_of(seed, epoch)
        for first in range(0, N, batch_size):
            if done < steps:
                rows = order[first : first + batch_size]
                w = w - 0.05 * plane_gradient(plane, w, rows)
                examples += len(rows)
                done += 1
        epoch += 1
    np.testing.assert_allclose(run.w, w, rtol=1e-11, atol=1e-14)
    assert run.history["examples"].iloc[-1] == examples


def test_every_example_once_an_epoch() -> None:
    """The order of an epoch is a permutation, another in each epoch and for each seed."""
    orders = [tuple(order_of(seed, epoch)) for seed in range(5) for epoch in range(5)]
    assert all(sorted(order) == list(range(N)) for order in orders)
    assert len(set(orders)) == len(orders)


def compiled_norm(precision: Precision) -> Any:
    """The norm that the history's columns are measured with."""
    return compiled_loop(precision).norm


def call_loop(problem: Problem, optimizer: Optimizer, w: Any, **given: Any) -> tuple[float, float, float, Vector]:
    """One interval of the compiled loop; what it returns, and the weights."""
    every_row = np.arange(problem.n_examples)
    context = problem.context()
    layout = Layout(optimizer, optimizer.fill({}), context.layers)
    state, scalars = layout.allocate(w)
    default = np.array([[float(p.default) for p in optimizer.parameters.values()]])
    w = w.copy()
    done, cost, update_norm = compiled_loop("float64").train(
        w,
        np.zeros_like(w),
        np.zeros_like(w),
        given.get("order", every_row[None]),
        given.get("batch_size", problem.n_examples),
        given.get("skip", 0),
        given["steps"],
        given.get("t", 1.0),
        np.array(given.get("numbers_by_step", default), np.float64),
        state,
        scalars,
        layout.layers,
        layout.spans,
        address_of(problem.evaluate),
        address_of(compile_update(optimizer, "float64")),
        0,
        context,
        given.get("bound", np.inf),
        np.array(given.get("limits", [UNLIMITED, UNLIMITED])),
    )
    return done, cost, update_norm, w


SGD = optilab.get_optimizer("sgd")
PARABOLA = optilab.get_problem("parabola")  # w^2 / 2, whose gradient is w


def test_each_step_has_its_row_of_numbers() -> None:
    """With a row for each step, step k is taken with row k: w falls by the product of (1 - lr_k)."""
    rates = [0.1, 0.9, 0.5, 0.25]
    done, cost, _, w = call_loop(PARABOLA, SGD, np.array([3.0]), steps=4, numbers_by_step=[[r] for r in rates])
    assert done == 4
    assert w[0] == pytest.approx(3 * 0.9 * 0.1 * 0.5 * 0.75, rel=1e-14)
    assert cost == pytest.approx((3 * 0.9 * 0.1 * 0.5) ** 2 / 2, rel=1e-14)  # on the last batch, before its step


def test_one_row_of_numbers_serves_all_steps() -> None:
    """Where nothing is scheduled there is one row of numbers, which every step uses."""
    _, _, _, w = call_loop(PARABOLA, SGD, np.array([3.0]), steps=5, numbers_by_step=[[0.5]])
    assert w[0] == 3 / 32


def test_the_numbers_are_the_hyperparameters() -> None:
    """There is one number for each hyperparameter, in the order of the chain's parameters."""
    momentum = optilab.get_optimizer("momentum")
    assert list(momentum.parameters) == ["lr", "momentum", "dampening", "lr_inside_momentum"]
    numbers = [[0.5, 0.0, 0.0, 0.0], [0.5, 0.8, 0.0, 0.0]]
    _, _, _, w = call_loop(PARABOLA, momentum, np.array([1.0]), steps=2, numbers_by_step=numbers)
    # b: 1, 0.8 * 1 + 0.5; w: 0.5, 0.5 - 0.65
    assert w[0] == pytest.approx(-0.15, rel=1e-14)


def test_update_norm_is_that_of_the_last_step() -> None:
    """The norm of the last change of the weights is returned, of that step alone."""
    bowl = optilab.get_problem("bowl", condition=2.0)
    _, _, norm, w = call_loop(bowl, SGD, np.array([1.0, 1.0]), steps=3, numbers_by_step=[[0.1]])
    before = np.array([0.9**2, 0.8**2])
    np.testing.assert_allclose(w, [0.9**3, 0.8**3], rtol=1e-14)
    assert norm == pytest.approx(np.linalg.norm(0.1 * before * [1, 2]), rel=1e-12)


def test_no_steps_change_nothing() -> None:
    """An interval of no steps leaves the weights alone, and has neither a cost nor an update."""
    done, cost, norm, w = call_loop(PARABOLA, SGD, np.array([3.0]), steps=0)
    assert done == 0
    assert np.isnan([cost, norm]).all()
    assert w[0] == 3


def test_loop_stops_before_a_cost_that_is_not_below_the_bound() -> None:
    """Doubling the weight each step from 1, the cost 2^(2k) / 2 first reaches 100 before step 5, which isn't taken."""
    done, cost, _, w = call_loop(PARABOLA, SGD, np.array([1.0]), steps=50, numbers_by_step=[[3.0]], bound=100.0)
    assert done == 4
    assert cost == 128
    assert w[0] == 16


def test_loop_stops_at_the_bound_itself() -> None:
    """A cost that equals the bound is not below it."""
    assert call_loop(PARABOLA, SGD, np.array([2.0]), steps=1, bound=2.0)[0] == 0
    assert call_loop(PARABOLA, SGD, np.array([2.0]), steps=1, bound=2.0000001)[0] == 1


@pytest.mark.parametrize("start", [np.nan, np.inf, 1e200])
def test_loop_stops_before_a_cost_that_is_not_finite(start: float) -> None:
    """At weights whose cost is NaN or infinite no step is taken, and the weights are left as they were."""
    done, cost, _, w = call_loop(PARABOLA, SGD, np.array([start]), steps=3)
    assert done == 0
    assert not np.isfinite(cost)
    np.testing.assert_array_equal(w, [start])


def test_loop_stops_at_the_first_infinite_cost() -> None:
    """Ten times as far each step, w^2 overflows after 10^154: the loop takes 155 steps, and not one more."""
    done, cost, _, w = call_loop(PARABOLA, SGD, np.array([1.0]), steps=1000, numbers_by_step=[[11.0]])
    assert done == 155
    assert cost == np.inf
    assert abs(w[0]) == pytest.approx(1e155, rel=1e-10)


def test_skip_begins_in_the_middle_of_an_epoch(plane: Network) -> None:
    """With steps already taken in the first epoch the loop goes on with its next batch, and then with the next epoch."""
    order = np.array([order_of(1, 0), order_of(1, 1)])
    w = plane.initial(1)
    batches = [(order[0], 4, 8), (order[0], 8, 10), (order[1], 0, 4)]  # batches of 4, the first behind
    expected = w
    for rows, first, end in batches:
        expected = expected - 0.1 * plane_gradient(plane, expected, rows[first:end])
    done, *_, w = call_loop(plane, SGD, w, steps=3, order=order, batch_size=4, skip=1, numbers_by_step=[[0.1]])
    assert done == 3
    np.testing.assert_allclose(w, expected, rtol=1e-12)


@optilab.elementwise(lr=1.0)
def subtract_t(w, lr, t):
    """Takes lr * t off every weight."""
    w -= lr * t
    return w


def test_t_counts_on_from_where_the_interval_begins() -> None:
    """The first step of an interval has the t that is given, and each next one more."""
    *_, w = call_loop(PARABOLA, subtract_t, np.array([0.0]), steps=3)
    assert w[0] == -(1 + 2 + 3)
    *_, w = call_loop(PARABOLA, subtract_t, np.array([0.0]), steps=3, t=10.0)
    assert w[0] == -(10 + 11 + 12)


def test_t_counts_on_through_measurements(plane: Network) -> None:
    """In a run t goes on through epochs and measurements, without a gap."""
    for measure in (1, 2, 7):
        run = optilab.train(plane, subtract_t, lr=0.001, batch_size=4, steps=7, measure_steps=measure)
        np.testing.assert_allclose(run.w, plane.initial() - 0.001 * 28, rtol=1e-12)


@optilab.function(start=[0.0, 0.0], domain=[(-1, 1), (-1, 1)])
def slope(w, g, scale=1.0):
    """A plane whose gradient has length 5 * scale."""
    g[0] = 3 * scale
    g[1] = 4 * scale
    return scale * (3.0 * w[0] + 4.0 * w[1])


@pytest.mark.parametrize("scale", [1e25, 1.0, 1e-25])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_norms_of_what_float32_can_not_square(dtype: Precision, scale: float) -> None:
    """Norms of gradient, update and weights are right where squares are beyond float32, and where they vanish in it."""
    run = optilab.train(slope.build({"scale": scale}, dtype), "sgd", lr=1.0, steps=2, measure_steps=1)
    assert run.status == "budget"
    np.testing.assert_allclose(run.history["gradient_norm"], 5 * scale, rtol=1e-6)
    np.testing.assert_allclose(run.history["update_norm"].iloc[1:], 5 * scale, rtol=1e-6)
    np.testing.assert_allclose(run.history["weight_norm"], [0, 5 * scale, 10 * scale], rtol=1e-6)


@pytest.mark.parametrize(
    ("vector", "length"),
    [
        ([3e25, 4e25], 5e25),
        ([2e-30, -1e-30, 2e-30], 3e-30),
        ([1e38] * 4, 2e38),
        ([], 0),
        ([0, -np.inf], np.inf),
        ([np.nan, 1], np.nan),
    ],
)
def test_norm_of_a_vector(vector: list[float], length: float) -> None:
    """The norm of a float32 vector is that of its float64 copy by NumPy; infinite and NaN are seen."""
    found = compiled_norm("float32")(np.array(vector, np.float32))
    np.testing.assert_allclose(found, length, rtol=1e-7)
    np.testing.assert_allclose(found, np.linalg.norm(np.array(vector, np.float32).astype(np.float64)), rtol=1e-14)


def test_norm_beyond_float64_is_infinite() -> None:
    """A float64 vector whose squares float64 can't hold has an infinite norm, which ends a run as diverged."""
    assert compiled_norm("float64")(np.array([1e200, 1.0])) == np.inf
    assert compiled_norm("float64")(np.array([3e150, 4e150])) == pytest.approx(5e150, rel=1e-15)
