"""Hyperparameters of one rule of a chain, by their qualified names; values that would act twice without."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from optimizers.rules import down, summed

import optilab
from optilab import (
    InputError,
    elementwise,
)
from optilab.optimizers.optimizer import Optimizer


@elementwise(ranges={"shrink": "[0, inf)"}, link="before")
def shrink(w, lr, shrink=0.1):
    """A link that does what it is called after."""
    w -= lr * shrink * w
    return w


@elementwise(lr=0.5, ranges={"shrink": "[0, inf)"})
def may_shrink(w, g, lr, shrink=0.0, eps=1e-8):
    """A rule that can do the same itself, and doesn't unless it is asked to."""
    w -= lr * (g + shrink * w) / (1 + eps)
    return w


@elementwise(lr=0.5, ranges={"shrink": "[0, inf)"})
def shrinks(w, g, lr, shrink=0.1):
    """A rule that does the same itself anyway."""
    w -= lr * (g + shrink * w)
    return w


@elementwise(link="before")
def softened(g, eps=1e-8):
    """A link whose number has the name of another's."""
    g /= 1 + eps
    return g


TWICE: list[tuple[Optimizer, dict[str, Any], str]] = [
    (shrink | may_shrink, {"shrink": 0.2}, '"shrink.shrink" = 0.2 and "may_shrink.shrink" = 0.0'),
    (may_shrink | shrink, {"shrink": 0.2}, '"may_shrink.shrink" = 0.2 and "shrink.shrink" = 0.1'),
    (shrink.on("matrices") | may_shrink, {"shrink": 0.2}, "both shrink and may_shrink have it"),
    (shrink.on("first") | may_shrink.on("matrices"), {"shrink": 0.2, "lr": 1.0}, "both shrink and may_shrink have it"),
    (shrink | shrinks, {}, '"shrink.shrink" = 0.1 and "shrinks.shrink" = 0.1'),
    (shrink | shrinks, {"shrink.shrink": 0.3}, '"shrink.shrink" = 0.3 and "shrinks.shrink" = 0.1'),
    (shrink | may_shrink | shrink, {"may_shrink.shrink": 0.0}, "both shrink_1 and shrink_2 have it"),
    (softened | may_shrink, {"eps": 1e-3}, '"softened.eps" = 0.001 and "may_shrink.eps" = 1e-08'),
    (
        (shrink | may_shrink).called("named", "Has a name of its own.", **{"may_shrink.shrink": 0.0}),
        {"shrink": 0.2},
        "shrink of named: both shrink and may_shrink have it",
    ),
]


@pytest.mark.parametrize(("chain", "given", "message"), TWICE, ids=lambda value: getattr(value, "name", None))
def test_a_hyperparameter_that_would_act_twice_is_refused(
    chain: Optimizer, given: dict[str, Any], message: str
) -> None:
    """A value that would go to a link and to another rule that has the same asks for one of its own for each, by name."""
    with pytest.raises(InputError, match=re.escape(message)):
        chain.fill(given)


def test_a_hyperparameter_that_acts_once_is_taken() -> None:
    """On other layers, where each rule has its own value, or where both agree and the link is not called after it."""
    chain = shrink | may_shrink
    own: dict[str, Any] = {"shrink.shrink": 0.2, "may_shrink.shrink": 0.0, "eps": 0.0}
    step = chain.start([2.0], lr=0.5, **own).step([0.0])
    assert step[0] == pytest.approx(2.0 * 0.9, rel=1e-15)
    both = chain.start([2.0], lr=0.5, **{**own, "may_shrink.shrink": 0.4}).step([0.0])
    assert both[0] == pytest.approx(2.0 * 0.9 * 0.8, rel=1e-15)
    assert chain.fill({"shrink.shrink": 0.2})["shrink"] == 0.0
    for on, other in (("matrices", "biases"), ("matrices", "rest"), ("0", "1"), ("hidden", "last biases")):
        assert (shrink.on(on) | may_shrink.on(other)).fill({"shrink": 0.2, "lr": 1.0})["shrink"] == 0.2
    assert (softened | may_shrink).fill({}) == (softened | may_shrink).fill({"eps": 1e-8})
    assert (may_shrink | shrinks).fill({"shrink": 0.2})["shrink"] == 0.2  # two steps, one after the other


