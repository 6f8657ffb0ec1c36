"""Optimizers: chains of update rules whose hyperparameters are shared, checked and filled with defaults."""

from __future__ import annotations

import inspect
import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from optilab.errors import InputError, at, unknown
from optilab.optimizers.chain import Chain
from optilab.optimizers.rule import EVALUATIONS
from optilab.optimizers.selection import check_selection, may_overlap
from optilab.parameters.arguments import PRECISION, SEED, ArgumentKind, takes
from optilab.parameters.parameter import Parameter
from optilab.problems.problem import Problem
from optilab.texts import shown

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from optilab.optimizers.stepper import Stepper
    from optilab.problems.problem import Precision


_PROBLEM = ArgumentKind("a Problem, as from get_problem", lambda value: isinstance(value, Problem))


@dataclass(frozen=True)
class Optimizer(Chain):
    """A chain of update rules, applied in order, each with its own state; `a | b` is a longer chain.

    A hyperparameter is known by its name: rules of a chain that ask for the same name share its value, unless one is given
    its own by a qualified name, as in "rule.lr".
    """

    text: str = ""

    def called(self, name: str, documentation: str, **defaults: Any) -> Optimizer:
        """The same chain under another name, with a docstring and other defaults of its hyperparameters.

        InputError for a hyperparameter that it doesn't have, or a default that is out of range.
        """
        if not re.fullmatch(r"[A-Za-z_][\w-]*", name):
            raise InputError(f"{name!r} can't name an optimizer: write letters, digits, '_' and '-'")
        self.fill(defaults)
        rules = []
        for rule, own in zip(self.rules, self.rule_names, strict=True):
            given = {n: defaults.get(f"{own}.{n}", defaults.get(n)) for n in rule.parameters}
            parameters = {
                n: p if given[n] is None else replace(p, default=p.check(given[n])) for n, p in rule.parameters.items()
            }
            rules.append(replace(rule, parameters=parameters))
        return Optimizer(tuple(rules), name, documentation)

    @property
    def parameters(self) -> dict[str, Parameter]:
        """Hyperparameters of all rules; one on whose default they disagree has none, and must be given."""
        return self._shared({})

    def _shared(self, given: Mapping[str, Any]) -> dict[str, Parameter]:
        """Hyperparameters by plain name, each for all rules to which `given` has no value by qualified name."""
        own: dict[str, list[Parameter]] = {}
        for p in self.rule_parameters:
            if p.qualified not in given:
                own.setdefault(p.name, []).append(p.parameter)
        return {name: _merged(parameters) for name, parameters in own.items()}

    def fill(self, given: Mapping[str, Any], place: str = "") -> dict[str, Any]:
        """All hyperparameters, checked: the given ones, and the defaults of the others.

        A name such as "rule.lr" gives a value to one rule alone. InputError for an unknown name, a value out of range, and a
        plain name other than lr that belongs to both a link and another rule on the same layers: it may mean two things, or do
        the same thing twice.
        """
        qualified = {p.qualified: p.parameter for p in self.rule_parameters}
        shared = self._shared(given)
        known = self.parameters
        for name in given:
            if name in known and name not in shared:
                raise InputError(f"{at(place)}{name} is given, but each rule of {self.name} has a value of its own")
            if name not in known and name not in qualified:
                names = [*known, *qualified] if "." in name else list(known)
                raise unknown(f"parameter of {self.name}", name, names, place)
        self._check_meant_once(given, place)
        hyperparameters: dict[str, Any] = {}
        for name, parameter in shared.items():
            if name in given:
                hyperparameters[name] = parameter.check(given[name], place)
                for p in self.rule_parameters:  # not all kinds of ranges have a common part that can be written down
                    if p.name == name and p.qualified not in given:
                        p.parameter.check(given[name], place)
            elif parameter.default is None and self.title and self._disagreement(name):
                own = {p.qualified: p.parameter.default for p in self.rule_parameters if p.name == name}
                hyperparameters |= {n: value for n, value in own.items() if n not in given}
            elif parameter.default is None:
                raise InputError(f"{at(place)}{self.name} needs a value for {name}{self._disagreement(name)}")
            else:
                hyperparameters[name] = parameter.default
        for name, parameter in qualified.items():
            if name in given:
                hyperparameters[name] = replace(parameter, name=name).check(given[name], place)
        return hyperparameters

    def _check_meant_once(self, given: Mapping[str, Any], place: str) -> None:
        """InputError if a value would act twice: in a link, and in another rule on the same layers that has it too.

        A plain name is ambiguous there, unless its value equals both defaults. If the link has the hyperparameter's name, as
        that is all it does, then a default of the other rule must not do it a second time either.
        """
        for one, other in itertools.combinations(self.rule_parameters, 2):
            rules = self.rules[one.rule], self.rules[other.rule]
            apart = not may_overlap(rules[0].layers, rules[1].layers)
            if one.name != other.name or one.name == "lr" or apart or not any(rule.link for rule in rules):
                continue
            name, both = one.name, (one, other)
            own = [p.parameter.default for p in both]
            values = [given.get(p.qualified, given.get(name, p.parameter.default)) for p in both]
            asked = [p.qualified in given for p in both]
            if any(rule.link and rule.name == name for rule in rules):
                twice = not all(asked) and all(value not in (None, 0) for value in values)
            else:
                twice = not any(asked) and name in given and values != own
            if twice and (name in given or None not in own):
                first, second = (p.qualified for p in both)
                raise InputError(
                    f"{at(place)}{name} of {self.name}: both {self.rule_names[one.rule]} and {self.rule_names[other.rule]} have "
                    f'it; give each a value of its own: "{first}" = {shown(values[0])} and "{second}" = {shown(own[1])}, '
                    "or others"
                )

    def checked(self, name: str, values: Iterable[Any], given: Mapping[str, Any], place: str = "") -> list[Any]:
        """Values of one hyperparameter, each checked as `fill` checks it together with the others in `given`."""
        own = [p.parameter for p in self.rule_parameters if name == p.qualified]
        accepts = [replace(parameter, name=name) for parameter in own]
        if not own:
            shared = [p.parameter for p in self.rule_parameters if p.name == name and p.qualified not in given]
            accepts = [self._shared(dict.fromkeys(given))[name], *(shared if len(shared) > 1 else [])]
        if sum(p.name == name.rpartition(".")[2] for p in self.rule_parameters) > 1:
            values = list(values)
            for value in values:
                self._check_meant_once({**given, name: value}, place)
        found = [[parameter.check(value, place) for parameter in accepts] for value in values]
        return [of_all[0] for of_all in found]

    def _disagreement(self, name: str) -> str:
        defaults = {p.qualified: p.parameter.default for p in self.rule_parameters if p.name == name}
        if len({d for d in defaults.values() if d is not None}) < 2:
            return ""
        differ = ", ".join(f"{qualified} = {default}" for qualified, default in defaults.items())
        return f": its rules have other defaults, {differ}"

    @property
    def documentation(self) -> str:
        """Its own docstring, or those of the rules."""
        return inspect.cleandoc(self.text) or "\n\n".join(inspect.getdoc(rule.function) or "" for rule in self.rules)

    def __or__(self, other: Optimizer) -> Optimizer:
        if not isinstance(other, Optimizer):
            return NotImplemented
        return Optimizer(self.rules + other.rules)

    def on(self, layers: str) -> Optimizer:
        """The same rules, on some layers alone: they see weights and gradient as if there were no others.

        layers: "matrices", "biases", "first", "last", "hidden", "rest" (what no other rule of the chain selects), the number
        of a row of the layer table, or several of these for what they have in common, as in "hidden matrices".

        InputError for other words, and for rules that evaluate gradients themselves: these need all weights.
        """
        selection = check_selection(layers)
        for rule in self.rules:
            if asked := [name for name in rule.arguments if name in EVALUATIONS]:
                raise InputError(f"{rule.name} asks for {asked[0]}, and can't work on some layers alone")
            if rule.layers:
                raise InputError(f"{rule.name} works on {rule.layers} already")
        return Optimizer(tuple(replace(rule, layers=selection) for rule in self.rules))

    @takes(problem=_PROBLEM, precision=PRECISION, seed=SEED)
    def start(
        self,
        w: ArrayLike | Sequence[NDArray[Any]],
        *,
        problem: Problem | None = None,
        precision: Precision | None = None,
        seed: int = 0,
        **hyperparameters: Any,
    ) -> Stepper:
        """Return a `Stepper` at the weights `w`: it takes steps by hand, with the same compiled rules as a training run.

        w: vector of weights, or a list of matrices (fan-in by fan-out) and vectors, the layers; it is copied. Its precision is
        kept unless `precision` names another.
        problem: needed only by rules that ask for value_and_grad, and for layers where `w` is a vector.
        seed: of the rule's own noise.
        hyperparameters: as in the signature of the rules; InputError if unknown or out of range.

        A problem that isn't bundled is checked first, as by `optilab.train`.
        """
        from optilab.optimizers.stepper import Stepper

        return Stepper(self, w, self.fill(hyperparameters), problem, precision, seed)


def _merged(parameters: Sequence[Parameter]) -> Parameter:
    """One parameter for several rules: what suits them all, and no default where theirs differ."""
    first, *others = parameters
    accepted = first.range
    for other in others:
        if other.range != accepted:
            accepted &= other.range
    defaults = {p.default for p in parameters if p.default is not None}
    return Parameter(first.name, defaults.pop() if len(defaults) == 1 else None, accepted)
