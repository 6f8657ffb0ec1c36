"""Checks of a problem: its function stays within its arrays, and its gradient is that of its cost.

A derivative is compared with differences of the cost, (C(w + h) - C(w - h)) / 2h, at several h, one of which must agree.
At a kink of the cost, any slope between those on its two sides agrees.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from optilab.errors import InputError, at
from optilab.problems.function import Function, FunctionProblem
from optilab.problems.problem import Problem
from optilab.texts import printable, shown

Vector = NDArray[np.floating]
_STEPS = (1e-3, 1e-4, 1e-5, 1e-6)  # h, for weights up to 1
_RTOL = 1e-5
_ENTRIES = 20  # entries that are compared of a longer gradient
_POINTS, _POINTS_FOR_BOUNDS = 3, 100  # where it is checked besides the start
_vouched: set[Any] = set()  # functions that came with optilab
_right: set[tuple[Any, str, bool]] = set()  # functions that passed, with their parameters


def spot_check(problem: Problem, place: str = "") -> None:
    """InputError if a function that isn't bundled leaves its arrays, or its gradient is not that of its cost.

    It is checked at its start and at points of its domain, once in a process for the same parameters. With
    check_gradient = false only bounds are checked. Exceptions of the function are left to the runs that meet them.
    """
    if not isinstance(problem, FunctionProblem) or problem.kind.compute in _vouched:
        return
    key = problem.kind.compute, repr(sorted(problem.parameters.items())), problem.check_gradient
    if key in _right:
        return
    exact = FunctionProblem(problem.kind, problem.parameters, "float64").checked
    told, hint = f"{at(place)}problem {problem.name!r}: ", f", in {located(exact.kind)}"
    for w in [exact.initial(), *points(exact, _POINTS_FOR_BOUNDS)]:
        if found := out_of_bounds(exact, w):
            raise InputError(f"{told}{found}{hint}")
    for w in [exact.initial(), *points(exact, _POINTS)] if problem.check_gradient else ():
        if not raised(exact, w) and (found := unset(exact, w) or disagreement(exact, w)):
            raise InputError(f"{told}{found}{hint}; check_gradient = false in the problem's table leaves this out")
    _right.add(key)


def vouch(kind: Function) -> None:
    """Accept a bundled function without a check; the tests of optilab check it."""
    _vouched.add(kind.compute)


def located(kind: Function) -> str:
    """File and line of the function."""
    code = kind.compute.__code__
    return f"{printable(code.co_filename)}, line {code.co_firstlineno}"


def points(problem: FunctionProblem, count: int) -> Iterator[Vector]:
    """Random points of the domain, the same every time; none if it is not bounded."""
    low, high = np.array(problem.kind.domain, np.float64).T
    random = np.random.default_rng(0)
    if np.isfinite(high - low).all():
        yield from (random.uniform(low, high) for _ in range(count))


def out_of_bounds(problem: FunctionProblem, w: Vector) -> str:
    """A sentence if a `checked` function goes beyond the ends of its arrays at `w`; else ""."""
    if isinstance(_raised(problem, w), IndexError):
        return f"an index is out of bounds at w = {shown(w.tolist())}{_line(problem, w)}"
    return ""


def raised(problem: Problem, w: Vector) -> str:
    """The exception that a problem raises at `w`, as text; "" if none."""
    error = _raised(problem, w)
    return f"{type(error).__name__}: {printable(str(error))}, at w = {shown(w.tolist())}" if error else ""


def _raised(problem: Problem, w: Vector) -> Exception | None:
    problem.evaluate  # noqa: B018 raises InputError if it doesn't compile, which is not to be caught
    try:
        problem.gradient(w)
    except Exception as error:
        return error
    return None


def _line(problem: FunctionProblem, w: Vector) -> str:
    """The line that plain Python finds at fault."""
    compute = problem.kind.compute
    numbers = {name: problem.parameters[name] for name in problem.kind.parameters}
    try:
        with np.errstate(all="ignore"):
            compute(w.copy(), np.zeros_like(w), **numbers)
    except Exception as error:
        for frame in reversed(traceback.extract_tb(error.__traceback__)):
            if frame.filename == compute.__code__.co_filename:
                return f" in line {frame.lineno}: {frame.line}"
    return ""


def unset(problem: Problem, w: Vector) -> str:
    """A sentence if the gradient at `w` depends on what was in g before, or if w is changed; else ""."""
    rows = problem.train_rows
    found = []
    for before in (0.0, 7.25):
        given, g = w.copy(), np.full_like(w, before)
        problem.evaluate(given, g, rows, problem.context())
        if not np.array_equal(given, w, equal_nan=True):
            return f"it changes w, from {shown(w.tolist())} to {shown(given.tolist())}"
        found.append(g)
    kept = np.flatnonzero(~((found[0] == found[1]) | (np.isnan(found[0]) & np.isnan(found[1]))))
    if kept.size:
        return f"it doesn't set g[{kept[0]}], but leaves or changes what was there before, at w = {shown(w.tolist())}"
    return ""


def disagreement(problem: Problem, w: Vector) -> str:
    """A sentence if the gradient at `w` is not that of the cost; "" if it is, or the cost isn't finite.

    Of a long gradient some entries are compared, and all of them together along a random direction.
    """
    cost = problem.cost(w)
    if not np.isfinite(cost):
        return ""
    gradient = problem.gradient(w)
    entries: Iterable[int] = range(w.size)
    random = np.random.default_rng(w.size)
    if w.size > _ENTRIES:
        entries = random.choice(w.size, _ENTRIES, replace=False).tolist()
    for i in entries:
        found = slopes(problem, w, cost, int(i))
        if found and not _agrees(float(gradient[i]), found):
            return (
                f"its gradient is not that of its cost: g[{i}] is {gradient[i]:g}, and differences of the cost give "
                f"{found[-1].middle:g}, at w = {shown(w.tolist())}"
            )
    if w.size > _ENTRIES:
        direction = random.choice([-1.0, 1.0], w.size)
        found = _along(problem, w, cost, direction)
        slope = float(gradient @ direction)
        if found and not _agrees(slope, found):
            return (
                f"its gradient is not that of its cost: along a direction of entries 1 and -1 it has the slope {slope:g}, and "
                f"differences of the cost give {found[-1].middle:g}, at w = {shown(w.tolist())}"
            )
    return ""


class Slopes(NamedTuple):
    """Slopes of the cost along one weight: to its left, across it, to its right; and how far rounding may change them."""

    left: float
    middle: float
    right: float
    rounding: float


def slopes(problem: Problem, w: Vector, cost: float, i: int) -> list[Slopes]:
    """Slopes along weight i over ever shorter distances, without those over which the cost isn't finite."""
    return _along(problem, w, cost, np.eye(1, w.size, i)[0])


