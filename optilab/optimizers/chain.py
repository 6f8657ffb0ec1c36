"""Chains of rules: their hyperparameters in order, and a check that cost and gradient belong together for each rule."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from optilab.errors import InputError
from optilab.optimizers.rule import EVALUATIONS, Rule
from optilab.parameters.parameter import Parameter


@dataclass(frozen=True)
class RuleParameter:
    """One hyperparameter of one rule of a chain: `name` in rule number `rule`, `qualified` as in "rule.lr"."""

    rule: int
    name: str
    qualified: str
    parameter: Parameter

    def value_in(self, hyperparameters: Mapping[str, Any]) -> Any:
        """Its value: that of its qualified name, or else the one that rules share. KeyError if there is neither."""
        return hyperparameters[self.qualified if self.qualified in hyperparameters else self.name]


@dataclass(frozen=True)
class Chain:
    """Update rules that are applied in order, each with its own state: what compiled code is made of.

    title: a name of its own, if it has one.
    """

    rules: tuple[Rule, ...]
    title: str = ""

    def __post_init__(self) -> None:
        check_chain(self.rules)

    @property
    def name(self) -> str:
        """Names of the rules and of the layers they work on, as in "one | other on matrices"; or its own, if it has one."""
        return self.title or " | ".join(rule.label for rule in self.rules)

    @property
    def needs_cost(self) -> bool:
        """Whether a rule asks for the cost, and not only to add to it."""
        return any("cost" in rule.arguments and "cost" not in rule.changes for rule in self.rules)

    @property
    def is_pointwise(self) -> bool:
        """Whether a weight's step depends on that weight and its gradient alone, so that some weights can be updated before others."""
        return all(
            rule.elementwise and not (rule.layers or rule.states or "noise" in rule.arguments) for rule in self.rules
        )

    @cached_property
    def rule_names(self) -> list[str]:
        """A name for each rule: numbered, from 1, where one occurs twice."""
        names = [rule.name for rule in self.rules]
        found: list[str] = []
        for name in names:
            numbered = (f"{name}_{k}" for k in itertools.count(1))
            free = (n for n in numbered if n not in found and n not in names)
            found.append(next(free) if names.count(name) > 1 else name)
        return found

    @property
    def batch_size(self) -> int | Literal["full"]:
        """Batch size where none is given: that of the last rule that declares one, else 32."""
        return next((r.batch_size for r in reversed(self.rules) if r.batch_size is not None), 32)

    @cached_property
    def rule_parameters(self) -> list[RuleParameter]:
        """Every hyperparameter of every rule, in the order in which compiled code gets them."""
        names = self.rule_names
        return [
            RuleParameter(k, name, f"{names[k]}.{name}", parameter)
            for k, rule in enumerate(self.rules)
            for name, parameter in rule.parameters.items()
        ]

    def numbers(self, hyperparameters: Mapping[str, Any]) -> list[float]:
        """The hyperparameters as compiled code gets them: one number for each of `rule_parameters`."""
        return [self.rules[p.rule].number(p.name, p.value_in(hyperparameters)) for p in self.rule_parameters]

    def positions_of(self, name: str) -> list[int]:
        """Indices in `rule_parameters` of a hyperparameter: all of that name, or the one of that qualified name."""
        return [k for k, p in enumerate(self.rule_parameters) if name in (p.name, p.qualified)]


def check_chain(rules: Sequence[Rule]) -> None:
    """InputError for a rule that is given a cost and a gradient, or a cost and weights, that don't belong together.

    A rule that asks for the cost, or evaluates the gradient anew, must not follow one that changes the gradient, unless that one
    returns the cost with it. A rule that compares the cost with costs at other weights must not follow one that moves w. A rule
    that evaluates gradients without writing to g, as for curvatures, may stand anywhere.
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
    """The rule that has moved w from where the cost was evaluated, if there is one.

    A link that changes w after another rule's step doesn't count: it may take w back to where that step began.
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
    """The argument of a rule that must belong to the gradient that it is given, if it has one."""
    if "cost" in rule.arguments and "cost" not in rule.changes:
        return "cost"
    return next((name for name in EVALUATIONS if name in rule.arguments and "g" in rule.writes), None)
