"""Hyperparameters of optimizers: filled in and checked."""

from __future__ import annotations

from typing import Any

import pytest
from optimizers.rules import W, worded

import optilab
from optilab import (
    InputError,
    elementwise,
)

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