def _along(problem: Problem, w: Vector, cost: float, direction: Vector) -> list[Slopes]:
    """Slopes along a direction whose largest entry is 1."""
    return [found for step in _STEPS if (found := _slopes(problem, w, cost, direction, step)) is not None]


def _slopes(problem: Problem, w: Vector, cost: float, direction: Vector, step: float) -> Slopes | None:
    """Slopes at w, from points at a distance of `step`; None if the cost isn't finite there."""
    h = step * max(1.0, float(np.abs(w * direction).max()))
    above, below = _cost(problem, w + h * direction), _cost(problem, w - h * direction)
    if not (np.isfinite(above) and np.isfinite(below)):
        return None
    rounding = 8 * np.finfo(np.float64).eps * max(abs(cost), abs(above), abs(below)) / h
    return Slopes((cost - below) / h, (above - below) / (2 * h), (above - cost) / h, rounding)


def _cost(problem: Problem, w: Vector) -> float:
    """The cost; NaN where the author's function raises something."""
    try:
        return problem.cost(w)
    except Exception:
        return np.nan


def _agrees(slope: float, found: list[Slopes]) -> bool:
    """Whether a slope agrees with one of `found`, taken over ever shorter distances."""
    last = found[-1]
    if min(last.left, last.right) - last.rounding <= slope <= max(last.left, last.right) + last.rounding:
        return True  # at a kink
    for coarse, fine in zip([found[0], *found], found, strict=False):
        inexact = abs(coarse.middle - fine.middle) + fine.rounding
        if abs(slope - fine.middle) <= inexact + _RTOL * max(abs(slope), abs(fine.middle)):
            return True
    return False
