"""What the rules of a chain must let one another have: a cost and a gradient that belong together."""

from __future__ import annotations

from collections.abc import Sequence

from optilab.errors import InputError
from optilab.rules import EVALUATIONS, Rule


def check_chain(rules: Sequence[Rule]) -> None:
    """InputError for a rule that compares the gradient with the cost, or evaluates another, after one that changed it.

    So it is for one that compares the cost with costs at other weights, after one that has moved w from where the cost was taken. A
    rule that says what becomes of the cost, by returning it, is heard by all of them. A rule that evaluates gradients for something
    else than g, as for curvatures, may stand anywhere.
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
                raise InputError(f"{_name(rules)}: {how}; {advice}")
        moved = _moved(rules[:number])
        if moved and _searches(reader):
            raise InputError(
                f"{_name(rules)}: {reader.name} searches from w for a lower cost than that at w, which is not known once "
                f"{moved.name} has moved w; leave out {moved.name}"
            )


def _moved(rules: Sequence[Rule]) -> Rule | None:
    """The rule that has moved w from where the cost was taken, if there is one.

    Not a link that changes w after another rule's step: it may take w back to where that began.
    """
    movers = [rule for rule in rules if "w" in rule.writes]
    last = movers[-1] if movers else None
    return last if last and (last.link is None or not any(rule.link is None for rule in movers)) else None


def _name(rules: Sequence[Rule]) -> str:
    return " | ".join(rule.label for rule in rules)


def _searches(rule: Rule) -> bool:
    """Whether a rule compares the cost that it is given with costs that it evaluates."""
    return _reads(rule) == "cost" and any(name in rule.arguments for name in EVALUATIONS)


def _reads(rule: Rule) -> str | None:
    """What a rule asks for that has to belong to the gradient that it is given."""
    if "cost" in rule.arguments and "cost" not in rule.changes:
        return "cost"
    return next((name for name in EVALUATIONS if name in rule.arguments and "g" in rule.writes), None)
