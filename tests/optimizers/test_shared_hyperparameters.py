"""Hyperparameters that several rules of a chain take: one value for all of them, if they agree."""

from __future__ import annotations

import pytest
from optimizers.rules import G, W, down, summed

import optilab
from optilab import (
    InputError,
    elementwise,
)


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


def test_disagreement_about_a_default_names_the_rules() -> None:
    """Where two rules of a chain have other defaults for a name, the message says which, and a given value is taken."""
    chain = optilab.get_optimizer("sgd | adam")
    with pytest.raises(
        InputError, match=r"needs a value for lr: its rules have other defaults, sgd.lr = 0.1, adam.lr = 0.001"
    ):
        chain.fill({})
    assert chain.fill({"lr": 0.5})["lr"] == 0.5


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
