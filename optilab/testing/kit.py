"""The conformance kit of optimizers: one verdict for each property."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from optilab.optimizers.optimizer import Optimizer
from optilab.testing.parity import follows_its_reference
from optilab.testing.properties import PROPERTIES
from optilab.testing.speed import nanoseconds_a_weight
from optilab.testing.subject import Subject
from optilab.testing.verdicts import Kit, Verdict

SPEED = "Speed"


def _measured(subject: Subject) -> str:
    return (
        f"{nanoseconds_a_weight(subject.chain, subject.hyperparameters):.2f} ns a weight, in float32 at 13,002 weights"
    )


CHECKS: dict[str, Callable[[Subject], str]] = {
    **PROPERTIES,
    "Follows the reference that it names": follows_its_reference,
    SPEED: _measured,
}


def kit_of(subject: Subject) -> Kit:
    """The properties of an optimizer."""
    codes = [rule.function.__code__ for rule in subject.optimizer.rules]
    return Kit(
        {title: partial(check, subject) for title, check in CHECKS.items()},
        list(CHECKS)[:2],  # it compiles, and stays in bounds
        {code.co_filename for code in codes},
        " or ".join(f"{code.co_name} ({code.co_filename}, line {code.co_firstlineno})" for code in codes),
    )


def judge(subject: Subject, title: str) -> Verdict:
    """The verdict on one property."""
    return kit_of(subject).judge(title)


def check(optimizer: Optimizer, examples: int = 50, begun: Callable[[str], None] = lambda _: None) -> Iterator[Verdict]:
    """Verdicts on all properties, as they are found; none after a rule that doesn't compile or writes out of bounds.

    examples: how many each property is tried on.
    begun: called with the title of each property before it is tried.

    A rule that never returns is not stopped here: `optilab check` runs the kit in a separate process.
    """
    return kit_of(Subject(optimizer, examples)).verdicts(begun)
