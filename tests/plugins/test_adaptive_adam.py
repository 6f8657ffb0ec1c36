"""Adam and its kin: what holds for all of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plugins.adams import few, noise, numbers, walks

import optilab
from walking import (
    Vector,
    assert_blind_to_size,
    assert_treats_weights_alike,
    walk_along,
)

# Each rule, and what takes all smallness terms and all decay from it, so that it knows no size of its own.
BARE: dict[str, dict[str, Any]] = {
    "adam": {"eps": 0.0},
    "adamw": {"eps": 0.0, "weight_decay": 0.0},
    "amsgrad": {"eps": 0.0},
    "adamax": {"eps": 0.0},
    "sparse_adam": {"eps": 0.0},
    "nadam": {"eps": 0.0},
    "nadamw": {"eps": 0.0, "weight_decay": 0.0},
    "radam": {"eps": 0.0},
    "adabelief": {"eps": 0.0, "eps_root": 0.0},
    "acprop": {"eps": 0.0, "eps_root": 0.0},
    "adan": {"eps": 0.0},
    "yogi": {"eps": 0.0, "initial_m": 0.0, "initial_v": 0.0},
    "ademamix": {"eps": 0.0},
    "simplified_ademamix": {"eps": 0.0},
    "adopt": {"eps": 0.0},
    "optimistic_adam": {"eps": 0.0},
}


@pytest.mark.parametrize("name", BARE)
def test_a_nan_is_seen(name: str) -> None:
    """A gradient that is not a number, in the first step or later, makes its own weight NaN for good, and no other."""
    for when in (0, 4):
        gradients = noise(9)
        gradients[when, 2] = np.nan
        w = walk_along(name, gradients)
        assert np.isnan(w[when + 1 :, 2]).all()
        assert np.isfinite(np.delete(w, 2, axis=1)).all()


@pytest.mark.parametrize("name", BARE)
def test_without_gradient_it_stands_still(name: str) -> None:
    """Gradients that are zero from the start move no weight, but for a decay, or a momentum that isn't zero at the start."""
    given = {"adamw": {"weight_decay": 0.0}, "nadamw": {"weight_decay": 0.0}, "yogi": {"initial_m": 0.0}}.get(name, {})
    start = np.array([1.0, -2.0, 0.0])
    np.testing.assert_array_equal(walk_along(name, np.zeros((7, 3)), start, **given), np.tile(start, (7, 1)))


