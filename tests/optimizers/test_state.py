"""States of rules: of every kind, read only, apart in a chain."""

from __future__ import annotations

import numpy as np
import pytest

import optilab
from optilab import elementwise, per_layer, per_weight, scalar, vectorwise
from optilab.problems.problem import Problem


@vectorwise(
    lr=0.5,
    states={
        "first": per_weight("w"),
        "ones": per_weight(1.0),
        "counted": scalar(10.0),
        "largest": per_layer(-1.0),
    },
)
def stateful(w, g, first, ones, zeros, counted, largest, lr, layers, t):
    """Keeps every kind of state."""
    counted = counted + 1
    for k in range(layers.size):
        for i in range(layers[k].offset, layers[k].offset + layers[k].size):
            largest[k] = max(largest[k], abs(g[i]))
    for i in range(w.size):
        zeros[i] += g[i]
        ones[i] *= 2
        w[i] = first[i] - lr * zeros[i] / (counted - 10) + 0 * t
    return counted


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_states_of_every_kind(dtype: str, network: Problem) -> None:
    """One value a weight from 0, from a constant or from the first weights, one a layer, and a single number."""
    problem = network if dtype == "float64" else None
    w = np.arange(network.n_weights, dtype=dtype)
    stepper = stateful.start(w, problem=problem)
    layers = network.layers if problem else np.array([(0, w.size)], [("offset", int), ("size", int)])
    assert {name: state.dtype.name for name, state in stepper.state.items()} == {
        "first": dtype,
        "ones": dtype,
        "zeros": dtype,
        "largest": dtype,
        "counted": "float64",
    }
    np.testing.assert_array_equal(stepper.state["first"], w)
    np.testing.assert_array_equal(stepper.state["ones"], np.ones(w.size))
    np.testing.assert_array_equal(stepper.state["zeros"], np.zeros(w.size))
    np.testing.assert_array_equal(stepper.state["largest"], np.full(len(layers), -1))
    np.testing.assert_array_equal(stepper.state["counted"], [10])

    gradients = np.random.default_rng(0).integers(-9, 10, (4, w.size)).astype(dtype)
    for gradient in gradients:
        stepper.step(gradient)
    np.testing.assert_array_equal(stepper.state["first"], w)
    np.testing.assert_array_equal(stepper.state["ones"], np.full(w.size, 16))
    np.testing.assert_array_equal(stepper.state["zeros"], gradients.sum(axis=0))
    np.testing.assert_array_equal(stepper.state["counted"], [14])
    parts = [gradients[:, first : first + size] for first, size in layers[["offset", "size"]].tolist()]
    np.testing.assert_array_equal(stepper.state["largest"], [np.abs(part).max() for part in parts])
    np.testing.assert_allclose(stepper.w, w - 0.5 * gradients.mean(axis=0), rtol=1e-6)


@elementwise(lr=1.0, states={"start": per_weight("w"), "scale": scalar(3.0), "twos": per_weight(2.0)})
def tethered(w, g, start, scale, twos, lr):
    """States that an elementwise rule reads and need not return."""
    w = start - lr * scale * g / twos
    return w


def test_states_that_an_elementwise_rule_only_reads() -> None:
    """A copy of the first weights, a constant and a single number can be read without being returned."""
    stepper = tethered.start([5.0, 7.0])
    np.testing.assert_array_equal(stepper.step([2.0, 4.0]), [2, 1])
    np.testing.assert_array_equal(stepper.step([0.0, -4.0]), [5, 13])
    assert list(stepper.state) == ["start", "scale", "twos"]  # in the order of the arguments


def test_states_of_the_rules_of_a_chain_are_apart() -> None:
    """Two rules with states of the same name and other kinds keep them apart, whatever else the chain holds."""
    chain = tethered | stateful
    stepper = chain.start([1.0, 2.0], lr=1.0)
    expected = [f"tethered.{name}" for name in ("start", "twos", "scale")]
    expected += [f"stateful.{name}" for name in ("first", "ones", "zeros", "largest", "counted")]
    assert sorted(stepper.state) == sorted(expected)
    stepper.step([2.0, 4.0])
    np.testing.assert_array_equal(stepper.state["tethered.twos"], [2, 2])
    np.testing.assert_array_equal(stepper.state["stateful.ones"], [2, 2])
    np.testing.assert_array_equal(stepper.state["tethered.scale"], [3])
    np.testing.assert_array_equal(stepper.state["stateful.counted"], [11])
    np.testing.assert_array_equal(stepper.state["stateful.largest"], [4])
    np.testing.assert_array_equal(stepper.w, [1 - 2, 2 - 4])


def test_a_rule_twice_in_a_chain_shows_both_states() -> None:
    """A chain that holds one rule twice keeps two states of it, and shows both."""
    stepper = optilab.get_optimizer("momentum | momentum").start([1.0, 2.0])
    stepper.step([1.0, 3.0])
    assert len(stepper.state) == 2
