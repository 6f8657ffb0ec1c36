"""Update rules and chains of them: what plugin authors write.

A rule asks for what it needs by the names of its arguments:

    w, g                    weights and gradient on this batch
    t                       the step, from 1, as a float
    cost                    the cost at w on this batch
    layers                  the layer table: records with offset, size, rows (fan-in), columns (fan-out), kind
    value_and_grad          value_and_grad(w, g) fills g with the gradient of the same batch at w, returns the cost
    full_value_and_grad     the same over all training examples
    lr, or any default      hyperparameters at this step
    any other name          state that lasts between steps, one value a weight, starting at zero unless declared

It returns, by name, what it changed. The names of a vectorwise rule are arrays and are changed in place; of those it
returns only the states that are scalars.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from optilab.errors import InputError, at
from optilab.parameters import POSITIVE, Interval, Parameter, defaults, fill, intervals

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from optilab.problems import Problem
    from optilab.stepper import Stepper

INPUTS = ("w", "g", "t", "cost")
VECTORWISE_INPUTS = (*INPUTS, "layers", "value_and_grad", "full_value_and_grad")


@dataclass(frozen=True)
class State:
    """Memory that a rule keeps between steps."""

    shape: Literal["weight", "layer", "scalar"] = "weight"
    start: float | Literal["w"] = 0.0  # "w": a copy of the first weights


def per_weight(start: float | Literal["w"] = 0.0) -> State:
    """One value a weight, starting at a constant, or as a copy of the first weights ("w")."""
    return State("weight", start)


def per_layer(start: float = 0.0) -> State:
    """One value for each row of the layer table."""
    return State("layer", start)


def scalar(start: float = 0.0) -> State:
    """A single number, in float64; a rule that changes it returns it by name."""
    return State("scalar", start)


@dataclass(frozen=True)
class Rule:
    """One update rule, as read from its function."""

    function: Callable[..., Any]
    elementwise: bool
    parameters: Mapping[str, Parameter]
    states: Mapping[str, State]
    changes: tuple[str, ...]
    batch_size: int | Literal["full"] | None = None

    @property
    def name(self) -> str:
        """The function's name."""
        return self.function.__name__

    @property
    def arguments(self) -> tuple[str, ...]:
        """Names that the rule asks for, in order."""
        return tuple(inspect.signature(self.function).parameters)


@dataclass(frozen=True)
class Optimizer:
    """A chain of update rules, applied in order, each with its own state; `a | b` is a longer chain.

    A hyperparameter is known by its name: rules of a chain that ask for the same name share its value.
    """

    rules: tuple[Rule, ...]

    @property
    def name(self) -> str:
        """Names of the rules, as in "one | other"."""
        return " | ".join(rule.name for rule in self.rules)

    @property
    def batch_size(self) -> int | Literal["full"]:
        """Batch size where none is given: that of the last rule that declares one, else 32."""
        return next((r.batch_size for r in reversed(self.rules) if r.batch_size is not None), 32)

    @property
    def parameters(self) -> dict[str, Parameter]:
        """Hyperparameters of all rules; one whose default they disagree about has none, and must be given."""
        names = dict.fromkeys(name for rule in self.rules for name in rule.parameters)
        return {
            name: self._merged([rule.parameters[name] for rule in self.rules if name in rule.parameters])
            for name in names
        }

    @staticmethod
    def _merged(parameters: list[Parameter]) -> Parameter:
        """One parameter for several rules: what suits them all, and no default where theirs differ."""
        first, *others = parameters
        interval = first.interval
        for other in others:
            if other.interval != interval:
                interval &= other.interval
        defaults = {p.default for p in parameters if p.default is not None}
        return Parameter(first.name, defaults.pop() if len(defaults) == 1 else None, interval)

    def fill(self, given: Mapping[str, Any], place: str = "") -> dict[str, Any]:
        """Checked values of all hyperparameters: the given ones, and the defaults of the rest."""
        for name in self.parameters:
            own = {r.name: r.parameters[name].default for r in self.rules if name in r.parameters}
            if name not in given and len({d for d in own.values() if d is not None}) > 1:
                differ = ", ".join(f"{default} in {rule}" for rule, default in own.items())
                raise InputError(
                    f"{at(place)}{self.name} needs a value for {name}: its rules have other defaults, {differ}"
                )
        return fill(self.parameters, given, self.name, place)

    @property
    def documentation(self) -> str:
        """Docstrings of the rules."""
        return "\n\n".join(inspect.getdoc(rule.function) or "" for rule in self.rules)

    def __or__(self, other: Optimizer) -> Optimizer:
        if not isinstance(other, Optimizer):
            return NotImplemented
        return Optimizer(self.rules + other.rules)

    def start(
        self, w: ArrayLike, *, problem: Problem | None = None, dtype: str | None = None, **hyperparameters: Any
    ) -> Stepper:
        """Begin at the weights `w`, to be stepped by hand with the same compiled rule as a training run.

        w: vector of weights; it is copied. Its precision is kept unless `dtype` names another.
        problem: needed only by rules that ask for value_and_grad or layers.
        hyperparameters: as in the signature of the rules; InputError if unknown or out of range.
        """
        from optilab.stepper import Stepper

        return Stepper(self, w, self.fill(hyperparameters), problem, dtype)


