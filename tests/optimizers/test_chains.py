"""Chains as a person writes them: by name, by `|`, with a name of their own."""

from __future__ import annotations

import numpy as np
import pytest
from optimizers.rules import W, down, summed, waits

import optilab
from optilab import (
    InputError,
    elementwise,
)


def plain(w, g, lr):
    """Gradient descent."""
    w -= lr * g
    return w


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("adm", "unknown optimizer 'adm': did you mean .*'adam'"),
        ("sgd | adm", "unknown optimizer 'adm': did you mean .*'adam'"),
        (["sgd", "adm"], "unknown optimizer 'adm': did you mean .*'adam'"),
        ([], "an optimizer has at least one rule"),
        ("sgd |", "unknown optimizer ''"),
    ],
)
def test_optimizer_that_is_not_known(name: str | list[str], message: str) -> None:
    """An unknown optimizer is refused with the near names, also within a chain."""
    with pytest.raises(InputError, match=message):
        optilab.get_optimizer(name)


def test_chains_are_written_in_four_ways() -> None:
    """Names joined by a bar, a list of names, optimizers joined by |, and the optimizer itself are one chain."""
    chain = optilab.get_optimizer("l2 | momentum")
    assert chain.name == "l2 | momentum"
    assert optilab.get_optimizer(["l2", "momentum"]) == chain
    assert optilab.get_optimizer("l2") | optilab.get_optimizer("momentum") == chain
    assert optilab.get_optimizer(chain) is chain
    longer = optilab.get_optimizer("clip_by_global_norm") | chain
    assert [rule.name for rule in longer.rules] == ["clip_by_global_norm", "l2", "momentum"]


def test_only_optimizers_can_be_chained() -> None:
    """What is not an optimizer can't be joined to one."""
    with pytest.raises(TypeError, match="unsupported operand"):
        optilab.get_optimizer("l2") | "momentum"  # type: ignore[operator]


def test_batch_size_is_that_of_the_last_rule_that_declares_one() -> None:
    """An optimizer takes batches of 32 unless a rule says otherwise, and in a chain the last that says so."""
    eight = elementwise(lr=0.1, batch_size=8)(plain)
    link, sgd, descent = map(optilab.get_optimizer, ["l2", "sgd", "gradient_descent"])
    assert sgd.batch_size == (link | sgd).batch_size == 32
    assert (link | eight).batch_size == (eight | link).batch_size == 8
    assert (descent | eight).batch_size == 8
    assert (eight | descent).batch_size == "full"


def test_a_chain_with_a_name_of_its_own() -> None:
    """`called` gives a chain a name, a docstring and other defaults; what it is made of stays the same."""
    chain = waits | summed
    named = chain.called("patient", "Waits,\n    and sums.", every=5, lr=0.125)
    assert named.name == "patient"
    assert named.documentation == "Waits,\nand sums."
    assert named.fill({}) == {"every": 5, "lr": 0.125}
    assert chain.fill({}) == {"every": 3, "lr": 0.25}
    gradients = np.random.default_rng(5).normal(size=(7, 20))
    one, other = named.start(W), chain.start(W, every=5, lr=0.125)
    for g in gradients:
        np.testing.assert_array_equal(one.step(g), other.step(g))
    assert (named | down).name == "waits | summed | down"
    by_rule = (down | summed).called("both", "", **{"down.lr": 0.5, "summed.lr": 0.5})
    assert by_rule.fill({}) == {"lr": 0.5}
    with pytest.raises(InputError, match=r"unknown parameter of waits \| summed 'evry': did you mean 'every'"):
        chain.called("patient", "", evry=5)
    with pytest.raises(InputError, match="every = 0 is out of range"):
        chain.called("patient", "", every=0)
