"""Clipping: how long a gradient may be, as a whole, by layers, by neurons or by weights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import optilab
from linked import SIZE, changed, layers, vectors
from walking import (
    Twin,
    Vector,
    assert_blind_to_size,
    twin_tests,
    walk,
)


@settings(max_examples=40)
@given(g=vectors, limit=st.floats(0.1, 5))
def test_clip_by_value_cuts_what_is_outside(g: Vector, limit: float) -> None:
    """It is what np.clip does."""
    np.testing.assert_array_equal(
        np.concatenate([p.ravel() for p in changed("clip_by_value", g, max_value=limit)]), np.clip(g, -limit, limit)
    )


def test_clip_by_value_bounds_what_is_infinite() -> None:
    """Infinity is cut off as anything else."""
    g = np.zeros(SIZE)
    g[:2] = np.inf, -np.inf
    np.testing.assert_array_equal(changed("clip_by_value", g, max_value=2.0)[0][0], [2, -2, 0])


@settings(max_examples=40)
@given(g=vectors, limit=st.floats(0.1, 60))
def test_clip_by_global_norm_keeps_the_direction(g: Vector, limit: float) -> None:
    """Shorter than max_norm it stays as it is; longer it becomes as long as that, in the same direction."""
    found = np.concatenate([part.ravel() for part in changed("clip_by_global_norm", g, max_norm=limit)])
    length = float(np.linalg.norm(g))
    np.testing.assert_allclose(found, g * min(1, limit / length) if length > 0 else g, rtol=1e-13)
    if length < limit:
        np.testing.assert_array_equal(found, g)


@settings(max_examples=40)
@given(g=vectors, limit=st.floats(0.1, 20), measure=st.sampled_from(["norm", "rms"]))
def test_clip_by_layer_norm_sees_each_layer_alone(g: Vector, limit: float, measure: str) -> None:
    """No layer is longer than max_norm after it, and those that weren't are untouched."""
    found = changed("clip_by_layer_norm", g, max_norm=limit, measure=measure)
    for part, before in zip(found, layers(g), strict=True):
        count = part.size if measure == "rms" else 1
        length = np.linalg.norm(before) / np.sqrt(count)
        expected = before if length <= limit else before * (limit / length)
        np.testing.assert_allclose(part, expected, rtol=1e-13)


@settings(max_examples=40)
@given(g=vectors, limit=st.floats(0.1, 20), eps=st.floats(0, 5))
def test_norm_eps_is_added_to_the_length(g: Vector, limit: float, eps: float) -> None:
    """Before it is compared with max_norm, and where it divides; globally, and of each layer by either measure."""
    whole = g * min(1, limit / max(float(np.linalg.norm(g)) + eps, 1e-300))
    for part, expected in zip(
        changed("clip_by_global_norm", g, max_norm=limit, norm_eps=eps), layers(whole), strict=True
    ):
        np.testing.assert_allclose(part, expected, rtol=1e-12)
    for measure in ("norm", "rms"):
        found = changed("clip_by_layer_norm", g, max_norm=limit, norm_eps=eps, measure=measure)
        for part, before in zip(found, layers(g), strict=True):
            length = float(np.linalg.norm(before) + eps) / (np.sqrt(part.size) if measure == "rms" else 1)
            np.testing.assert_allclose(part, before * min(1, limit / max(length, 1e-300)), rtol=1e-12)
    length = float(np.linalg.norm(g)) + eps
    for part, before in zip(changed("normalize_gradient", g, norm_eps=eps), layers(g), strict=True):
        np.testing.assert_allclose(part, before / (length if length > 0 else 1), rtol=1e-12)


@settings(max_examples=40)
@given(g=vectors, w=vectors, clipping=st.floats(0.01, 2))
def test_adaptive_clipping_bounds_each_neuron_by_its_weights(g: Vector, w: Vector, clipping: float) -> None:
    """A column of the gradient is at most `clipping` times as long as that of the weights, a bias as a whole."""
    found = changed("adaptive_gradient_clipping", g, w, clipping=clipping, min_norm=0.25)
    for part, weights, before in zip(found, layers(w), layers(g), strict=True):
        longest = clipping * np.maximum(np.linalg.norm(weights, axis=0), 0.25)
        length = np.linalg.norm(before, axis=0)
        expected = before * np.where(length > longest, longest / np.maximum(length, 1e-300), 1)
        np.testing.assert_allclose(part, expected, rtol=1e-10, atol=1e-13)


