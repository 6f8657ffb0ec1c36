"""LARS and Fromage: what the lengths of a layer's weights and gradient do to its step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optilab
from layered import (
    BOUNDS,
    drawn,
    flat,
    lengths,
)
from optilab.problems.problem import Problem
from walking import (
    Twin,
    Vector,
    assert_blind_to_size,
    seeds,
    stepped,
    twin_tests,
)


@given(seed=seeds, lr=st.floats(0.01, 10), trust=st.floats(1e-4, 0.1))
def test_the_first_step_of_lars_is_a_fraction_of_each_layer(seed: int, lr: float, trust: float) -> None:
    """Without weight decay it is lr * trust * |w| long; with Nesterov's momentum, 1 + momentum times that."""
    w, g = drawn(seed), drawn(seed + 1)
    moved = lengths(stepped("lars", w, g, lr=lr, trust=trust) - flat(w))
    np.testing.assert_allclose(moved, lr * trust * lengths(flat(w)), rtol=1e-9)
    moved = lengths(stepped("lars", w, g, lr=lr, trust=trust, nesterov=True, momentum=0.5) - flat(w))
    np.testing.assert_allclose(moved, 1.5 * lr * trust * lengths(flat(w)), rtol=1e-9)


@given(seed=seeds)
def test_the_length_of_the_sum_is_at_most_the_sum_of_the_lengths(seed: int) -> None:
    """With weight decay, optax's ratio is the larger of both; without it they are the same."""
    w, g = drawn(seed), drawn(seed + 1)

    def moved(weight_decay: float, length_of_sum: bool) -> Vector:
        end = stepped("lars", w, g, momentum=0.0, weight_decay=weight_decay, length_of_sum=length_of_sum)
        return lengths(end - flat(w))

    assert (moved(0.5, True) >= moved(0.5, False) * (1 - 1e-9)).all()
    np.testing.assert_allclose(moved(0.0, True), moved(0.0, False), rtol=1e-9)


@given(seed=seeds, lr=st.floats(0.001, 1))
def test_fromage_keeps_the_length_of_a_layer_that_is_blind_to_its_scale(seed: int, lr: float) -> None:
    """A gradient at right angles to the weights turns a layer by arctan(lr), and leaves its length as it is."""
    w, g = drawn(seed), drawn(seed + 1)
    across = [b - a * (a * b).sum() / (a * a).sum() for a, b in zip(w, g, strict=True)]
    end = stepped("fromage", w, across, lr=lr)
    np.testing.assert_allclose(lengths(end), lengths(flat(w)), rtol=1e-9)
    cosines = [(a * b).sum() for a, b in zip(np.split(flat(w), BOUNDS[1:-1]), np.split(end, BOUNDS[1:-1]), strict=True)]
    np.testing.assert_allclose(cosines / lengths(flat(w)) ** 2, np.cos(np.arctan(lr)), rtol=1e-9)


def test_a_layer_of_zeros_takes_a_plain_step() -> None:
    """Where |w| is 0 the ratio is 1: the step is lr * g, for Fromage but for its shrinking."""
    w, g = [np.zeros((2, 2))], [np.array([[1.0, -2.0], [3.0, 4.0]])]
    np.testing.assert_allclose(stepped("lars", w, g, lr=0.1), -0.1 * flat(g))
    np.testing.assert_allclose(stepped("fromage", w, g, lr=0.1), -0.1 * flat(g) / np.sqrt(1.01))
    np.testing.assert_allclose(stepped("fromage", w, g, lr=0.1, min_norm=1e-6), -1e-7 * flat(g) / np.sqrt(1.01 * 30))


def test_without_gradients_fromage_shrinks_the_weights() -> None:
    """By 1 / sqrt(1 + lr^2) a step: it is its regularization."""
    w = drawn(1)
    zeros = [np.zeros_like(part) for part in w]
    np.testing.assert_allclose(stepped("fromage", w, zeros, zeros, lr=0.5), flat(w) / 1.25)


