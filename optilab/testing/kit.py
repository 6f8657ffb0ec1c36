"""The conformance kit at work: one verdict for each property."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from optilab.errors import InputError
from optilab.optimizers import Optimizer
from optilab.testing.parity import follows_its_reference
from optilab.testing.properties import PROPERTIES
from optilab.testing.speed import nanoseconds_a_weight
from optilab.testing.subject import NotAsked, Subject, ViolationError

Outcome = Literal["holds", "broken", "not asked"]
SPEED = "Speed"


@dataclass(frozen=True)
class Verdict:
    """What the kit found of one property; `detail` is the smallest failing example, what was measured, or why it wasn't."""

    title: str
    outcome: Outcome
    detail: str = ""


def _measured(subject: Subject) -> str:
    return (
        f"{nanoseconds_a_weight(subject.chain, subject.hyperparameters):.2f} ns a weight, in float32 at 13,002 weights"
    )


CHECKS: dict[str, Callable[[Subject], str]] = {
    **PROPERTIES,
    "Follows the reference that it names": follows_its_reference,
    SPEED: _measured,
}


_FIRST = list(CHECKS)[:2]  # without them the others may take the process down


def judge(subject: Subject, title: str) -> Verdict:
    """The verdict on one property."""
    try:
        answer = CHECKS[title](subject)
    except (ViolationError, InputError) as error:
        return Verdict(title, "broken", str(error))
    except Exception as error:  # in the rule's own code
        frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename in _files(subject)]
        where = f", in line {frames[-1].lineno} of {frames[-1].filename}: {frames[-1].line}" if frames else ""
        return Verdict(title, "broken", f"{type(error).__name__}: {error}{where}")
    return Verdict(title, "not asked" if isinstance(answer, NotAsked) else "holds", str(answer))


def _files(subject: Subject) -> set[str]:
    return {rule.function.__code__.co_filename for rule in subject.optimizer.rules}


def check(optimizer: Optimizer, examples: int = 50, begun: Callable[[str], None] = lambda _: None) -> Iterator[Verdict]:
    """Verdicts on all properties, as they are found. After a rule that doesn't compile, or writes out of bounds, there are no others.

    examples: how many each property is tried on.
    begun: told the title of each property before it is looked at.

    A rule that never returns is not stopped here: `optilab check` runs the kit in a process of its own.
    """
    subject = Subject(optimizer, examples)
    for title in CHECKS:
        begun(title)
        verdict = judge(subject, title)
        yield verdict
        if verdict.outcome == "broken" and title in _FIRST:
            return