@pytest.mark.parametrize("name", sorted(set(BARE) - {"radam", "acprop"}))
@given(gradients=walks, scale=st.floats(1e-3, 1e3))
@few
def test_the_scale_of_gradients_is_of_no_account(name: str, gradients: Vector, scale: float) -> None:
    """Without eps, gradients that are all longer or shorter by one factor lead to the same weights."""
    expected = walk_along(name, gradients, **BARE[name])
    np.testing.assert_allclose(walk_along(name, scale * gradients, **BARE[name]), expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", BARE)
def test_claims_are_kept(name: str) -> None:
    """Where it claims so, flipped signs flip its steps, and it doesn't see where it stands; the others do see it."""
    claims = optilab.get_optimizer(name).rules[0].claims
    gradients, start = noise(30), np.array([3.0, -1.0, 0.5, 0.0, 2.0])
    signs = np.array([1, -1, -1, 1, -1])
    moved = walk_along(name, gradients, start) - start
    flipped = walk_along(name, signs * gradients, signs * start) - signs * start
    assert np.allclose(flipped, signs * moved, rtol=1e-9, atol=1e-13) == ("sign flips" in claims)
    shifted = walk_along(name, gradients, start + 5) - (start + 5)
    assert np.allclose(shifted, moved, rtol=1e-9, atol=1e-12) == ("translation" in claims)


@pytest.mark.parametrize("name", BARE)
def test_in_single_precision_it_is_the_same_rule(name: str) -> None:
    """In float32 it stays near its float64 self for forty steps, and its states stay in float32."""
    gradients = noise(40)
    gentle: dict[str, Any] = {"eps": 1e-3} if name == "acprop" else {}  # else tiny denominators magnify what is rounded
    single = optilab.get_optimizer(name).start(np.ones(5, np.float32), **gentle)
    double = walk_along(name, gradients, np.ones(5), **gentle)
    for g, w in zip(gradients, double, strict=True):
        np.testing.assert_allclose(single.step(g), w, rtol=1e-4, atol=1e-5)
    assert single.w.dtype == np.float32
    assert {a.dtype for a in single.state.values() if isinstance(a, np.ndarray) and a.size == 5} == {
        np.dtype("float32")
    }


FIRST = {
    "adam": 1.0,
    "amsgrad": 1.0,
    "adamax": 1.0,
    "sparse_adam": 1.0,
    "adabelief": 1 / 0.9,  # the surprise is beta1 * g
    "adan": 1.0,
    "yogi": 1.0,
    "ademamix": 1 + 5 * 1e-4,
    "simplified_ademamix": 1.0,
    "adopt": 0.0,
    "optimistic_adam": 1.0,
}


@pytest.mark.parametrize("name", FIRST)
@given(g=numbers)
@few
def test_the_first_step_has_a_length_of_its_own(name: str, g: float) -> None:
    """Without eps, the first step is lr times a number, whatever the gradient, against the gradient's sign."""
    w = walk_along(name, [[g]], lr=0.1, **BARE[name])
    np.testing.assert_allclose(w, [[-0.1 * FIRST[name] * np.sign(g)]], rtol=1e-9)


@pytest.mark.parametrize("name", ["radam", "acprop"])
def test_the_first_step_is_plain(name: str) -> None:
    """Rules that wait for a second moment begin as gradient descent."""
    np.testing.assert_allclose(walk_along(name, [[3.0, -0.5]], lr=0.1), [[-0.3, 0.05]], rtol=1e-14)


@pytest.mark.parametrize("name", ["adam", "amsgrad", "adamax", "sparse_adam", "adan", "optimistic_adam"])
def test_down_a_slope_steps_are_of_one_length(name: str) -> None:
    """Without eps, a constant gradient moves the weight by exactly lr in each step."""
    w = walk_along(name, np.full((50, 2), [3.0, -1e-4]), lr=0.1, **BARE[name])
    np.testing.assert_allclose(w[:, 0], -0.1 * np.arange(1, 51), rtol=1e-11)
    np.testing.assert_allclose(w[:, 1], 0.1 * np.arange(1, 51), rtol=1e-11)


IDENTITIES: list[tuple[str, dict[str, Any], str, dict[str, Any]]] = [
    ("adamw", {"weight_decay": 0.0}, "adam", {}),
    ("adamw", {"weight_decay": 0.3}, "weight_decay | adam", {"weight_decay": 0.3}),
    ("nadamw", {"weight_decay": 0.0}, "nadam", {}),
    ("nadamw", {"weight_decay": 0.3}, "weight_decay | nadam", {"weight_decay": 0.3}),
    ("nadam", {"beta1": 0.0}, "adam", {"beta1": 0.0}),
    ("nadam", {"momentum_decay": 1e9}, "nadam", {"scheduled_momentum": False}),
    ("ademamix", {"alpha": 0.0}, "adam", {}),
    ("ademamix", {"warmup": 1}, "ademamix", {"warmup": 0}),
    ("simplified_ademamix", {"lr": 0.001, "beta1": 0.9, "beta2": 0.999}, "adam", {"correct_m": False}),
    ("optimistic_adam", {"beta": 0.0}, "adam", {}),
    ("radam", {"beta2": 0.5}, "radam", {"threshold": 1e9}),
    ("amsgrad", {"beta2": 0.0, "nu_max": "raw"}, "amsgrad", {"beta2": 0.0, "nu_max": "corrected"}),
]


@pytest.mark.parametrize(("name", "given", "other", "others"), IDENTITIES)
def test_limits(name: str, given: dict[str, Any], other: str, others: dict[str, Any]) -> None:
    """At a value of one hyperparameter, a rule is another rule."""
    gradients, start = 1 + 0.5 * noise(20), np.arange(5.0)
    actual = walk_along(name, gradients, start, **{"lr": 0.01, **given})
    expected = walk_along(other, gradients, start, **{"lr": 0.01, **others})
    np.testing.assert_allclose(actual, expected, rtol=1e-12)


@settings(max_examples=40)
@given(scale=st.sampled_from([1e-6, 1e-2, 4.0, 1e5]), seed=st.integers(0, 1000))
@pytest.mark.parametrize(("name", "given_"), [("adam", {"eps": 0.0})])
def test_rule_that_does_not_see_the_size_of_gradients(
    name: str, given_: dict[str, Any], scale: float, seed: int
) -> None:
    """Adam takes the same steps if all gradients are so many times as long."""
    assert_blind_to_size(name, scale, seed, **given_)


@pytest.mark.parametrize("name", ["adam", "adamw"])
def test_elementwise_rule_treats_weights_alike(name: str) -> None:
    """Each weight is on its own: any order of the weights, and any number of others, leaves its steps as they are."""
    assert_treats_weights_alike(name)


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("adam", {"beta2": 1.0}, r"beta2 = 1.0 is out of range: accepted is \[0, 1\)"),
        ("adam", {"eps": -1e-9}, r"eps = -1e-09 is out of range: accepted is \[0, inf\)"),
    ],
)
def test_a_refusal_says_what_is_accepted(name: str, given: dict[str, Any], message: str) -> None:
    """Hyperparameters out of the range that the rule declares are refused, with what is accepted."""
    with pytest.raises(optilab.InputError, match=message):
        optilab.get_optimizer(name).fill(given)
