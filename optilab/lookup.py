"""Things by their names, as a notebook asks for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from optilab.errors import InputError, at
from optilab.optimizers import Optimizer
from optilab.plugins import registry

if TYPE_CHECKING:
    from optilab.problems import Precision, Problem
    from optilab.schedules import BoundSchedule


def get_problem(name: str, dtype: Precision | None = None, **parameters: Any) -> Problem:
    """The problem `name` with these parameters, in "float32" or "float64" (its own default where none is given).

    InputError for an unknown name or parameters that don't fit.
    """
    if dtype not in (None, "float32", "float64"):
        raise InputError(f"dtype = {dtype!r}: accepted is 'float32' or 'float64'")
    return registry().problem(name).build(parameters, dtype)


def get_optimizer(name: str | list[str] | Optimizer) -> Optimizer:
    """The optimizer `name`; a list of names, or names joined by " | ", is a chain.

    "name on matrices" is the optimizer on some layers alone, as by `Optimizer.on`. InputError for an unknown name.
    """
    if isinstance(name, Optimizer):
        return name
    return chain([name] if isinstance(name, str) else list(name))


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


def get_schedule(name: str, **parameters: Any) -> BoundSchedule:
    """The schedule `name` with these parameters. InputError for an unknown name or parameters that don't fit."""
    from optilab.schedules import from_spec

    return from_spec({"use": name, **parameters}, "", registry().schedule)
