"""Things by their names, as a notebook asks for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from optilab.arguments import PRECISION, TEXT, Kind, takes
from optilab.errors import InputError, at
from optilab.guarding import trusted
from optilab.optimizers import Optimizer
from optilab.plugins import registry

if TYPE_CHECKING:
    from optilab.problems import Precision, Problem
    from optilab.schedules import BoundSchedule


OPTIMIZER = Kind(
    "the name of an optimizer, a list of names, or an Optimizer",
    lambda value: (
        isinstance(value, (str, Optimizer))
        or (isinstance(value, (list, tuple)) and all(isinstance(name, str) for name in value))
    ),
)


def _is_problem(value: object) -> bool:
    from optilab.problems import Problem

    return isinstance(value, (str, Problem))


PROBLEM = Kind("the name of a problem, or a Problem", _is_problem)


@takes(name=TEXT, precision=PRECISION)
def get_problem(name: str, precision: Precision | None = None, **parameters: Any) -> Problem:
    """The problem `name` with these parameters, in "float32" or "float64" (its own default where none is given).

    InputError for an unknown name or parameters that don't fit.
    """
    kind = registry().problem(name)
    with trusted(f"the problem {name}"):
        return kind.build(parameters, precision)


@takes(name=OPTIMIZER)
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


@takes(name=TEXT)
def get_schedule(name: str, **parameters: Any) -> BoundSchedule:
    """The schedule `name` with these parameters. InputError for an unknown name or parameters that don't fit."""
    from optilab.schedules import from_spec

    return from_spec({"use": name, **parameters}, "", registry().schedule)
