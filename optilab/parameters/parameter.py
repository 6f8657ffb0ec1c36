"""Parameters read from a function's signature: names, defaults, and the range that each accepts."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from optilab.errors import InputError, at, unknown
from optilab.parameters.accepted import FINITE, Range, Switch, WholeNumbers, Words, parse_range
from optilab.parameters.numeric import as_bool, as_number
from optilab.texts import shown


@dataclass(frozen=True)
class Parameter:
    """One parameter: its default (None: must be given) and what it accepts."""

    name: str
    default: Any = None
    range: Range = FINITE

    def check(self, value: Any, place: str = "") -> Any:
        """Return `value` as the type of the parameter; InputError if it is of another type or out of range.

        Numbers of NumPy, and arrays of a single one, are numbers.
        """
        what = f"{at(place)}{self.name}"
        if isinstance(self.range, Words):
            if isinstance(value, str) and value in self.range.words:
                return value
            raise InputError(f"{what} = {shown(value)}: accepted is {' or '.join(map(repr, self.range.words))}")
        if isinstance(self.default, bool) or isinstance(self.range, Switch):
            return as_bool(value, what)
        if isinstance(self.default, str):
            if isinstance(value, str):
                return value
            raise InputError(f"{what} = {shown(value)} is not a text")
        number = as_number(value, what)
        if math.isnan(number) or number not in self.range:
            raise InputError(f"{what} = {shown(value)} is out of range: accepted is {self.range}")
        return int(number) if isinstance(self.range, WholeNumbers) else float(number)


def defaults(function: Callable[..., Any]) -> dict[str, Any]:
    """Arguments of `function` that have a default, in order."""
    signature = inspect.signature(function).parameters.values()
    return {p.name: p.default for p in signature if p.default is not p.empty}


def intervals(ranges: Mapping[str, str] | None, names: Iterable[str], owner: str) -> dict[str, Range]:
    """Parse the declared ranges of `owner`; InputError for a range of something that is not a parameter."""
    names = list(names)
    for name in ranges or {}:
        if name not in names:
            raise unknown(f"parameter in the ranges of {owner}", name, names)
    return {name: parse_range(text) for name, text in (ranges or {}).items()}


def fill(parameters: Mapping[str, Parameter], given: Mapping[str, Any], owner: str, place: str = "") -> dict[str, Any]:
    """Checked values for all parameters: the given ones, and the defaults of the rest.

    InputError, beginning with the place, for an unknown name, a missing value, or one that isn't accepted.
    """
    for name in given:
        if name not in parameters:
            raise unknown(f"parameter of {owner}", name, parameters, place)
    values = {}
    for name, parameter in parameters.items():
        if name in given:
            values[name] = parameter.check(given[name], place)
        elif parameter.default is None:
            raise InputError(f"{at(place)}{owner} needs a value for {name}")
        else:
            values[name] = parameter.default
    return values
