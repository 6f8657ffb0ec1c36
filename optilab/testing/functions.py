"""Properties that every problem must have, for `optilab check`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from optilab.errors import InputError
from optilab.problems.derivatives import disagreement, located, out_of_bounds, points, raised, slopes, unset
from optilab.problems.function import Function, FunctionProblem
from optilab.problems.problem import Problem, ProblemKind
from optilab.testing.subject import NotAsked, ViolationError
from optilab.testing.verdicts import Kit

Vector = NDArray[np.floating]

_FAR = 1000  # points to look for an index out of bounds
_NEAR = 20  # points at which a gradient is compared
_RADII = (1e-3, 1e-2)  # around a minimum, in widths of the domain


@dataclass(frozen=True)
class ProblemSubject:
    """A problem under test, at its defaults and in float64."""

    kind: ProblemKind

    @cached_property
    def problem(self) -> Problem:
        """The problem itself. InputError if it needs parameters."""
        return self.kind.build({}, "float64")

    @cached_property
    def function(self) -> FunctionProblem | None:
        """The function, compiled so that an index out of bounds is an error; None if the problem is no function."""
        return self.problem.checked if isinstance(self.problem, FunctionProblem) else None

    def points(self, count: int) -> Iterator[Vector]:
        """Its start, and points of its domain; of a problem without one, first weights."""
        yield self.problem.initial()
        if isinstance(self.problem, FunctionProblem):
            yield from points(self.problem, count)
        else:
            yield from (self.problem.initial(seed) for seed in range(1, 3))


def kit_of(kind: ProblemKind) -> Kit:
    """The properties of a problem."""
    subject = ProblemSubject(kind)
    return Kit(
        {(check.__doc__ or "").rstrip("."): partial(check, subject) for check in _PROPERTIES},
        [(check.__doc__ or "").rstrip(".") for check in _PROPERTIES[:2]],
        {kind.compute.__code__.co_filename} if isinstance(kind, Function) else set(),
        f"{kind.name} ({located(kind)})" if isinstance(kind, Function) else kind.name,
    )


def compiles(subject: ProblemSubject) -> str:
    """Compiles in float32 and float64."""
    if not isinstance(subject.kind, Function):
        try:
            subject.problem  # noqa: B018
        except InputError as error:
            return NotAsked(f"it can't be built without parameters: {error}")
    for precision in ("float32", "float64"):
        subject.kind.build({}, precision).evaluate  # noqa: B018 compiled, and not yet called
    return ""


def stays_in_bounds(subject: ProblemSubject) -> str:
    """Reads and writes no array out of its bounds."""
    if not isinstance(subject.kind, Function):
        return NotAsked("it is no plain function")
    assert subject.function is not None
    for w in subject.points(_FAR):
        if found := out_of_bounds(subject.function, w) or raised(subject.function, w):
            raise ViolationError(found)
    return ""


def answers_alike(subject: ProblemSubject) -> str:
    """Answers the same cost again, and with or without a gradient."""
    if not _can_be_built(subject):
        return NotAsked("it can't be built without parameters")
    rows = np.arange(subject.problem.n_examples)
    for w in subject.points(_NEAR):
        costs = [subject.problem.cost(w), subject.problem.cost(w)]
        costs.append(float(subject.problem.evaluate(w.copy(), np.zeros_like(w), rows, subject.problem.context())))
        if not np.allclose(costs, costs[0], rtol=1e-12, atol=0, equal_nan=True):
            raise ViolationError(
                f"it answers {', '.join(map(repr, costs))}, the last with a gradient, at w = {w.tolist()}"
            )
    return ""


def fills_its_gradient(subject: ProblemSubject) -> str:
    """Fills all of its gradient, and leaves the weights as they are."""
    return _at_all(subject, unset)


def has_its_gradient(subject: ProblemSubject) -> str:
    """Has the gradient of its cost, by finite differences."""
    return _at_all(subject, disagreement)


def _at_all(subject: ProblemSubject, found_at: Callable[[Problem, Vector], str]) -> str:
    if not _can_be_built(subject):
        return NotAsked("it can't be built without parameters")
    count = 0
    for w in subject.points(_NEAR):
        if not np.isfinite(subject.problem.cost(w)):
            continue
        count += 1
        if found := found_at(subject.problem, w):
            raise ViolationError(found)
    if not count:
        raise ViolationError("its cost is not finite at its start, nor at any point of its domain that was tried")
    return f"at {count} points"


def _can_be_built(subject: ProblemSubject) -> bool:
    try:
        return subject.problem is not None
    except InputError:
        return False


def has_its_minima(subject: ProblemSubject) -> str:
    """Has minima where it says so: a slope of zero, and no lower cost nearby."""
    if not isinstance(subject.kind, Function) or not subject.kind.minima:
        return NotAsked("it names none")
    problem = subject.problem
    low, high = np.array(subject.kind.domain, np.float64).T
    width = np.where(np.isfinite(high - low), high - low, 1.0)
    random = np.random.default_rng(0)
    for minimum in np.array(subject.kind.minima, np.float64):
        cost = problem.cost(minimum)
        if not np.isfinite(cost):
            raise ViolationError(f"its cost at the minimum {minimum.tolist()} is {cost:g}")
        steepest = 0.0
        for radius in _RADII:
            for direction in _directions(random, minimum.size):
                near = minimum + radius * width * direction
                there = problem.cost(near)
                if there < cost - 1e-12 * abs(cost):
                    raise ViolationError(
                        f"its cost is {there:.9g} at {near.tolist()}, less than {cost:.9g} at the minimum {minimum.tolist()}"
                    )
                if radius == _RADII[0] and np.isfinite(there):
                    steepest = max(steepest, float(np.abs(problem.gradient(near) * width).max()))
        gradient = problem.gradient(minimum)
        for i in np.flatnonzero(~(np.abs(gradient * width) <= 0.5 * steepest)):
            found = slopes(problem, minimum, cost, int(i))
            if not found or not found[-1].left <= 0 <= found[-1].right:  # else it is a kink
                raise ViolationError(f"its gradient at the minimum {minimum.tolist()} is {gradient.tolist()}, not zero")
    return f"{len(subject.kind.minima)} of them"


def _directions(random: np.random.Generator, size: int) -> Iterator[Vector]:
    """Along the first axes, both ways, and at random."""
    for k in range(min(size, 50)):
        for sign in (-1.0, 1.0):
            yield sign * np.eye(1, size, k)[0]
    for _ in range(100):
        direction = random.normal(size=size)
        yield direction / np.linalg.norm(direction)


_PROPERTIES = (compiles, stays_in_bounds, answers_alike, fills_its_gradient, has_its_gradient, has_its_minima)