# LARS as its paper writes it, where all weights are one layer


def lars(
    w: Vector,
    gradients: Vector,
    lr: float = 1.0,
    momentum: float = 0.9,
    trust: float = 1e-3,
    weight_decay: float = 0.0,
) -> Iterator[Vector]:
    """Equation 6 of You et al., where all weights are one layer."""
    b = np.zeros_like(w)
    for g in gradients:
        w_norm, g_norm = np.linalg.norm(w), np.linalg.norm(g)
        ratio = trust * w_norm / (g_norm + weight_decay * w_norm)
        b = momentum * b + lr * ratio * (g + weight_decay * w)
        w = w - b
        yield w


TWINS: dict[str, tuple[Twin, dict[str, Any]]] = {
    "lars": (lars, {"lr": 3.0, "momentum": 0.5, "trust": 0.02, "weight_decay": 0.1}),
}

test_rule_is_its_numpy_twin, test_twin_in_single_precision = twin_tests(TWINS)


@settings(max_examples=40)
@given(scale=st.sampled_from([1e-6, 1e-2, 4.0, 1e5]), seed=st.integers(0, 1000))
def test_lars_does_not_see_the_size_of_gradients(scale: float, seed: int) -> None:
    """It takes the same steps if all gradients are so many times as long."""
    assert_blind_to_size("lars", scale, seed)


def test_lars_gives_each_layer_its_own_step(network: Problem) -> None:
    """Each layer moves by lr * trust times the length of its weights, whatever the length of its gradient."""
    w, g = network.initial(1), np.random.default_rng(4).normal(size=network.n_weights)
    first_bias = network.layers[1]
    assert not w[first_bias["offset"] :][: first_bias["size"]].any()
    g[: first_bias["offset"]] *= 1e6
    stepper = optilab.get_optimizer("lars").start(w, problem=network, lr=2.0, trust=0.01, momentum=0.0)
    moved = stepper.step(g) - w
    assert len(network.layers) == 4
    for layer in network.layers:
        part = slice(layer["offset"], layer["offset"] + layer["size"])
        if w[part].any():
            assert np.linalg.norm(moved[part]) == pytest.approx(2.0 * 0.01 * np.linalg.norm(w[part]), rel=1e-12)
            direction = g[part] / np.linalg.norm(g[part])
            np.testing.assert_allclose(moved[part] / np.linalg.norm(moved[part]), -direction, rtol=1e-10)
        else:  # biases that are all zero take a plain step
            np.testing.assert_allclose(moved[part], -2.0 * g[part], rtol=1e-12)


def test_lars_sees_decay_in_its_ratio(network: Problem) -> None:
    """With weight decay the ratio is trust * |w| / (|g| + weight_decay * |w|), layer by layer."""
    random = np.random.default_rng(5)
    w, g = random.normal(size=(2, network.n_weights))
    stepper = optilab.get_optimizer("lars").start(w, problem=network, lr=0.5, trust=0.1, weight_decay=0.2, momentum=0.9)
    moved = stepper.step(g) - w
    for layer in network.layers:
        part = slice(layer["offset"], layer["offset"] + layer["size"])
        w_norm, g_norm = np.linalg.norm(w[part]), np.linalg.norm(g[part])
        expected = -0.5 * 0.1 * w_norm / (g_norm + 0.2 * w_norm) * (g[part] + 0.2 * w[part])
        np.testing.assert_allclose(moved[part], expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("lars", {"trust": 0}, r"trust = 0 is out of range: accepted is \(0, inf\)"),
    ],
)
def test_a_refusal_says_what_is_accepted(name: str, given: dict[str, Any], message: str) -> None:
    """Hyperparameters out of the range that the rule declares are refused, with what is accepted."""
    with pytest.raises(optilab.InputError, match=message):
        optilab.get_optimizer(name).fill(given)
