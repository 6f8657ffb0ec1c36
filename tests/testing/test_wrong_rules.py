"""What the kit finds of wrong rules: each way of being wrong, with an example."""

from __future__ import annotations

import re

import numpy as np
import pytest
from testing.rules import (
    biased,
    deaf,
    deaf_at_the_end,
    homesick,
    honest,
    meddling,
    one_too_many,
    only_decays,
    restless,
    shrinks_and_averages,
    squared,
    twice,
    unscaled,
    uphill,
)
from testing.verdicts import AGAIN, BOUNDS, CLAIMED, COUNTED, DOWN, EXAMPLES, NAN, PLAIN, RESUMED, STILL, TABLE, verdict

import optilab
from optilab import elementwise
from optilab.optimizers.optimizer import Optimizer
from optilab.testing import check
from optilab.testing.kit import CHECKS, judge
from optilab.testing.subject import Subject


@pytest.mark.parametrize(
    ("optimizer", "title", "said"),
    [
        (
            one_too_many,
            BOUNDS,
            r"an index is out of bounds in line \d+ of .*rules.py: w\[i\] -= lr \* g\[i\], from w = ",
        ),
        (restless, STILL, r"after step 1 weight 0 is 0.0 and -?0.000125 \(before and after\)"),
        (uphill, DOWN, r"the cost is .* at first, and .* after 200 steps at any lr, on a bowl of condition"),
        (meddling, TABLE, r"it writes to kind of the layer table"),
        (deaf, NAN, r"the weights go on as if nothing were wrong, to .* gradients = \[\[nan"),
        (unscaled, CLAIMED, r"with all gradients times"),
        (squared, CLAIMED, r"turned after and before"),
        (biased, CLAIMED, r"flipped after and before"),
        (homesick, CLAIMED, r"moved by 1 after and before"),
    ],
    ids=lambda given_value: getattr(given_value, "name", None),
)
def test_each_way_of_being_wrong_is_found(optimizer: Optimizer, title: str, said: str) -> None:
    """The property that is broken is told with the smallest example that was found."""
    found = verdict(optimizer, title)
    assert found.outcome == "broken"
    assert re.search(said, found.detail), found.detail


def test_the_smallest_example_is_small() -> None:
    """A gradient that breaks a property is shrunk to one weight, one step and an eighth."""
    detail = verdict(restless, STILL).detail
    assert detail.endswith("from w = [0.0] on layers [(1,)], gradients = [[0.125]]")


def test_a_rule_that_is_not_its_source_is_found() -> None:
    """If compiled code does anything else than the source in plain Python, the kit says at which weight."""
    subject = Subject(honest, EXAMPLES)
    subject.__dict__["compiled"] = Subject(uphill, EXAMPLES).compiled
    found = judge(subject, PLAIN)
    assert found.outcome == "broken"
    assert "compiled and in plain Python" in found.detail


def test_a_lost_state_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """If a saved state doesn't hold all that the next steps depend on, the kit says after which step it shows."""
    from optilab.optimizers.stepper import Stepper

    momentum = optilab.get_optimizer("momentum")
    whole = Stepper.save
    monkeypatch.setattr(Stepper, "save", lambda self: {**whole(self), "state": np.zeros_like(whole(self)["state"])})
    found = verdict(momentum, RESUMED)
    assert found.outcome == "broken"
    assert "when it is stopped after step" in found.detail


def test_chance_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs that differ in a single bit are not the same."""
    from optilab.optimizers.stepper import Stepper

    whole, count = Stepper.step, [0]

    def step(self, *given_values):
        count[0] += 1
        found = whole(self, *given_values)
        found[0] += 1e-15 * (1 + abs(found[0])) * (count[0] % 7)
        return found

    monkeypatch.setattr(Stepper, "step", step)
    assert "in two runs" in verdict(honest, AGAIN).detail


def test_evaluations_that_are_not_counted_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts of compiled code and of plain Python are compared, and the mean count is told."""
    assert re.fullmatch(r"[23](\.\d)? a step", verdict(twice, COUNTED).detail)
    subject = Subject(twice, EXAMPLES)
    subject.__dict__["plain"] = Subject(honest, EXAMPLES).compiled
    found = judge(subject, COUNTED)
    assert found.outcome == "broken"
    assert "counted" in found.detail


def test_nothing_more_is_tried_with_a_rule_that_writes_out_of_bounds() -> None:
    """After it the process can't be trusted: there are no verdicts on other properties."""
    assert [v.title for v in check(one_too_many, EXAMPLES)] == list(CHECKS)[:2]


def test_a_chain_claims_what_all_its_rules_claim() -> None:
    """A claim of one rule says nothing of a chain with another."""
    assert verdict(honest | squared, CLAIMED).outcome == "broken"  # both claim rotation
    assert verdict(honest | biased, CLAIMED).outcome == "broken"  # both claim sign flips
    assert verdict(honest | uphill, CLAIMED).detail == "it claims none"


@pytest.mark.parametrize(
    ("optimizer", "title"),
    [(shrinks_and_averages, DOWN), (only_decays, DOWN), (deaf_at_the_end, "Every weight hears its own gradient")],
    ids=lambda given_value: getattr(given_value, "name", None),
)
def test_what_only_looks_like_descent_is_found(optimizer: Optimizer, title: str) -> None:
    """Shrinking weights is no descent, for the minimum is not at zero; nor is leaving some weights where they are."""
    assert verdict(optimizer, title).outcome == "broken"


def test_an_exception_of_the_rule_is_a_broken_property_with_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the rule's own code raises is told with the line, and the kit goes on."""

    @elementwise(lr=0.1)
    def misread(w, g, lr):
        w -= lr * g.nothing_of_the_kind
        return w

    subject = Subject(misread, EXAMPLES)
    subject.__dict__["compiled"] = Subject(honest, EXAMPLES).compiled
    found = judge(subject, PLAIN)
    assert found.outcome == "broken"
    assert re.search(
        r"AttributeError: .*nothing_of_the_kind.*, in line \d+ of .*test_wrong_rules.py: w -= lr", found.detail
    )
