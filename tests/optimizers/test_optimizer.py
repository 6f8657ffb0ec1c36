"""Hyperparameters of optimizers: filled in, checked, shared by the rules of a chain."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from optimizers.rules import G, W, down, summed, worded

import optilab
from optilab import (
    InputError,
    elementwise,
)
from optilab.optimizers.optimizer import Optimizer

ADAM_HYPERPARAMETERS = [
    ({"betta1": 0.5}, "unknown parameter of adam 'betta1': did you mean 'beta1'"),
    ({"zzz": 0.5}, "unknown parameter of adam 'zzz': known are beta1, beta2, "),
    ({"beta1": 1.5}, r"beta1 = 1.5 is out of range: accepted is \[0, 1\)"),
    ({"beta1": 1}, r"beta1 = 1 is out of range: accepted is \[0, 1\)"),
    ({"beta1": -1e-300}, "is out of range"),
    ({"lr": 0}, r"lr = 0 is out of range: accepted is \(0, inf\)"),
    ({"lr": -0.1}, r"lr = -0.1 is out of range: accepted is \(0, inf\)"),
    ({"lr": float("nan")}, r"lr = nan is out of range: accepted is \(0, inf\)"),
    ({"lr": float("inf")}, r"lr = inf is out of range: accepted is \(0, inf\)"),
    ({"lr": "0.1"}, "lr = '0.1' is not a number"),
    ({"lr": None}, "lr = None is not a number"),
    ({"lr": [0.1]}, r"lr = \[0.1\] is not a number"),
    ({"lr": True}, "lr = True is not a number"),
]


@pytest.mark.parametrize(("hyperparameters", "message"), ADAM_HYPERPARAMETERS)
def test_hyperparameter_that_does_not_fit(hyperparameters: dict[str, Any], message: str) -> None:
    """Unknown names, wrong types and values out of range are refused alike by fill, start and train."""
    adam = optilab.get_optimizer("adam")
    for use in (
        lambda: adam.fill(hyperparameters),
        lambda: adam.start([1.0], **hyperparameters),
        lambda: optilab.train("bowl", "adam", steps=1, **hyperparameters),
    ):
        with pytest.raises(InputError, match=message):
            use()


def test_hyperparameters_are_filled_in_and_become_floats() -> None:
    """The given values and the defaults of the rest, whole numbers as floats."""
    filled = optilab.get_optimizer("adam").fill({"lr": 1, "beta1": 0})
    expected = {"lr": 1.0, "beta1": 0.0, "beta2": 0.999, "eps": 1e-8}
    assert filled | expected == filled
    assert all(type(filled[name]) is float for name in expected)


@elementwise()
def switchable(w, g, lr, uphill=False, sign=1.0):
    """A rule with a switch, and without a default learning rate."""
    if uphill:
        w += sign * lr * g
    else:
        w -= sign * lr * g
    return w


def test_hyperparameter_without_a_default_has_to_be_given() -> None:
    """A rule whose lr has no default needs one; other hyperparameters may be negative unless a range forbids it."""
    with pytest.raises(InputError, match="switchable needs a value for lr"):
        switchable.start([1.0])
    assert switchable.fill({"lr": 1.0, "sign": -2})["sign"] == -2


def test_switch_is_true_or_false() -> None:
    """A hyperparameter whose default is False takes True or False and nothing else, and works as a condition."""
    assert switchable.start([1.0], lr=0.5).step([1.0])[0] == 0.5
    assert switchable.start([1.0], lr=0.5, uphill=True).step([1.0])[0] == 1.5
    for value in (1, 0.0, "yes"):
        with pytest.raises(InputError, match="is not true or false"):
            switchable.start([1.0], lr=0.5, uphill=value)


def test_rules_of_a_chain_share_a_hyperparameter_by_its_name() -> None:
    """Lr of `weight_decay | sgd` is one number for both; it takes its default from the rule that has one."""
    chain = optilab.get_optimizer("weight_decay | sgd")
    assert chain.fill({}) == {"lr": 0.1, "weight_decay": 0.01, "scaled_by_lr": True}
    stepper = chain.start([2.0], lr=0.5, weight_decay=0.1)
    assert stepper.step([1.0])[0] == pytest.approx(2.0 * (1 - 0.05) - 0.5, rel=1e-15)


def test_rules_that_disagree_about_a_default_need_a_value() -> None:
    """Where two rules have other defaults for one name, neither wins: the value has to be given."""
    chain = optilab.get_optimizer("sgd | adam")  # 0.1 and 0.001
    with pytest.raises(InputError, match=r"sgd \| adam needs a value for lr"):
        chain.start([1.0])
    assert chain.fill({"lr": 0.5})["lr"] == 0.5


def test_a_third_rule_does_not_settle_a_disagreement() -> None:
    """Where two rules have other defaults for one name, a third that sides with one of them changes nothing."""
    chain = optilab.get_optimizer("sgd | adam | momentum")  # 0.1, 0.001 and 0.1
    with pytest.raises(InputError, match=r"needs a value for lr"):
        chain.fill({})


def test_a_shared_hyperparameter_is_checked_against_every_rule() -> None:
    """A value has to suit all the rules of a chain that take it, whichever comes first."""

    def wide(w, beta=0.5):
        w *= beta
        return w

    def narrow(g, beta=0.5):
        g *= beta
        return g

    wide_rule, narrow_rule = elementwise()(wide), elementwise(ranges={"beta": "[0, 1)"})(narrow)
    for chain in (wide_rule | narrow_rule, narrow_rule | wide_rule):
        with pytest.raises(InputError, match=r"beta = 2 is out of range: accepted is \[0, 1\)"):
            chain.fill({"beta": 2})


def test_a_shared_hyperparameter_suits_ranges_of_other_kinds() -> None:
    """A whole number of one rule that is a number of another has to be both."""

    def counts(w, k=1):
        w *= k
        return w

    def measures(g, k=1):
        g *= k
        return g

    chain = elementwise(ranges={"k": "{1, 2, ...}"})(counts) | elementwise(ranges={"k": "[0, 3]"})(measures)
    assert chain.fill({"k": 3})["k"] == 3
    for value, accepted in ((4, r"\[0, 3\]"), (1.5, r"\{1, 2, \.\.\.\}"), (0, r"\{1, 2, \.\.\.\}")):
        with pytest.raises(InputError, match=f"k = {value} is out of range: accepted is {accepted}"):
            chain.fill({"k": value})


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


def test_disagreement_about_a_default_names_the_rules() -> None:
    """Where two rules of a chain have other defaults for a name, the message says which, and a given value is taken."""
    chain = optilab.get_optimizer("sgd | adam")
    with pytest.raises(
        InputError, match=r"needs a value for lr: its rules have other defaults, sgd.lr = 0.1, adam.lr = 0.001"
    ):
        chain.fill({})
    assert chain.fill({"lr": 0.5})["lr"] == 0.5


@pytest.mark.parametrize(("name", "meant"), [("adam.betta1", "adam.beta1"), ("betta1", "beta1"), ("sgdd.lr", "sgd.lr")])
def test_a_misspelt_name_is_told_in_the_way_it_was_written(name: str, meant: str) -> None:
    """A name with a rule before it is compared with such names, a plain one with plain ones."""
    with pytest.raises(InputError, match=rf"unknown parameter of sgd \| adam '{name}': did you mean '{meant}'"):
        optilab.get_optimizer("sgd | adam").fill({name: 0.5, "lr": 0.1})


@pytest.mark.parametrize(
    ("given_values", "message"),
    [
        ({"form": "round"}, "form = 'round': accepted is 'plain' or 'signed' or 'squared'"),
        ({"form": 1}, "form = 1: accepted is 'plain'"),
        ({"power": 0}, r"power = 0 is out of range: accepted is \{1, 2, ...\}"),
        ({"power": 1.5}, r"power = 1.5 is out of range: accepted is \{1, 2, ...\}"),
        ({"flip": 1}, "flip = 1 is not true or false"),
    ],
)
def test_values_that_are_not_accepted(given_values: dict[str, Any], message: str) -> None:
    """Words, whole numbers and switches are checked before anything runs."""
    with pytest.raises(InputError, match=message):
        worded.start(W, **given_values)


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


def test_rules_that_differ_about_a_default_keep_their_own_in_a_named_chain() -> None:
    """A chain with a name of its own begins at its rules' defaults, also where these differ."""
    named = (down | summed).called("apart", "", **{"down.lr": 0.5, "summed.lr": 0.125})
    assert named.fill({}) == {"down.lr": 0.5, "summed.lr": 0.125}
    assert named.fill({"down.lr": 1.0}) == {"down.lr": 1.0, "lr": 0.125}
    assert named.fill({"lr": 1.0}) == {"lr": 1.0}
    named.start(W).step(G)
    for title in ("a | b", 'a"', "a on first", ""):
        with pytest.raises(InputError, match="can't name an optimizer"):
            named.called(title, "")


@elementwise(lr=1.0)
def climbs(w, g, lr, uphill=True):
    """Up or down."""
    w += lr * g if uphill else -lr * g
    return w


@elementwise(lr=1.0)
def falls(w, g, lr, uphill=False):
    """Up or down."""
    w += lr * g if uphill else -lr * g
    return w


def test_a_switch_whose_defaults_differ_stays_a_switch() -> None:
    """It must be given, and takes true or false."""
    chain = climbs | falls
    assert chain.fill({"uphill": True})["uphill"] is True
    with pytest.raises(InputError, match="uphill = 1 is not true or false"):
        chain.fill({"uphill": 1})
    with pytest.raises(InputError, match="needs a value for uphill"):
        chain.fill({})


def test_a_value_that_no_rule_would_use_is_refused() -> None:
    """Where each rule has a value of its own, one for all of them says nothing."""
    with pytest.raises(InputError, match=r"lr is given, but each rule of down \| summed has a value of its own"):
        (down | summed).fill({"lr": 1.0, "down.lr": 0.5, "summed.lr": 0.25})
