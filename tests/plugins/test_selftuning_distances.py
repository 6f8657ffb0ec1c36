"""DoG, D-Adaptation and Prodigy: steps as long as the distance from the start."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st
from plugins.selftuned import drawn, walk

import optilab


def test_the_first_steps_of_dog_by_hand() -> None:
    """From a point 5 from 0, along a gradient of length 2, the first step is 0.1 * (1 + 5) long, and then 0.6 / 2 * ..."""
    stepper = optilab.get_optimizer("dog").start([3.0, 4.0], first=0.1, eps=0.0)
    np.testing.assert_allclose(stepper.step([2.0, 0.0]), [3 - 0.6, 4.0], rtol=1e-14)
    np.testing.assert_allclose(stepper.step([0.0, 1.5]), [2.4, 4 - 0.6 / 2.5 * 1.5], rtol=1e-14)
    for first_is, length in [("distance", 0.1 / 2), ("learning_rate", 0.1)]:
        stepper = optilab.get_optimizer("dog").start([3.0, 4.0], first=0.1, first_is=first_is, eps=0.0)
        np.testing.assert_allclose(stepper.step([2.0, 0.0]), [3 - length * 2, 4.0], rtol=1e-14)


def test_the_first_step_of_dowg_by_hand() -> None:
    """The first step is first / sqrt(first * |g|^2) times the gradient: sqrt(first) long."""
    stepper = optilab.get_optimizer("dowg").start([3.0, 4.0], first=0.25, eps=0.0)
    np.testing.assert_allclose(stepper.step([2.0, 0.0]), [2.5, 4.0], rtol=1e-14)


def test_dog_by_layers_is_dog_on_each_layer() -> None:
    """A layer of L-DoG goes where DoG goes on that layer alone; with one layer they are the same, bit for bit."""
    gradients, costs = drawn(n=8)
    start = np.random.default_rng(3).normal(size=8)
    layers = optilab.get_optimizer("l_dog").start([start[:6].reshape(3, 2), start[6:]], first=0.1)
    for g in gradients:
        layers.step([g[:6].reshape(3, 2), g[6:]])
    for own in (slice(6), slice(6, 8)):
        alone = walk("dog", gradients[:, own], costs, start[own], first=0.1)[-1]
        np.testing.assert_allclose(layers.w[own], alone, rtol=1e-13)
    one = walk("l_dog", gradients, costs, start, first=0.1)
    np.testing.assert_array_equal(one, walk("dog", gradients, costs, start, first=0.1))


@example_settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("dog", "farthest"),
        ("dog", "squares"),
        ("dowg", "farthest"),
        ("dowg", "squares"),
        ("dadapt_sgd", "d"),
        ("dadapt_adam", "d"),
        ("prodigy", "d"),
        ("l_dog", "farthest"),
    ],
)
def test_estimates_never_fall(name: str, state: str, seed: int) -> None:
    """Distances, sums of squares, and the estimates d only grow, and begin above zero."""
    gradients, _ = drawn(seed)
    stepper = optilab.get_optimizer(name).start(np.ones(6))
    values = []
    for g in gradients:
        stepper.step(g)
        values.append(stepper.state[state].copy())
    assert (np.diff(values, axis=0) >= 0).all()
    assert np.min(values) > 0


def test_dog_keeps_the_farthest_distance() -> None:
    """`farthest` is the largest distance of any weights so far from the first, before the last step."""
    gradients, costs = drawn()
    start = np.ones(6)
    stepper = optilab.get_optimizer("dog").start(start, first=0.5)
    for g in gradients:
        stepper.step(g)
    path = np.vstack([start, walk("dog", gradients, costs, start, first=0.5)])[:-1]
    farthest = np.linalg.norm(path - start, axis=1).max()
    assert stepper.state["farthest"][0] == pytest.approx(max(farthest, 0.5 * (1 + np.sqrt(6))), rel=1e-12)


@example_settings(max_examples=20, deadline=None)
@given(scale=st.sampled_from([1e-12, 1e-3, 7.0, 1e9]), seed=st.integers(0, 1000))
def test_dadapt_sgd_does_not_see_the_size_of_gradients(scale: float, seed: int) -> None:
    """All gradients so many times as long give the same steps, at the defaults."""
    gradients, costs = drawn(seed)
    one, other = (walk("dadapt_sgd", k * gradients, costs) for k in (1.0, scale))
    np.testing.assert_allclose(other, one, rtol=1e-9)


@pytest.mark.parametrize("name", ["dadapt_sgd", "dadapt_adam", "prodigy", "dowg"])
def test_where_the_start_is_does_not_matter(name: str) -> None:
    """From a start that is shifted, the same gradients make the same steps."""
    gradients, costs = drawn()
    start = np.random.default_rng(5).normal(size=6)
    here = walk(name, gradients, costs, start) - start
    there = walk(name, gradients, costs, start + 0.5) - start - 0.5
    np.testing.assert_allclose(there, here, rtol=1e-6, atol=1e-9)


def distance_test(name: str, **hyperparameters: Any) -> tuple[float, float]:
    """On |w - 3| summed over ten weights from 0, the estimate d after 300 steps, and the lowest cost."""
    stepper = optilab.get_optimizer(name).start(np.zeros(10), **hyperparameters)
    lowest = np.inf
    for _ in range(300):
        off = stepper.w - 3
        lowest = min(lowest, np.abs(off).sum())
        stepper.step(np.sign(off))
    return float(stepper.state["d"][0]), lowest


@pytest.mark.parametrize(
    ("name", "distance", "times"), [("dadapt_sgd", 3 * np.sqrt(10), 2), ("dadapt_adam", 3, 10), ("prodigy", 3, 1)]
)
def test_d_grows_to_the_size_of_the_distance(name: str, distance: float, times: float) -> None:
    """On a convex cost d grows from 1e-6 to the size of the distance from the start to the minimum, and not far beyond."""
    d, lowest = distance_test(name)
    assert 0.05 * distance < d <= times * distance * (1 + 1e-9)
    assert lowest < 0.2 * 30


@example_settings(max_examples=20, deadline=None)
@given(growth=st.floats(1.0, 1.5))
@pytest.mark.parametrize("name", ["dadapt_sgd", "dadapt_adam", "prodigy"])
def test_growth_bounds_the_estimate(name: str, growth: float) -> None:
    """No step multiplies d by more than `growth`; Prodigy's does so freely once, when it leaves d0."""
    stepper = optilab.get_optimizer(name).start(np.zeros(4), growth=growth, d0=1e-5)
    values = [1e-5]
    for _ in range(60):
        stepper.step(np.sign(stepper.w - 3.0))
        values.append(stepper.state["d"][0])
    left = np.flatnonzero(np.array(values) > 1e-5)
    first = left[0] if name == "prodigy" else 0
    assert (np.array(values[first + 1 :]) <= growth * np.array(values[first:-1]) * (1 + 1e-12)).all()
    if growth > 1.01:
        assert values[-1] > 1e-5


def test_prodigy_may_leave_its_first_estimate_in_single_precision() -> None:
    """In float32 too, the first estimate above d0 is not held back by `growth`."""
    stepper = optilab.get_optimizer("prodigy").start(np.zeros(4, np.float32), growth=1.0, d0=1e-5)
    for _ in range(10):
        stepper.step(np.sign(stepper.w - 3.0))
    assert stepper.state["d"][0] > 1.5e-5


def test_prodigy_warms_up_safely() -> None:
    """With safeguard_warmup a schedule that begins low doesn't inflate d: lr only scales the numerator."""
    gradients = np.tile([1.0, 2.0], (3, 1))
    found = {}
    for safe in (False, True):
        stepper = optilab.get_optimizer("prodigy").start([0.0, 0.0], lr=1e-3, safeguard_warmup=safe)
        for g in gradients:
            stepper.step(g)
        found[safe] = stepper.state["s"].copy()
    np.testing.assert_allclose(found[False], 1e-3 * found[True], rtol=1e-9)