@dataclass(frozen=True)
class _Decorator:
    elementwise: bool
    lr: float | None = None
    states: Mapping[str, State] = field(default_factory=dict)
    ranges: Mapping[str, str] = field(default_factory=dict)
    batch_size: int | Literal["full"] | None = None

    def __call__(self, function: Callable[..., Any]) -> Optimizer:
        name = function.__name__
        arguments = list(inspect.signature(function).parameters)
        inputs = INPUTS if self.elementwise else VECTORWISE_INPUTS
        if self.elementwise:
            for argument in arguments:
                if argument in VECTORWISE_INPUTS and argument not in INPUTS:
                    raise InputError(f"{name}: an elementwise rule can't ask for {argument}; make it @vectorwise")
        starts = defaults(function)
        if "lr" in arguments:
            starts.setdefault("lr", self.lr)
        elif self.lr is not None:
            raise InputError(f"{name}: lr = {self.lr} is declared, but the rule doesn't ask for lr")
        accepted = intervals(self.ranges, starts, name)
        parameters = {n: Parameter(n, starts[n], _range(n, accepted)) for n in arguments if n in starts}
        states = {n: State() for n in arguments if n not in inputs and n not in parameters}
        for state in self.states:
            if state not in states:
                raise InputError(f"{name}: state {state!r} is declared, but the rule doesn't ask for it")
        states.update(self.states)
        for parameter in parameters.values():
            if isinstance(parameter.default, bool) or parameter.default is None:
                continue
            if not isinstance(parameter.default, (int, float)):
                raise InputError(f"{name}: the default of {parameter.name} is {parameter.default!r}, not a number")
            parameter.check(parameter.default, name)
        tree = _parsed(function)
        changes = _returned_names(name, tree)
        if not self.elementwise:
            _check_in_place(name, tree, {"w", "g", *(n for n, s in states.items() if s.shape != "scalar")})
        _check_changes(name, self.elementwise, arguments, states, changes)
        return Optimizer((Rule(function, self.elementwise, parameters, states, changes, self.batch_size),))


def elementwise(
    function: None = None,
    /,
    *,
    lr: float | None = None,
    states: Mapping[str, State] | None = None,
    ranges: Mapping[str, str] | None = None,
    batch_size: int | Literal["full"] | None = None,
) -> Callable[[Callable[..., Any]], Optimizer]:
    """Make an optimizer of the update of one weight, written in scalar maths.

    lr: default learning rate, for a rule that asks for lr.
    states: states that are not one value a weight starting at zero: `per_weight(start)`, `scalar(start)`.
    ranges: accepted values of hyperparameters as intervals, such as {"beta1": "[0, 1)"}; lr is positive anyway.
    batch_size: what the optimizer uses where none is given, "full" for all examples.

    InputError if the rule asks for what it can't have, or doesn't return by name what it changes.
    """
    _called("elementwise", function)
    return _Decorator(True, lr, states or {}, ranges or {}, batch_size)


