"""Declarations of rules: a function and what its author declares, checked and turned into a `Rule`."""

from __future__ import annotations

import ast
import difflib
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from optilab.errors import InputError, unknown
from optilab.optimizers.body import Body, body_of
from optilab.optimizers.rule import CLAIMS, EVALUATIONS, INPUTS, VECTORWISE_INPUTS, Link, Rule
from optilab.optimizers.state import State
from optilab.parameters.accepted import POSITIVE, Range, Switch, WholeNumbers, Words
from optilab.parameters.parameter import Parameter, defaults, intervals

# Names that mean something else in an experiment's [[optimizers]], `train` or `start`.
RESERVED = frozenset(
    [
        "use",
        "label",
        "schedule",
        "batch_size",
        "epochs",
        "steps",
        "seed",
        "problem",
        "optimizer",
        "precision",
        "callback",
        "measure_epochs",
        "measure_steps",
        "measure_gradient_norm",
        "examples",
        "gradient_evaluations",
        "seconds",
        "stop",
        "samples",
    ]
)


@dataclass(frozen=True)
class Declaration:
    """The arguments of `elementwise` and `vectorwise`: what an author declares of a rule besides its function."""

    elementwise: bool
    lr: float | None = None
    states: Mapping[str, State] = field(default_factory=dict)
    ranges: Mapping[str, str] = field(default_factory=dict)
    batch_size: int | Literal["full"] | None = None
    evaluate_at: str | None = None
    claims: Sequence[str] = ()
    reference: str | None = None
    link: Link | None = None

    def rule(self, function: Callable[..., Any]) -> Rule:
        """The rule of a function. InputError, with its place, for what doesn't fit together."""
        try:
            return self._read(function)
        except InputError as error:
            raise InputError(f"{function.__name__}: {error}{_place(function)}") from None

    def _read(self, function: Callable[..., Any]) -> Rule:
        body = body_of(function)
        arguments = self._arguments(function)
        parameters = self._parameters(function, arguments, body)
        states = self._states(arguments, parameters, body)
        changes = _returned_names(body)
        if not self.elementwise:
            _check_kept(body, states, changes)
        _check_changes(self.elementwise, arguments, states, changes)
        if changes and not body.always_returns:
            raise InputError(f"it doesn't return in every case; end it with 'return {', '.join(changes)}'")
        self._check_options(states)
        if "cost" in changes:
            _check_addition(arguments, states, changes)
        return Rule(
            function=function,
            elementwise=self.elementwise,
            parameters=parameters,
            states=states,
            changes=changes,
            batch_size=self.batch_size,
            evaluate_at=self.evaluate_at,
            claims=tuple(self.claims),
            reference=self.reference,
            link=self.link,
        )

    def _arguments(self, function: Callable[..., Any]) -> list[str]:
        signature = inspect.signature(function).parameters
        if any(p.kind is not p.POSITIONAL_OR_KEYWORD for p in signature.values()):
            raise InputError("a rule's arguments are plain names: no *, no **, none before a slash or after a star")
        if "skip" in signature:
            raise InputError(
                "no argument can be called 'skip': that is what a vectorwise rule returns to make others wait"
            )
        for argument in signature:
            if self.elementwise and argument in VECTORWISE_INPUTS and argument not in INPUTS:
                raise InputError(f"an elementwise rule can't ask for {argument}; make it @vectorwise")
        return list(signature)

    def _check_options(self, states: Mapping[str, State]) -> None:
        if self.evaluate_at is not None:
            where = states.get(self.evaluate_at, State("scalar"))
            if where.shape != "weight" or where.copies or where.start != "w":
                raise InputError(
                    f"evaluate_at = {self.evaluate_at!r} must be one of its states that starts as a copy of the weights: "
                    f'states={{"{self.evaluate_at}": per_weight("w")}}'
                )
        if self.link not in (None, "before", "after"):
            raise InputError(f"link = {self.link!r}: accepted is 'before' or 'after' (the rule that makes the step)")
        for claim in self.claims:
            if claim not in CLAIMS:
                raise unknown("claim", claim, CLAIMS)

    def _parameters(self, function: Callable[..., Any], arguments: Sequence[str], body: Body) -> dict[str, Parameter]:
        starts = defaults(function)
        if "lr" in arguments:
            starts.setdefault("lr", self.lr)
        elif self.lr is not None:
            raise InputError(f"lr = {self.lr} is declared, but the rule doesn't ask for lr")
        for name in starts:
            if name in VECTORWISE_INPUTS:
                raise InputError(f"{name} is given to the rule, and can't have a default")
        accepted = intervals(self.ranges, starts, "the rule")
        parameters = {n: Parameter(n, starts[n], _range(n, starts[n], accepted)) for n in arguments if n in starts}
        for name in parameters:
            if name in RESERVED:
                raise InputError(
                    f"a hyperparameter can't be called {name!r}: that has a meaning of its own in an experiment"
                )
        for parameter in parameters.values():
            if isinstance(parameter.default, bool) or parameter.default is None:
                continue
            if isinstance(parameter.default, str) and not isinstance(parameter.range, Words):
                raise InputError(
                    f"the default of {parameter.name} is a text: "
                    f'declare the words that it accepts, as in ranges={{"{parameter.name}": "{{one, other}}"}}'
                )
            if not isinstance(parameter.default, (int, float, str)):
                raise InputError(f"the default of {parameter.name} is {parameter.default!r}, not a number")
            parameter.check(parameter.default)
            if isinstance(parameter.range, Words):
                for text in body.texts_compared_with(parameter.name):
                    if text not in parameter.range:
                        raise unknown(f"word that {parameter.name} is compared with", text, parameter.range.words)
        return parameters

    def _states(self, arguments: Sequence[str], parameters: Mapping[str, Parameter], body: Body) -> dict[str, State]:
        inputs = INPUTS if self.elementwise else VECTORWISE_INPUTS
        states = {n: State() for n in arguments if n not in inputs and n not in parameters}
        for name in self.states:
            if name not in states:
                raise InputError(f"state {name!r} is declared, but the rule doesn't ask for it")
        for name in states:
            near = difflib.get_close_matches(name, [n for n in VECTORWISE_INPUTS if len(n) > 3], n=1, cutoff=0.75)
            if name not in self.states and near:
                raise InputError(
                    f"unknown name {name!r}: did you mean {near[0]!r}? (If it is a state, declare it: "
                    f'states={{"{name}": per_weight()}})'
                )
            if name not in body.names:
                raise InputError(f"state {name!r} is never used; take it out of the rule's arguments")
        states.update(self.states)
        for name, state in states.items():
            self._check_state(name, state, parameters)
        return states

    def _check_state(self, name: str, state: State, parameters: Mapping[str, Parameter]) -> None:
        if isinstance(state.start, str) and state.start != "w" and state.start not in parameters:
            raise InputError(f"state {name!r} starts at {state.start!r}, which is not a hyperparameter of the rule")
        if state.start == "w" and state.shape != "weight":
            raise InputError(f"state {name!r} can't start as a copy of w: it hasn't one value a weight")
        if isinstance(state.copies, str):
            counted = parameters.get(state.copies)
            if counted is None or not isinstance(counted.range, WholeNumbers) or counted.range.low < 1:
                raise InputError(
                    f"state {name!r} has {state.copies!r} copies; that must be a hyperparameter "
                    "in whole numbers from 1, as in ranges={...: '{1, 2, ...}'}"
                )
        elif state.copies is not None and state.copies < 1:
            raise InputError(f"state {name!r} has {state.copies} copies; it needs one at least")
        if self.elementwise and (state.shape not in ("weight", "scalar") or state.copies):
            raise InputError(f"an elementwise rule can't keep state {name!r}; make it @vectorwise")


