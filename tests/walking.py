"""Optimizers on walks that a test chooses: the weights after each step, and what the rules of several packages have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st
from numpy.typing import NDArray

import optilab

Vector = NDArray[Any]
Layers = Sequence[Vector]
# A rule as its paper writes it: given the first weights and a gradient for each step, it yields the weights.
Twin = Callable[..., Iterator[Vector]]

seeds = st.integers(0, 10_000)


def walk(
    name: str,
    seed: int = 2,
    rates: Vector | None = None,
    *,
    n: int = 5,
    steps: int = 20,
    observe: str = "w",
    **given: Any,
) -> Vector:
    """[step, weight]: `n` random weights along random gradients, at lr times `rates`."""
    random = np.random.default_rng(seed)
    stepper = optilab.get_optimizer(name).start(random.normal(size=n), **given)
    lr, found = stepper.hyperparameters.get("lr"), []
    for step, gradient in enumerate(random.normal(size=(steps, n))):
        if rates is not None:
            stepper.hyperparameters["lr"] = lr * rates[step]
        stepper.step(gradient)
        found.append(np.array(getattr(stepper, observe)))
    return np.array(found)


def uneven(seed: int) -> Vector:
    """Some schedule."""
    return np.random.default_rng(seed).uniform(0.1, 2, 20)


def walk_along(name: str, gradients: Any, w: Any = None, costs: Any = None, **given: Any) -> Vector:
    """[step, weight]: the weights after each of these gradients, from zero unless told otherwise."""
    gradients = np.asarray(gradients, float)
    stepper = optilab.get_optimizer(name).start(np.zeros(gradients.shape[1]) if w is None else w, **given)
    costs = [None] * len(gradients) if costs is None else costs
    return np.array([stepper.step(g, cost).copy() for g, cost in zip(gradients, costs, strict=True)])


def stepped(name: str, w: Layers, *gradients: Layers, **given: Any) -> Vector:
    """The weights after some steps."""
    stepper = optilab.get_optimizer(name).start(list(w), **given)
    for gradient in gradients:
        stepper.step(list(gradient))
    return np.array(stepper.w)


def assert_is_twin(name: str, twin: Twin, **given: Any) -> None:
    """Over 40 random gradients the rule takes the steps of its paper."""
    random = np.random.default_rng(0)
    w, gradients = random.normal(size=7), random.normal(size=(40, 7))
    stepper = optilab.get_optimizer(name).start(w, **given)
    for gradient, expected in zip(gradients, twin(w, gradients, **given), strict=True):
        np.testing.assert_allclose(stepper.step(gradient), expected, rtol=1e-12, atol=1e-14)


def assert_is_twin_in_single_precision(name: str, twin: Twin, **given: Any) -> None:
    """In float32 the rule stays near its twin, and its weights and its states stay in float32."""
    random = np.random.default_rng(1)
    w, gradients = random.normal(size=7).astype(np.float32), random.normal(size=(40, 7)).astype(np.float32)
    stepper = optilab.get_optimizer(name).start(w, **given)
    for gradient in gradients:
        stepper.step(gradient)
    *_, expected = twin(w.astype(np.float64), gradients.astype(np.float64), **given)
    assert stepper.w.dtype == np.float32
    assert all(state.dtype == np.float32 for state in stepper.state.values())
    np.testing.assert_allclose(stepper.w, expected, rtol=2e-5, atol=2e-5)


def twin_tests(twins: Mapping[str, tuple[Twin, dict[str, Any]]]) -> tuple[Callable[..., None], Callable[..., None]]:
    """Two tests of rules, by their names, against what their papers say, with other values than their defaults."""

    @pytest.mark.parametrize("changed", [False, True], ids=["defaults", "changed"])
    @pytest.mark.parametrize("name", twins)
    def is_its_numpy_twin(name: str, changed: bool) -> None:
        """The rule takes the steps of its paper, at its defaults and at other values."""
        twin, others = twins[name]
        assert_is_twin(name, twin, **(others if changed else {}))

    @pytest.mark.parametrize("name", twins)
    def is_near_it_in_single_precision(name: str) -> None:
        """In float32 it stays near its twin, and its weights and its states stay in float32."""
        twin, given = twins[name]
        assert_is_twin_in_single_precision(name, twin, **given)

    return is_its_numpy_twin, is_near_it_in_single_precision


def assert_ends_as_torch(name: str, expected: Sequence[float], **given: Any) -> None:
    """Thirty steps from (0.5, -1, 2), where the gradient of weight k at step t is (k + 1) cos(k + 0.7 t), end there.

    The numbers are those of torch 2.13.0 in float64.
    """
    stepper = optilab.get_optimizer(name).start([0.5, -1.0, 2.0], **given)
    k = np.arange(3)
    for t in range(1, 31):
        stepper.step((k + 1) * np.cos(k + 0.7 * t))
    np.testing.assert_allclose(stepper.w, expected, rtol=1e-10)


def assert_blind_to_size(name: str, scale: float, seed: int, **given: Any) -> None:
    """The rule takes the same steps if all gradients are so many times as long."""
    random = np.random.default_rng(seed)
    w, gradients = random.normal(size=4), random.normal(size=(10, 4))
    one, other = (optilab.get_optimizer(name).start(w, **given) for _ in range(2))
    for gradient in gradients:
        np.testing.assert_allclose(one.step(gradient), other.step(scale * gradient), rtol=1e-11)


def assert_treats_weights_alike(name: str) -> None:
    """Any order of the weights, and any number of others, leaves the steps of each as they are."""
    random = np.random.default_rng(8)
    w, gradients = random.normal(size=37), random.normal(size=(10, 37))
    order = random.permutation(37)[:30]
    all_weights, some = optilab.get_optimizer(name).start(w), optilab.get_optimizer(name).start(w[order])
    for gradient in gradients:
        np.testing.assert_allclose(some.step(gradient[order]), all_weights.step(gradient)[order], rtol=1e-14)