def vectorwise(
    function: None = None,
    /,
    *,
    lr: float | None = None,
    states: Mapping[str, State] | None = None,
    ranges: Mapping[str, str] | None = None,
    batch_size: int | Literal["full"] | None = None,
) -> Callable[[Callable[..., Any]], Optimizer]:
    """Make an optimizer of an update of the whole vector; its arrays are changed in place.

    Arguments as for `elementwise`; states may also be `per_layer(start)`.
    """
    _called("vectorwise", function)
    return _Decorator(False, lr, states or {}, ranges or {}, batch_size)


def _called(decorator: str, function: object) -> None:
    if function is not None:
        raise InputError(f"write the decorator with parentheses: @{decorator}(), or @{decorator}(lr=0.1)")


def _range(name: str, accepted: Mapping[str, Interval]) -> Interval:
    if name in accepted:
        return accepted[name]
    return POSITIVE if name == "lr" else Parameter(name).interval


def _parsed(function: Callable[..., Any]) -> ast.Module:
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError):
        raise InputError(
            f"{function.__name__}: the source of the rule can't be read; write it in a file or in a notebook's cell"
        ) from None


def _check_in_place(name: str, tree: ast.Module, arrays: set[str]) -> None:
    """InputError where a vectorwise rule gives the name of one of its arrays to something else."""
    for node in ast.walk(tree):
        targets = node.targets if isinstance(node, ast.Assign) else []
        for target in targets:
            parts = target.elts if isinstance(target, ast.Tuple) else [target]
            for part in parts:
                if isinstance(part, ast.Name) and part.id in arrays:
                    raise InputError(
                        f"{name}: '{ast.unparse(node)}' gives the name {part.id} to another array, and nothing changes; "
                        f"change it in place, as in {part.id}[:] = ... or {part.id} -= ..."
                    )


def _returned_names(name: str, tree: ast.Module) -> tuple[str, ...]:
    """Names in the rule's return statement; all its return statements must agree."""
    returned = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Return) and node.value is not None:
            parts = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
            if not all(isinstance(part, ast.Name) for part in parts):
                raise InputError(
                    f"{name}: it returns {ast.unparse(node.value)!r}; "
                    "return by name what the rule changed, as in 'return w, m'"
                )
            returned.add(tuple(part.id for part in parts if isinstance(part, ast.Name)))
    if len(returned) > 1:
        raise InputError(f"{name}: its return statements differ: {sorted(returned)}")
    return returned.pop() if returned else ()


def _check_changes(
    name: str, is_elementwise: bool, arguments: list[str], states: Mapping[str, State], changes: tuple[str, ...]
) -> None:
    scalars = [n for n, state in states.items() if state.shape == "scalar"]
    if is_elementwise:
        allowed = ["w", "g", *(n for n in states if n not in scalars)]
        for state in states:
            if state not in changes and state not in scalars and states[state].start == 0.0:
                raise InputError(f"{name}: state {state!r} stays zero, because the rule never returns it")
        if not changes:
            raise InputError(f"{name}: it returns nothing; return by name what the rule changed, as in 'return w'")
    else:
        allowed = scalars
    for change in changes:
        if change not in allowed or change not in arguments:
            accepted = ", ".join(n for n in allowed if n in arguments) or "nothing"
            raise InputError(f"{name}: it returns {change!r}; what it can return is {accepted}")
    if len(set(changes)) < len(changes):
        raise InputError(f"{name}: it returns a name twice: {', '.join(changes)}")
