"""Chains of optimizers by their names."""

from __future__ import annotations

from collections.abc import Sequence

from optilab.errors import InputError, at
from optilab.optimizers.optimizer import Optimizer
from optilab.plugins.loading import registry


def chain(names: Sequence[str], place: str = "") -> Optimizer:
    """The chain of the optimizers `names`. InputError, beginning with the place, for an unknown name, or rules that don't go together."""
    if not names:
        raise InputError("an optimizer has at least one rule")
    found = []
    for text in (part for name in names for part in name.split("|")):
        name, on, layers = text.strip().partition(" on ")
        optimizer = registry().optimizer(name.strip(), place)
        found.append(optimizer.on(layers) if on else optimizer)
    try:
        return (
            found[0] if len(found) == 1 else Optimizer(tuple(rule for optimizer in found for rule in optimizer.rules))
        )
    except InputError as error:  # they don't go together
        raise InputError(f"{at(place)}{error}") from None
