"""Decay of weights: as a penalty, decoupled, and in which place of a chain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import optilab
from linked import SIZE, layers, way
from walking import (
    Twin,
    Vector,
    assert_ends_as_torch,
    twin_tests,
    walk,
)


def test_l2_and_weight_decay_differ_under_adam_and_not_under_sgd() -> None:
    """For SGD a penalty is the same as shrinking; Adam divides the penalty by its own root mean square."""
    one, other = way("l2 | sgd", penalty=0.3), way("weight_decay | sgd", weight_decay=0.3)
    np.testing.assert_allclose(one, other, rtol=1e-12)
    apart = way("l2 | adam", penalty=0.3, lr=0.1) - way("weight_decay | adam", weight_decay=0.3, lr=0.1)
    assert np.abs(apart).max() > 0.1


def test_weight_decay_by_hand() -> None:
    """Of a weight of 10, a tenth times lr is taken, or a tenth where the decay isn't scaled by lr."""
    for scaled, expected in ((True, 9.5), (False, 9.0)):
        stepper = optilab.get_optimizer("weight_decay | sgd").start(
            [10.0], lr=0.5, weight_decay=0.1, scaled_by_lr=scaled
        )
        assert stepper.step([0.0])[0] == pytest.approx(expected, rel=1e-15)


def test_biases_without_decay() -> None:
    """`weight_decay on matrices | sgd` shrinks the matrices alone."""
    stepper = optilab.get_optimizer("weight_decay on matrices | sgd").start(
        layers(np.ones(SIZE)), lr=0.5, weight_decay=0.2
    )
    for part, expected in zip(layers(stepper.step(np.zeros(SIZE))), (0.9, 1, 0.9, 1), strict=True):
        np.testing.assert_allclose(part, expected, rtol=1e-15)


def l2_sgd(w: Vector, gradients: Vector, penalty: float = 1e-4, lr: float = 0.1) -> Iterator[Vector]:
    """The gradient of penalty / 2 * |w|^2 on top of the given one."""
    for g in gradients:
        w = w - lr * (g + penalty * w)
        yield w


def weight_decay_sgd(w: Vector, gradients: Vector, weight_decay: float = 0.01, lr: float = 0.1) -> Iterator[Vector]:
    """Weights that shrink before each step."""
    for g in gradients:
        w = (1 - lr * weight_decay) * w - lr * g
        yield w


TWINS: dict[str, tuple[Twin, dict[str, Any]]] = {
    "l2 | sgd": (l2_sgd, {"penalty": 0.3, "lr": 0.2}),
    "weight_decay | sgd": (weight_decay_sgd, {"weight_decay": 0.3, "lr": 0.2}),
}
test_rule_is_its_numpy_twin, test_twin_in_single_precision = twin_tests(TWINS)
TORCH: list[tuple[str, dict[str, Any], list[float]]] = [
    ("l2 | sgd", {"lr": 0.1, "penalty": 0.05}, [0.387503144688727, -0.5100275432545781, 2.416730753077142]),
    ("l2 | momentum", {"lr": 0.1, "penalty": 0.05}, [0.14056889472742304, 0.7067378293500525, 1.854491658007521]),
]


@pytest.mark.parametrize(("name", "given", "expected"), TORCH)
def test_rule_is_that_of_torch(name: str, given: dict[str, Any], expected: list[float]) -> None:
    """Thirty steps of each rule that PyTorch has too end at the weights where PyTorch's end."""
    assert_ends_as_torch(name, expected, **given)


@pytest.mark.parametrize(
    ("special", "given", "plain"),
    [
        ("l2 | sgd", {"penalty": 0.0}, "sgd"),
        ("weight_decay | sgd", {"weight_decay": 0.0}, "sgd"),
    ],
)
def test_rule_without_what_sets_it_apart(special: str, given: dict[str, Any], plain: str) -> None:
    """In its limit a rule takes the steps of the plainer one."""
    np.testing.assert_allclose(walk(special, steps=40, **given), walk(plain, steps=40), rtol=1e-14)


def test_the_order_of_a_chain_is_the_algorithm() -> None:
    """Decoupled decay before Adam is AdamW; the gradient of a penalty before Adam is something else."""
    decoupled = walk("weight_decay | adam", steps=40, weight_decay=0.1, lr=0.1)
    np.testing.assert_allclose(decoupled, walk("adamw", steps=40, weight_decay=0.1, lr=0.1), rtol=1e-13)
    assert np.abs(decoupled - walk("l2 | adam", steps=40, penalty=0.1, lr=0.1)).max() > 0.01
    # Under plain descent, before and after, and gradient and weights, are the same to first order only.
    before, after = walk("weight_decay | sgd", steps=40), walk("sgd | weight_decay", steps=40)
    assert 1e-5 < np.abs(before - after).max() < 1e-2
