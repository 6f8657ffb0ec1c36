"""What the kit says of a subject."""

from __future__ import annotations

from optilab.optimizers.optimizer import Optimizer
from optilab.testing.kit import judge
from optilab.testing.subject import Subject
from optilab.testing.verdicts import Kit

EXAMPLES = 20
BOUNDS = "Reads and writes no array out of its bounds"
STILL = "With lr = 0 it stands still"
AGAIN = "The same steps, bit for bit, when it is run again"
TABLE = "Leaves the layer table as it is"
RESUMED = "Goes on from a saved state, bit for bit, as if it had never stopped"
DOWN = "With a small enough step it descends on convex quadratics"
PLAIN = "Does what its source does in plain Python"
COUNTED = "Every gradient that it evaluates is counted"
NAN = "A gradient of NaN is not silently absorbed"
CLAIMED = "Keeps the invariances that it claims"
PARITY = "Follows the reference that it names"


def verdict(optimizer: Optimizer, title: str):
    """What the kit says of one property."""
    return judge(Subject(optimizer, EXAMPLES), title)


def assert_breaks(kit: Kit, title: str, detail: str) -> None:
    """Assert that one property that begins so is broken, and that the reason has this in it."""
    (why,) = [why for name, why in broken(kit).items() if name.startswith(title)]
    assert detail in why


def broken(kit: Kit) -> dict[str, str]:
    """The properties that don't hold, and why."""
    return {v.title: v.detail for v in kit.verdicts() if v.outcome == "broken"}
