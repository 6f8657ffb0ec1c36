"""The optimizer under test, and the ways in which the kit makes it walk."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optilab.errors import InputError
from optilab.optimizers.decorators import elementwise
from optilab.optimizers.memory import Layout
from optilab.optimizers.optimizer import Optimizer
from optilab.optimizers.rule import EVALUATIONS
from optilab.optimizers.stepper import Stepper
from optilab.optimizers.update import compile_update
from optilab.problems.layers import table_of_shapes
from optilab.testing.plain import plain_update
from optilab.testing.strategies import SHAPES, Bowl, Walk


@elementwise(lr=0.1)
def plain_descent(w, g, lr):  # type: ignore[no-untyped-def]
    """The rule beside which a link is tested: w = w - lr * g."""
    w -= lr * g
    return w


class NotAsked(str):
    """A property doesn't concern an optimizer; the text says why."""

    __slots__ = ()


class ViolationError(AssertionError):
    """A property doesn't hold; the message shows the smallest example that was found."""


@dataclass(frozen=True)
class Subject:
    """An optimizer under test; a link is tested in a chain with plain descent.

    examples: how many each property is tried on.
    """

    optimizer: Optimizer
    examples: int = 50

    @cached_property
    def chain(self) -> Optimizer:
        """The chain that walks: the optimizer itself, or the link with plain descent after or before it."""
        links = [rule.link for rule in self.optimizer.rules]
        if None in links:
            return self.optimizer
        return self.optimizer | plain_descent if links[-1] == "before" else plain_descent | self.optimizer

    @property
    def evaluates(self) -> bool:
        """Whether its rules evaluate gradients themselves, so that it needs a problem."""
        return any(name in rule.arguments for rule in self.optimizer.rules for name in EVALUATIONS)

    @cached_property
    def shapes(self) -> tuple[tuple[tuple[int, ...], ...], ...]:
        """Shapes of layers to walk on: those that have layers for each rule of the chain."""
        return tuple(shapes for shapes in SHAPES if self._works_on(shapes))

    def _works_on(self, shapes: tuple[tuple[int, ...], ...]) -> bool:
        try:
            Layout(self.chain, self.hyperparameters, table_of_shapes(shapes))
        except InputError:
            return False
        return True

    @cached_property
    def hyperparameters(self) -> dict[str, Any]:
        """The defaults; where its rules differ about one, each has its own."""
        chain = self.chain
        missing = {name for name, parameter in chain.parameters.items() if parameter.default is None}
        given = {p.qualified: p.parameter.default for p in chain.rule_parameters if p.name in missing}
        return chain.fill({name: 0.1 if value is None else value for name, value in given.items()})

    @cached_property
    def compiled(self) -> Any:
        """The update in float64."""
        return compile_update(self.chain, "float64")

    @cached_property
    def checked(self) -> Any:
        """The update in float64, in which an access out of bounds is an error."""
        return compile_update(self.chain, "float64", checked=True)

    @cached_property
    def plain(self) -> Any:
        """The update in plain Python."""
        return plain_update(self.chain)

    def start(self, course: Walk | Bowl, update: Any = None) -> Stepper:
        """A stepper at the first weights of a walk or a bowl."""
        problem = course.problem if isinstance(course, Bowl) else None
        w = course.w if isinstance(course, Bowl) else course.layers
        return Stepper(self.chain, w, dict(self.hyperparameters), problem, "float64", 0, update or self.compiled)

    def follow(self, stepper: Stepper, course: Walk | Bowl, first: int = 0, last: int = 6) -> NDArray[np.float64]:
        """The weights after each step from `first` to before `last`, of a walk or down a bowl, [step, weight]."""
        found = [stepper.w[None, :].copy()[:0]]
        if isinstance(course, Bowl):
            found += [stepper.step()[None].copy() for _ in range(first, last)]
        else:
            pairs = zip(course.gradients[first:last], course.costs[first:last], strict=True)
            found += [stepper.step(gradient, float(cost))[None].copy() for gradient, cost in pairs]
        return np.concatenate(found)

    def walk(self, course: Walk | Bowl, update: Any = None) -> NDArray[np.float64]:
        """The weights after each step from the start, [step, weight]."""
        return self.follow(self.start(course, update), course)


def difference(one: NDArray[np.float64], other: NDArray[np.float64], rtol: float) -> str:
    """Where two walks first differ by more than `rtol`, or by anything if that is 0; "" where they don't."""
    size = np.maximum(1.0, np.maximum(np.abs(one), np.abs(other)))
    with np.errstate(invalid="ignore"):
        apart = ~((one == other) | (np.isnan(one) & np.isnan(other)) | (np.abs(one - other) <= rtol * size))
    if not apart.any():
        return ""
    step, weight = np.argwhere(apart)[0]
    return f"after step {step + 1} weight {weight} is {float(one[step, weight])} and {float(other[step, weight])}"
