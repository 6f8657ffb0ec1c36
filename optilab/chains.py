"""What the rules of a chain must let one another have: a cost and a gradient that belong together."""

from __future__ import annotations

from collections.abc import Sequence

from optilab.errors import InputError
from optilab.rules import EVALUATIONS, Rule


def check_chain(rules: Sequence[Rule]) -> None:
    """InputError for a rule that compares the gradient with the cost, or evaluates another, after one that changed it.

    A rule that says what becomes of the cost, by returning it, is heard by all of them. A rule that evaluates gradients for
    something else than g, as for curvatures, may stand anywhere.
    """
    for number, reader in enumerate(rules):
        asked = _reads(reader)
        if asked is None:
            continue
        for earlier in rules[:number]:
            if "g" in earlier.writes and "cost" not in earlier.changes:
                how = (
                    f"{reader.name} asks for the cost, which is not that of the gradient once {earlier.name} has changed it"
                    if asked == "cost"
                    else f"{reader.name} evaluates the gradient anew, and {earlier.name} before it would be lost"
                )
                names = f"{reader.name} | {earlier.name}"
                advice = f"write {names}" if reader.link == "before" else f"leave out {earlier.name}"
                raise InputError(f"{' | '.join(rule.label for rule in rules)}: {how}; {advice}")


def _reads(rule: Rule) -> str | None:
    """What a rule asks for that has to belong to the gradient that it is given."""
    if "cost" in rule.arguments and "cost" not in rule.changes:
        return "cost"
    return next((name for name in EVALUATIONS if name in rule.arguments and "g" in rule.writes), None)
