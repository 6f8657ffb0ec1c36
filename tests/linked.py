"""Links beside a rule on four layers: what they make of gradients, and the way that a chain goes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import optilab
from optilab.optimizers.stepper import Stepper
from walking import Vector

Layers = list[Vector]

SHAPES = ((4, 3), (3,), (3, 2), (2,))
SIZE = sum(int(np.prod(shape)) for shape in SHAPES)
values = st.floats(-8, 8, width=32)
vectors = arrays.arrays(np.float64, SIZE, elements=values)


def layers(w: Any) -> Layers:
    """The parts of a flat vector."""
    ends = np.cumsum([int(np.prod(shape)) for shape in SHAPES])
    return [part.reshape(shape) for part, shape in zip(np.split(np.asarray(w), ends[:-1]), SHAPES, strict=True)]


def changed(link: str, g: Vector, w: Vector | None = None, **hyperparameters: Any) -> Layers:
    """The gradient after a link, by layers: what SGD with lr = 1 subtracts."""
    w = np.zeros(SIZE) if w is None else w
    stepper = optilab.get_optimizer(f"{link} | sgd").start(layers(w), lr=1.0, **hyperparameters)
    return layers(w - stepper.step(g))


def way(chain: str, steps: int = 12, observe: str = "w", **hyperparameters: Any) -> Vector:
    """[step, weight]: the way of a chain along random gradients, always the same."""
    random = np.random.default_rng(5)
    stepper = optilab.get_optimizer(chain).start(layers(random.normal(size=SIZE)), **hyperparameters)
    return np.array(
        [np.array(getattr(follow, observe)) for follow in along(stepper, random.normal(size=(steps, SIZE)))]
    )


def along(stepper: Stepper, gradients: Vector) -> Iterator[Stepper]:
    """The stepper after each of these gradients."""
    for gradient in gradients:
        stepper.step(gradient)
        yield stepper