def _place(function: Callable[..., Any]) -> str:
    code = getattr(function, "__code__", None)
    return f" ({Path(code.co_filename).name}, line {code.co_firstlineno})" if code else ""


def _range(name: str, default: Any, accepted: Mapping[str, Range]) -> Range:
    if isinstance(default, bool):
        if name in accepted:
            raise InputError(f"{name} is a switch, true or false, and has no range")
        return Switch()
    if name in accepted:
        return accepted[name]
    return POSITIVE if name == "lr" else Parameter(name).range


def _check_kept(body: Body, states: Mapping[str, State], changes: tuple[str, ...]) -> None:
    """InputError if changes of a vectorwise rule would be lost: to a number that it doesn't return, to the name of an array."""
    numbers = {n for n, s in states.items() if s.is_number}
    for name in sorted(numbers & body.assigned - set(changes)):
        raise InputError(f"it changes {name!r}, a number, and doesn't return it: nothing is kept; return it by name")
    arrays = {"w", "g", *states} - numbers
    for name, node in body.rebound.items():
        if name in arrays:
            whole = [s for s in body.statements for target in s.targets if any(n is node for n in ast.walk(target))]
            statement = ast.unparse(whole[0]) if whole else f"{name} = ..."
            raise InputError(
                f"'{statement}' gives the name {name} to another array, and nothing changes; "
                f"change it in place, as in {name}[:] = ... or {name} -= ..."
            )


def _check_addition(arguments: Sequence[str], states: Mapping[str, State], changes: tuple[str, ...]) -> None:
    """InputError if a rule that adds to the cost depends on more than w, so that it can't be evaluated at other weights."""
    more = [*states, *(n for n in ("noise", *EVALUATIONS) if n in arguments), *(n for n in changes if n != "cost")]
    if more:
        raise InputError(f"it returns the cost, and so is a function of w alone; it can't have or return {more[0]} too")
    if "g" not in arguments:
        raise InputError("it returns the cost, and so adds to its gradient too: ask for g")


def _returned_names(body: Body) -> tuple[str, ...]:
    """Names in the rule's return statement; all its return statements must agree."""
    returned = set()
    for value in body.returns:
        parts = value.elts if isinstance(value, ast.Tuple) else [value]
        if not all(isinstance(part, ast.Name) for part in parts):
            raise InputError(
                f"it returns {ast.unparse(value)!r}; return by name what the rule changed, as in 'return w, m'"
            )
        returned.add(tuple(part.id for part in parts if isinstance(part, ast.Name)))
    if len(returned) > 1:
        raise InputError(f"its return statements differ: {sorted(returned)}")
    return returned.pop() if returned else ()


def _check_changes(
    is_elementwise: bool, arguments: Sequence[str], states: Mapping[str, State], changes: tuple[str, ...]
) -> None:
    scalars = [name for name, state in states.items() if state.is_number]
    if is_elementwise:
        if not changes:
            raise InputError("it returns nothing; return by name what the rule changed, as in 'return w'")
        allowed = [n for n in ("w", "g", *(n for n in states if n not in scalars)) if n in arguments]
        for state in states:
            if state not in changes and state not in scalars and states[state] == State():
                raise InputError(
                    f"state {state!r} stays zero, because the rule never returns it: add it to the return statement; "
                    "if it was meant as a hyperparameter, give it a default"
                )
    else:
        allowed = [*scalars, "skip", *(["cost"] if "cost" in arguments else [])]
    for change in changes:
        if change not in allowed:
            raise InputError(f"it returns {change!r}; what it can return is {', '.join(allowed) or 'nothing'}")
    if len(set(changes)) < len(changes):
        raise InputError(f"it returns a name twice: {', '.join(changes)}")
