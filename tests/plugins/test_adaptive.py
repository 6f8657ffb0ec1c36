"""Rules that scale each weight's step by its own history, but for Adam's kin: what holds whatever the gradients are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optilab
from walking import (
    Twin,
    Vector,
    assert_blind_to_size,
    assert_ends_as_torch,
    assert_treats_weights_alike,
    twin_tests,
)

RULES = ["adagrad", "adadelta", "rmsprop", "lion", "rprop", "madgrad", "cocob"]
SWITCHED = [
    ("adagrad", {"eps_inside": True}),
    ("adagrad", {"eps": 0.0}),
    ("adagrad", {"eps": 0.0, "eps_inside": True}),
    ("rmsprop", {"centered": True, "momentum": 0.5, "eps_inside": True, "lr_inside_momentum": True}),
    ("rmsprop", {"correct_bias": True, "momentum": 0.5, "nesterov": True}),
    ("lion", {"mode": "smooth"}),
    ("lion", {"mode": "refined"}),
    ("madgrad", {"eps": 0.0}),
    *((name, {}) for name in RULES),
]


@pytest.mark.parametrize(("name", "given"), SWITCHED)
def test_a_gradient_of_zero_moves_nothing(name: str, given: dict[str, Any]) -> None:
    """Without a slope from the beginning no rule moves, and none divides zero by zero."""
    stepper = optilab.get_optimizer(name).start([1.0, -2.0, 0.0], **given)
    for _ in range(3):
        np.testing.assert_array_equal(stepper.step([0.0, 0.0, 0.0]), [1.0, -2.0, 0.0])


@pytest.mark.parametrize(("name", "given"), SWITCHED)
def test_not_a_number_reaches_its_weight_alone(name: str, given: dict[str, Any]) -> None:
    """A gradient of NaN makes its weight NaN for good, and no other."""
    stepper = optilab.get_optimizer(name).start([1.0, 2.0, 3.0], **given)
    stepper.step([1.0, np.nan, 1.0])
    stepper.step([0.9, 1.0, 0.9])
    np.testing.assert_array_equal(np.isnan(stepper.step([0.8, 1.0, 0.8])), [False, True, False])


@pytest.mark.parametrize(("name", "given"), SWITCHED)
def test_single_precision_follows_double(name: str, given: dict[str, Any]) -> None:
    """In float32 a rule takes the same steps, to rounding."""
    random = np.random.default_rng(4)
    w, gradients = random.normal(size=7), random.normal(size=(20, 7))
    single = optilab.get_optimizer(name).start(w.astype(np.float32), **given)
    double = optilab.get_optimizer(name).start(w.astype(np.float32).astype(np.float64), **given)
    for gradient in gradients.astype(np.float32):
        single.step(gradient)
        double.step(gradient)
    assert single.w.dtype == np.float32
    np.testing.assert_allclose(single.w, double.w, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("adagrad", {"initial_accumulator": -0.1}),
        ("adagrad", {"lr_decay": -1}),
        ("adadelta", {"rho": 1.0}),
        ("rmsprop", {"alpha": -0.1}),
        ("rmsprop", {"momentum": 1.0}),
        ("lion", {"mode": "soft"}),
        ("lion", {"beta1": 1.0}),
        ("rprop", {"eta_minus": 1.0}),
        ("rprop", {"eta_plus": 1.0}),
        ("madgrad", {"momentum": 1.0}),
        ("cocob", {"alpha": 0}),
        ("cocob", {"eps": 0}),
    ],
)
def test_rule_refuses_values_out_of_its_range(name: str, given: dict[str, Any]) -> None:
    """Hyperparameters out of the range that the rule declares are refused by name."""
    with pytest.raises(optilab.InputError, match=f"{next(iter(given))} = "):
        optilab.get_optimizer(name).fill(given)


def rmsprop(w: Vector, gradients: Vector, lr: float = 0.01, alpha: float = 0.99, eps: float = 1e-8) -> Iterator[Vector]:
    """The gradient over its running root mean square."""
    v = np.zeros_like(w)
    for g in gradients:
        v = alpha * v + (1 - alpha) * g**2
        w = w - lr * g / (np.sqrt(v) + eps)
        yield w


def lion(
    w: Vector,
    gradients: Vector,
    lr: float = 1e-4,
    beta1: float = 0.9,
    beta2: float = 0.99,
    weight_decay: float = 0.0,
) -> Iterator[Vector]:
    """Algorithm 2 of Chen et al."""
    m = np.zeros_like(w)
    for g in gradients:
        c = beta1 * m + (1 - beta1) * g
        w = w - lr * (np.sign(c) + weight_decay * w)
        m = beta2 * m + (1 - beta2) * g
        yield w


TWINS: dict[str, tuple[Twin, dict[str, Any]]] = {
    "rmsprop": (rmsprop, {"lr": 0.02, "alpha": 0.8, "eps": 1e-2}),
    "lion": (lion, {"lr": 0.01, "beta1": 0.6, "beta2": 0.8, "weight_decay": 0.2}),
}
test_rule_is_its_numpy_twin, test_twin_in_single_precision = twin_tests(TWINS)
TORCH: list[tuple[str, dict[str, Any], list[float]]] = [
    ("rmsprop", {}, [0.4872601588521487, -0.728246260587339, 2.163230152276367]),
    (
        "rmsprop",
        {"lr": 0.02, "alpha": 0.9, "eps": 0.0001},
        [0.48513098649392733, -0.8236923763355962, 2.117231640769973],
    ),
]


@pytest.mark.parametrize(("name", "given", "expected"), TORCH)
def test_rule_is_that_of_torch(name: str, given: dict[str, Any], expected: list[float]) -> None:
    """Thirty steps of each rule that PyTorch has too end at the weights where PyTorch's end."""
    assert_ends_as_torch(name, expected, **given)


@settings(max_examples=40)
@given(scale=st.sampled_from([1e-6, 1e-2, 4.0, 1e5]), seed=st.integers(0, 1000))
@pytest.mark.parametrize(("name", "given_"), [("lion", {}), ("rmsprop", {"eps": 0.0})])
def test_rule_that_does_not_see_the_size_of_gradients(
    name: str, given_: dict[str, Any], scale: float, seed: int
) -> None:
    """Rules that scale the gradient by itself take the same steps if all gradients are so many times as long."""
    assert_blind_to_size(name, scale, seed, **given_)


@pytest.mark.parametrize("name", ["rmsprop", "lion"])
def test_elementwise_rule_treats_weights_alike(name: str) -> None:
    """Each weight is on its own: any order of the weights, and any number of others, leaves its steps as they are."""
    assert_treats_weights_alike(name)


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("rmsprop", {"alpha": -0.1}, r"alpha = -0.1 is out of range: accepted is \[0, 1\)"),
    ],
)
def test_a_refusal_says_what_is_accepted(name: str, given: dict[str, Any], message: str) -> None:
    """Hyperparameters out of the range that the rule declares are refused, with what is accepted."""
    with pytest.raises(optilab.InputError, match=message):
        optilab.get_optimizer(name).fill(given)