@pytest.mark.parametrize("name", ["lion", "lamb", "adafactor", "adamw"])
def test_weights_do_not_decay_twice(name: str) -> None:
    """Decoupled decay before an optimizer that has it too needs to be told which of them decays."""
    with pytest.raises(InputError, match=rf'"weight_decay.weight_decay" = 0.004 and "{name}.weight_decay" = 0'):
        optilab.train("bowl", ["weight_decay", name], steps=1, weight_decay=0.004)
    chain = optilab.get_optimizer(["weight_decay", name])
    assert chain.fill({"weight_decay.weight_decay": 0.004, f"{name}.weight_decay": 0.0})


@pytest.mark.parametrize(("name", "meant"), [("adam.betta1", "adam.beta1"), ("betta1", "beta1"), ("sgdd.lr", "sgd.lr")])
def test_a_misspelt_name_is_told_in_the_way_it_was_written(name: str, meant: str) -> None:
    """A name with a rule before it is compared with such names, a plain one with plain ones."""
    with pytest.raises(InputError, match=rf"unknown parameter of sgd \| adam '{name}': did you mean '{meant}'"):
        optilab.get_optimizer("sgd | adam").fill({name: 0.5, "lr": 0.1})


def test_a_hyperparameter_of_one_rule_by_its_qualified_name() -> None:
    """A qualified name gives a value to one rule of a chain; the plain name to all others; each may be scheduled."""
    chain = down | summed
    assert chain.fill({"lr": 0.5, "summed.lr": 0.1}) == {"lr": 0.5, "summed.lr": 0.1}
    assert chain.fill({"down.lr": 0.5, "summed.lr": 0.1}) == {"down.lr": 0.5, "summed.lr": 0.1}
    assert chain.numbers(chain.fill({"lr": 0.5, "summed.lr": 0.1})) == [0.5, 0.1]
    assert chain.positions_of("lr") == [0, 1]
    assert chain.positions_of("summed.lr") == [1]
    with pytest.raises(InputError, match="needs a value for lr: its rules have other defaults"):
        chain.fill({})
    assert chain.fill({"summed.lr": 0.1}) == {"lr": 0.5, "summed.lr": 0.1}  # only one default is left
    with pytest.raises(InputError, match=r"unknown parameter of down \| summed 'sumed.lr': did you mean 'summed.lr'"):
        chain.fill({"sumed.lr": 0.1})
    with pytest.raises(InputError, match=r"summed.lr = -1 is out of range: accepted is \(0, inf\)"):
        chain.fill({"summed.lr": -1})

    rates: dict[str, Any] = {"lr": 0.01, "summed.lr": 0.02}
    whole = optilab.train("bowl", chain, steps=5, schedule="linear", **rates)
    of_one = {"use": "linear", "of": "summed.lr"}
    part = optilab.train("bowl", chain, steps=5, schedule=of_one, **rates)
    w, total = np.array([-1.8, 0.9]), np.zeros(2)
    v, sums = w.copy(), np.zeros(2)
    for k in range(5):
        g = w * [1, 20]
        total += g
        w = w - 0.01 * (1 - k / 5) * g - 0.02 * (1 - k / 5) * total
        g = v * [1, 20]
        sums += g
        v = v - 0.01 * g - 0.02 * (1 - k / 5) * sums
    np.testing.assert_allclose(whole.w, w, rtol=1e-12)
    np.testing.assert_allclose(part.w, v, rtol=1e-12)


def test_a_value_that_no_rule_would_use_is_refused() -> None:
    """Where each rule has a value of its own, one for all of them says nothing."""
    with pytest.raises(InputError, match=r"lr is given, but each rule of down \| summed has a value of its own"):
        (down | summed).fill({"lr": 1.0, "down.lr": 0.5, "summed.lr": 0.25})
