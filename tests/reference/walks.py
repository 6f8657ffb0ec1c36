"""What an optimizer is led along: random gradients on several layers, or a function of its own gradient."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

import optilab
from optilab import function
from optilab.problems.problem import Problem

Vector = NDArray[np.float64]

SHAPES = ((5, 3), (3,), (3, 4), (4,))
STEPS = 40
KEPT = (1, 2, 3, 7, 20, 40)  # steps after which the weights are kept
DECAY = 0.95  # of lr at each step, where a case is scheduled


def split(w: Vector) -> list[Vector]:
    """The layers of a flat vector."""
    parts, first = [], 0
    for shape in SHAPES:
        size = int(np.prod(shape))
        parts.append(w[first : first + size].reshape(shape))
        first += size
    return parts


@dataclass(frozen=True)
class Gradients:
    """First weights on four layers, and a gradient and a cost for each step, whatever the weights are.

    scale: of all gradients; small ones show where eps stands.
    """

    scale: float = 1.0

    @cached_property
    def w(self) -> Vector:
        """The first weights; the second bias begins at zero."""
        w = np.random.default_rng(20).normal(size=sum(int(np.prod(s)) for s in SHAPES))
        w[-4:] = 0
        return w

    @cached_property
    def gradients(self) -> NDArray[np.float64]:
        """[step, weight]; layers differ in size, signs stay for a while, and a few entries are exactly zero."""
        random = np.random.default_rng(21)
        n = self.w.size
        drift = np.sin(np.arange(STEPS)[:, None] / random.uniform(2, 9, n) + random.uniform(0, 6, n))
        size = np.concatenate([np.full(int(np.prod(s)), k) for s, k in zip(SHAPES, (1.0, 0.1, 3.0, 0.5), strict=True)])
        gradients = (drift + 0.5 * random.normal(size=(STEPS, n))) * size
        gradients[5:8, 3] = 0
        gradients[:2, 20] = 0
        return np.asarray(gradients * self.scale)

    @cached_property
    def costs(self) -> Vector:
        """One a step, falling unevenly, never negative."""
        return 3 * 0.93 ** np.arange(STEPS) + np.random.default_rng(22).uniform(0, 0.5, STEPS)


@function(start=[-1.2, 1.0, -0.5, 0.8, 1.5, -1.0], domain=[(-2, 2)] * 6, minima=[[1.0] * 6])
def long_valley(w, g):
    """The curved valley of Rosenbrock in six weights."""
    cost = 0.0
    g[:] = 0
    for i in range(w.size - 1):
        off, rest = w[i + 1] - w[i] * w[i], 1 - w[i]
        cost += 10 * off * off + rest * rest
        g[i] += -40 * off * w[i] - 2 * rest
        g[i + 1] += 20 * off
    return cost


@function(start=[3.0, -2.0, 1.0, 4.0, -1.5, 2.0], domain=[(-5, 5)] * 6, minima=[[0.0] * 6])
def oblong(w, g):
    """A bowl of six weights with curvatures from 1 to 20, turned a little."""
    cost = 0.0
    g[:] = 0
    for i in range(w.size):
        curvature = 1.0 + 19.0 * i / 5
        value = w[i] + 0.3 * w[(i + 1) % w.size]
        cost += 0.5 * curvature * value * value
        g[i] += curvature * value
        g[(i + 1) % w.size] += 0.3 * curvature * value
    return cost


@dataclass(frozen=True)
class Descent:
    """A function of six weights, with its own gradient: for rules that evaluate it themselves."""

    name: str

    @cached_property
    def problem(self) -> Problem:
        """The function as a problem of optilab, in float64."""
        return {"long_valley": long_valley, "oblong": oblong}[self.name].build({})

    @property
    def w(self) -> Vector:
        """Where it starts."""
        return np.array(self.problem.initial())

    def value_and_grad(self, w: Vector) -> tuple[float, Vector]:
        """In NumPy, for the reference implementation."""
        g = np.zeros_like(w)
        compute: Any = {"long_valley": long_valley, "oblong": oblong}[self.name].compute
        return float(compute(np.asarray(w), g)), g


Walk = Gradients | Descent


@cache
def walk(name: str) -> Walk:
    """One of "gradients", "small gradients" (a millionth of them), "long_valley", "oblong"."""
    if name in ("gradients", "small gradients"):
        return Gradients(1e-6 if name.startswith("small") else 1.0)
    return Descent(name)


def follow(optimizer: str, given: dict[str, Any], name: str, scheduled: bool, observe: str) -> NDArray[np.float64]:
    """[kept step, weight]: optilab's own trajectory."""
    path = walk(name)
    chain = optilab.get_optimizer(optimizer)
    if isinstance(path, Gradients):
        stepper = chain.start(split(path.w), **given)
    else:
        stepper = chain.start(path.w, problem=path.problem, **given)
    lr = stepper.hyperparameters.get("lr", 0.0)
    kept = []
    for step in range(STEPS):
        if scheduled and "lr" in stepper.hyperparameters:  # where there is none, the reference's changes nothing
            stepper.hyperparameters["lr"] = lr * DECAY**step
        if isinstance(path, Gradients):
            stepper.step(path.gradients[step], path.costs[step])
        else:
            stepper.step()
        if step + 1 in KEPT:
            kept.append(np.array(getattr(stepper, observe)))
    return np.array(kept)
