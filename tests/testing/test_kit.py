"""The conformance kit: what it looks at, and that a good rule keeps everything."""

from __future__ import annotations

import re

import numpy as np
import pytest
from testing.rules import counts_what_it_leaves_out, half_back, halved, honest, many_ways, twice, uphill
from testing.verdicts import (
    AGAIN,
    BOUNDS,
    CLAIMED,
    COUNTED,
    DOWN,
    EXAMPLES,
    NAN,
    PARITY,
    PLAIN,
    RESUMED,
    STILL,
    TABLE,
    verdict,
)

import optilab
from optilab import InputError, elementwise
from optilab.optimizers.optimizer import Optimizer
from optilab.optimizers.rule import CLAIMS
from optilab.testing import check, nanoseconds_a_weight
from optilab.testing.kit import CHECKS, SPEED
from optilab.testing.properties import PROPERTIES


@pytest.mark.parametrize("optimizer", [honest, twice, halved, half_back], ids=lambda optimizer: optimizer.name)
def test_good_rules_keep_everything(optimizer: Optimizer) -> None:
    """A rule, a rule that evaluates gradients, and links before and after a rule: nothing is broken."""
    verdicts = list(check(optimizer, EXAMPLES))
    assert [v.title for v in verdicts] == list(CHECKS)
    assert [v for v in verdicts if v.outcome == "broken"] == []


def test_what_does_not_concern_a_rule_is_said() -> None:
    """A property that doesn't concern a rule is neither kept nor broken, and the reason is told."""
    assert verdict(honest, COUNTED).outcome == "not asked"
    assert verdict(halved, STILL).detail == "it doesn't ask for lr"
    assert verdict(twice, NAN).detail == "its gradients are its own"
    assert verdict(uphill, CLAIMED).detail == "it claims none"
    assert verdict(uphill, PARITY).detail == "it names none"


def test_a_rule_that_does_not_compile_is_told_with_its_line() -> None:
    """The one verdict says what is wrong, in which file and line."""

    @elementwise(lr=0.1)
    def misspelt(w, g, lr):
        w -= lr * gg  # type: ignore[name-defined]  # noqa: F821
        return w

    (found,) = check(misspelt, EXAMPLES)
    assert found.outcome == "broken"
    assert re.search(r"'misspelt' doesn't compile, in .*test_kit.py, line \d+: .*'gg'", found.detail)


def test_every_property_says_what_it_is() -> None:
    """Titles are sentences of their own; each is looked at; speed is measured last."""
    assert list(CHECKS)[: len(PROPERTIES)] == list(PROPERTIES)
    assert list(CHECKS)[-1] == SPEED
    assert all(len(title) > 10 for title in PROPERTIES)
    assert {BOUNDS, STILL, AGAIN, TABLE, RESUMED, DOWN, PLAIN, COUNTED, NAN, CLAIMED, PARITY} <= set(CHECKS)


def test_every_claim_can_be_checked() -> None:
    """There is a check for each invariance that a rule can claim, and no other can be claimed."""
    from optilab.testing.invariances import _CLAIMS

    assert set(_CLAIMS) == set(CLAIMS)
    with pytest.raises(InputError, match="unknown claim 'rotatoin': did you mean 'rotation'"):
        elementwise(lr=0.1, claims=("rotatoin",))(honest.rules[0].function)


def test_speed_is_measured() -> None:
    """More arithmetic takes longer: a rule of a hundred roots a weight, against plain descent."""

    @elementwise(lr=0.1)
    def slow(w, g, lr):
        x = abs(g) + 1
        for _ in range(100):
            x = np.sqrt(x + 1)
        w -= lr * x
        return w

    shapes = ((50, 20), (20,))
    quick = nanoseconds_a_weight(honest, {"lr": 0.1}, shapes, seconds=0.01)
    assert nanoseconds_a_weight(slow, {"lr": 0.1}, shapes, seconds=0.01) > 10 * max(quick, 0.01)


def test_a_gradient_that_is_left_out_and_counted_is_not_silent() -> None:
    """A rule may go on after a gradient of NaN, if a number among its states tells."""
    assert verdict(counts_what_it_leaves_out, NAN).outcome == "holds"


def test_the_layer_table_can_be_read_in_every_way() -> None:
    """Plain Python reads it as compiled code does."""
    assert verdict(many_ways, PLAIN).outcome == "holds"


@pytest.mark.parametrize("chain", ["weight_decay on matrices | adam", "muon on hidden matrices | adam on rest"])
def test_rules_on_some_layers_are_tried_where_they_have_some(chain: str) -> None:
    """A chain that works on some layers is checked on networks that have them."""
    assert [v for v in check(optilab.get_optimizer(chain), 5) if v.outcome == "broken"] == []