# By the length of all, beside plain descent


def clip_sgd(w: Vector, gradients: Vector, max_norm: float = 1.0, lr: float = 0.1) -> Iterator[Vector]:
    """Steps along gradients of at most max_norm."""
    for g in gradients:
        w = w - lr * g * min(1, max_norm / np.linalg.norm(g))
        yield w


TWINS: dict[str, tuple[Twin, dict[str, Any]]] = {
    "clip_by_global_norm | sgd": (clip_sgd, {"max_norm": 3.0, "lr": 0.2}),
}

test_rule_is_its_numpy_twin, test_twin_in_single_precision = twin_tests(TWINS)


@settings(max_examples=40)
@given(scale=st.sampled_from([1e-6, 1e-2, 4.0, 1e5]), seed=st.integers(0, 1000))
def test_clipped_gradients_do_not_show_their_size(scale: float, seed: int) -> None:
    """Where all gradients are clipped the steps are the same if all are so many times as long."""
    assert_blind_to_size("clip_by_global_norm | sgd", scale, seed, max_norm=1e-9)


def test_clipping_sees_the_penalty_only_if_it_comes_later() -> None:
    """`l2 | clip` shortens gradient and penalty together, `clip | l2` the gradient alone."""
    w, g = np.array([30.0, 0.0]), np.array([0.0, 40.0])
    together = optilab.get_optimizer("l2 | clip_by_global_norm | sgd").start(w, lr=1.0, penalty=1.0)
    np.testing.assert_allclose(together.step(g), [30 - 0.6, -0.8], rtol=1e-14)
    alone = optilab.get_optimizer("clip_by_global_norm | l2 | sgd").start(w, lr=1.0, penalty=1.0)
    np.testing.assert_allclose(alone.step(g), [0, -1], rtol=1e-14)


_entries = st.floats(-1e3, 1e3, allow_subnormal=False)  # a stepper takes subnormal numbers for zero


@settings(max_examples=100)
@given(g=arrays.arrays(np.float64, st.integers(1, 20), elements=_entries), max_norm=st.floats(1e-3, 1e4))
def test_clipping_never_exceeds_max_norm(g: Vector, max_norm: float) -> None:
    """What is left of a gradient is at most max_norm long, points the same way, and is whole if it was short."""
    stepper = optilab.get_optimizer("clip_by_global_norm | sgd").start(np.zeros(g.size), lr=1.0, max_norm=max_norm)
    clipped = -stepper.step(g)
    norm = np.linalg.norm(g)
    assert np.linalg.norm(clipped) <= max_norm * (1 + 1e-14)
    if norm <= max_norm * (1 - 1e-14):
        np.testing.assert_array_equal(clipped, g)
    elif norm >= max_norm * (1 + 1e-14):
        np.testing.assert_allclose(clipped, g * max_norm / norm, rtol=1e-13, atol=1e-300)


@pytest.mark.parametrize("size", [1e5, 1e15, 1e25, 1e38])
def test_clipping_an_exploding_gradient_in_single_precision(size: float) -> None:
    """A gradient in float32 of any finite length is shortened to max_norm, not lost: that is what clipping is for."""
    stepper = optilab.get_optimizer("clip_by_global_norm | sgd").start(np.zeros(2, np.float32), lr=1.0, max_norm=2.0)
    np.testing.assert_allclose(stepper.step(np.array([0.6, -0.8]) * size), [-1.2, 1.6], rtol=1e-5)


@pytest.mark.parametrize(
    ("special", "given", "plain"),
    [
        ("clip_by_global_norm | sgd", {"max_norm": 1e9}, "sgd"),
    ],
)
def test_rule_without_what_sets_it_apart(special: str, given: dict[str, Any], plain: str) -> None:
    """In its limit a rule takes the steps of the plainer one."""
    np.testing.assert_allclose(walk(special, steps=40, **given), walk(plain, steps=40), rtol=1e-14)


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("clip_by_global_norm", {"max_norm": 0.0}, r"max_norm = 0.0 is out of range: accepted is \(0, inf\)"),
    ],
)
def test_a_refusal_says_what_is_accepted(name: str, given: dict[str, Any], message: str) -> None:
    """Hyperparameters out of the range that the rule declares are refused, with what is accepted."""
    with pytest.raises(optilab.InputError, match=message):
        optilab.get_optimizer(name).fill(given)
