"""Selections of layers: words, and rules that work on some layers alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from optimizers.rules import RANDOM, G, W, down, flat, summed

import optilab
from optilab import (
    InputError,
    vectorwise,
)
from optilab.optimizers.selection import check_selection, packed, selected
from optilab.problems.layers import table_of_shapes


@vectorwise(lr=1.0)
def inward(w, g, layers, total, lr):
    """A step of length lr along the gradient of all that it sees; sums up the number of layers it sees."""
    length = np.sqrt((g * g).sum())
    for i in range(w.size):
        w[i] -= lr * g[i] / length
        total[i] += layers.size


def test_a_rule_on_some_layers_sees_only_these() -> None:
    """It is the same as the rule alone on the weights of these layers; no other weight is touched."""
    whole = inward.on("matrices").start(W, lr=0.3)
    alone = inward.start([W[0], W[2]], lr=0.3)
    for _ in range(3):
        whole.step(G)
        alone.step([G[0], G[2]])
    expected = np.concatenate([alone.w[:6], W[1], alone.w[6:], W[3]])
    np.testing.assert_array_equal(whole.w, expected)
    np.testing.assert_array_equal(whole.state["total"], np.full(14, 6))


def test_a_rule_for_some_layers_and_another_for_the_rest() -> None:
    """Each has its own layers, state and hyperparameters; the gradient passes from one to the next."""
    chain = summed.on("hidden") | summed.on("first matrices") | down.on("rest")
    shapes = [(3, 2), (2,), (2, 2), (2,), (2, 4), (4,)]
    w, g = ([RANDOM.normal(size=shape) for shape in shapes] for _ in range(2))
    given: dict[str, Any] = {"summed_1.lr": 0.1, "summed_2.lr": 0.2, "down.lr": 0.3}
    stepper = chain.start(w, **given)
    stepper.step(g)
    rates = [0.2, 0.3, 0.1, 0.1, 0.3, 0.3]
    np.testing.assert_allclose(stepper.w, flat([a - r * b for a, b, r in zip(w, g, rates, strict=True)]), rtol=1e-14)
    assert chain.name == "summed on hidden | summed on first matrices | down on rest"
    assert {name: part.size for name, part in stepper.state.items()} == {"summed_1.total": 6, "summed_2.total": 6}


def test_chains_by_name_know_layers() -> None:
    """In a chain by name, "on" says which layers a rule works on."""
    chain = optilab.get_optimizer("sgd on matrices | adam on rest")
    assert [rule.layers for rule in chain.rules] == ["matrices", "rest"]
    rates: dict[str, Any] = {"sgd.lr": 0.5, "adam.lr": 0.1}
    stepper = chain.start(W, **rates)
    stepper.step(G)
    np.testing.assert_allclose(stepper.w[:6], (W[0] - 0.5 * G[0]).ravel(), rtol=1e-14)
    np.testing.assert_allclose(stepper.w[6:8], W[1] - 0.1 * np.sign(G[1]), rtol=1e-6)


def test_layers_that_are_not_there() -> None:
    """A rule for layers that the problem doesn't have is refused, in a chain and before a run."""
    with pytest.raises(InputError, match="down on hidden: there is no such layer among 3 x 2, 1 x 2, 2 x 4, 1 x 4"):
        down.on("hidden").start(W)
    with pytest.raises(InputError, match="sgd on matrices: there is no such layer among 2 x 1"):
        optilab.train("bowl", "sgd on matrices | adam on rest", steps=1, lr=0.1)


def test_rules_that_need_all_weights_can_not_be_restricted() -> None:
    """What evaluates gradients needs all weights; what works on some layers already is not restricted again."""
    with pytest.raises(InputError, match="sam asks for value_and_grad, and can't work on some layers alone"):
        optilab.get_optimizer("sam on matrices | sgd")
    with pytest.raises(InputError, match="down works on biases already"):
        down.on("biases").on("first")


DIGITS = [(784, 16), (16,), (16, 16), (16,), (16, 10), (10,)]


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ("", [0, 1, 2, 3, 4, 5]),
        ("matrices", [0, 2, 4]),
        ("biases", [1, 3, 5]),
        ("first", [0, 1]),
        ("last", [4, 5]),
        ("hidden", [2, 3]),
        ("hidden matrices", [2]),
        ("matrices first", [0]),
        ("3", [3]),
        ("first last", []),
    ],
)
def test_selection_of_layers(selection: str, expected: list[int]) -> None:
    """Words select layers; several words what they have in common, in any order; a number a row of the table."""
    assert np.flatnonzero(selected(table_of_shapes(DIGITS), [selection], 0)).tolist() == expected


def test_rest_is_what_no_other_rule_selects() -> None:
    """What is left over is "rest": not selected by any other rule of the chain, before or after, however often it is asked for."""
    chain = ["matrices", "rest", "hidden matrices", "rest biases", "", "last"]
    table = table_of_shapes(DIGITS)
    assert np.flatnonzero(selected(table, chain, 1)).tolist() == [1, 3]
    assert np.flatnonzero(selected(table, chain, 3)).tolist() == [1, 3]
    assert np.flatnonzero(selected(table, ["rest"], 0)).tolist() == [0, 1, 2, 3, 4, 5]


def test_chosen_layers_close_up() -> None:
    """The table of some layers alone is that of their shapes."""
    table = table_of_shapes(DIGITS)
    np.testing.assert_array_equal(packed(table, selected(table, ["biases"], 0)), table_of_shapes([(16,), (16,), (10,)]))


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        ("matrixes", "unknown selection of layers 'matrixes': did you mean 'matrices'"),
        ("", "on which layers\\? Known are matrices, biases"),
        ("the first", "unknown selection of layers 'the'"),
    ],
)
def test_selection_that_is_none(selection: str, message: str) -> None:
    """Words that select nothing that is known are refused with those that do."""
    with pytest.raises(InputError, match=message):
        check_selection(selection)
