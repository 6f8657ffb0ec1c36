"""Links: what they do to gradients and to steps, whatever rule they stand beside."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import optilab
from linked import SIZE, layers, way

BEFORE = [
    "clip_by_value",
    "clip_by_global_norm",
    "clip_by_layer_norm",
    "adaptive_gradient_clipping",
    "centralize",
    "normalize_gradient",
    "take_sign",
    "remember_start",
]
AFTER = ["ema", "polyak_averaging", "swa", "lookahead", "schedule_free", "cautious"]
CHAINS = [
    *(
        f"{link} | sgd"
        for link in [*BEFORE, "l2", "weight_decay", "add_gradient_noise", "accumulate", "apply_if_finite"]
    ),
    *(f"sgd | {link}" for link in AFTER),
    "sgd | take_direction | sgd | take_length",
]


@pytest.mark.parametrize("chain", CHAINS)
def test_link_keeps_single_precision(chain: str) -> None:
    """In float32 weights, and states of one value a weight, are float32, and near those in float64."""
    random = np.random.default_rng(1)
    w, gradients = random.normal(size=SIZE).astype(np.float32), random.normal(size=(10, SIZE)).astype(np.float32)
    one, other = (optilab.get_optimizer(chain).start(layers(w), precision=dtype) for dtype in ("float32", "float64"))
    for gradient in gradients:
        one.step(gradient)
        other.step(gradient)
    assert one.w.dtype == np.float32
    assert {state.dtype for state in one.state.values() if state.size == SIZE} <= {np.dtype(np.float32)}
    np.testing.assert_allclose(one.w, other.w, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(one.evaluation_point, other.evaluation_point, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("chain", [f"{link} | sgd" for link in BEFORE] + [f"sgd | {link}" for link in AFTER])
def test_gradient_that_is_not_a_number_shows_in_the_weights(chain: str) -> None:
    """A link, but for the one that is made for it, hides no NaN from the one who looks at the weights."""
    g = np.ones(SIZE)
    g[4] = np.nan
    stepper = optilab.get_optimizer(chain).start(layers(np.ones(SIZE)))
    assert np.isnan(stepper.step(g)[4])


@pytest.mark.parametrize("chain", [f"{link} | sgd" for link in BEFORE] + [f"sgd | {link}" for link in AFTER])
def test_gradient_of_zero_moves_nothing(chain: str) -> None:
    """Where there is no slope no link makes one, and none divides zero by zero."""
    w = np.linspace(-1, 1, SIZE)
    stepper = optilab.get_optimizer(chain).start(layers(w))
    for _ in range(6):
        np.testing.assert_array_equal(stepper.step(np.zeros(SIZE)), w)


@pytest.mark.parametrize(
    ("chain", "moving"),
    [("sgd on last", [2, 3]), ("adam on first biases", [1]), ("clip_by_value | momentum on matrices", [0, 2])],
)
def test_layers_that_no_rule_selects_are_frozen(chain: str, moving: list[int]) -> None:
    """To freeze layers, give the others to the rule: the rest keeps its weights to the bit, and no link moves it."""
    path = way(chain)
    start = layers(np.random.default_rng(5).normal(size=SIZE))
    for k, (before, after) in enumerate(zip(start, layers(path[-1]), strict=True)):
        assert (before != after).all() == (k in moving)
        assert (before == after).all() == (k not in moving)


def test_states_in_a_chain_carry_the_name_of_their_rule() -> None:
    """A rule alone has its states by their own names, in a chain with the rule's before them, each with its own."""
    alone = optilab.get_optimizer("momentum").start([1.0, 2.0])
    alone.step([1.0, 3.0])
    assert list(alone.state) == ["b"]
    np.testing.assert_array_equal(alone.state["b"], [1, 3])

    chain = optilab.get_optimizer("momentum | adam").start([1.0, 2.0], lr=0.1)
    chain.step([1.0, 3.0])
    assert list(chain.state) == ["momentum.b", "adam.m", "adam.v"]
    np.testing.assert_array_equal(chain.state["momentum.b"], [1, 3])
    np.testing.assert_allclose(chain.state["adam.m"], [0.1, 0.3], rtol=1e-14)
    np.testing.assert_allclose(chain.state["adam.v"], [0.001, 0.009], rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("l2", {"penalty": -1}, r"penalty = -1 is out of range: accepted is \[0, inf\)"),
    ],
)
def test_a_refusal_says_what_is_accepted(name: str, given: dict[str, Any], message: str) -> None:
    """Hyperparameters out of the range that the rule declares are refused, with what is accepted."""
    with pytest.raises(optilab.InputError, match=message):
        optilab.get_optimizer(name).fill(given)
