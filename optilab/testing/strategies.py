"""Hypothesis strategies of the kit: walks along given gradients, and convex bowls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from optilab.problems.function import FunctionProblem, function
from optilab.problems.layers import LayerTable, table_of_shapes

Vector = NDArray[np.float64]

SHAPES: tuple[tuple[tuple[int, ...], ...], ...] = (
    ((1,),),
    ((3,),),
    ((2, 2), (2,)),
    ((3, 2), (2,), (2, 4), (4,)),
    ((2, 3), (3,), (3, 2), (2,), (2, 1), (1,)),
)


def layers_of(vector: Vector, shapes: Sequence[tuple[int, ...]]) -> list[Vector]:
    """The parts of a flat vector that are the layers of these shapes."""
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]
    return [part.reshape(shape) for part, shape in zip(np.split(vector, ends), shapes, strict=True)]


@dataclass(frozen=True)
class Walk:
    """First weights on some layers, and a gradient and a cost for each step, whatever the weights are."""

    shapes: tuple[tuple[int, ...], ...]
    w: Vector
    gradients: NDArray[np.float64]  # [step, weight]
    costs: Vector

    @property
    def layers(self) -> list[Vector]:
        """The first weights as a list of matrices and vectors."""
        return layers_of(self.w, self.shapes)

    def __str__(self) -> str:
        gradients = [[float(v) for v in gradient] for gradient in self.gradients]
        return f"w = {[float(v) for v in self.w]} on layers {list(self.shapes)}, gradients = {gradients}"


@st.composite
def walks(draw: st.DrawFn, at_least: int = 1, shapes: Sequence[tuple[tuple[int, ...], ...]] = SHAPES) -> Walk:
    """Walks of `at_least` to six steps; weights and gradients are multiples of an eighth from -5 to 5."""
    chosen = draw(st.sampled_from(shapes))
    n = sum(int(np.prod(shape)) for shape in chosen)
    eighths = st.integers(-40, 40).map(lambda k: k / 8)
    taken = draw(st.integers(at_least, 6))
    return Walk(
        chosen,
        draw(arrays(np.float64, n, elements=eighths)),
        draw(arrays(np.float64, (taken, n), elements=eighths)),
        draw(arrays(np.float64, taken, elements=st.integers(1, 40).map(lambda k: k / 8))),
    )


BOWL_SHAPES = ((3, 3), (3,), (3, 2), (2,), (2, 2), (2,))


@function(start=[1.0] * 26, domain=[(-5, 5)] * 26, ranges={"condition": "[1, inf)", "coupling": "[0, 1)"})
def convex_bowl(w, g, condition=10.0, coupling=0.2):  # type: ignore[no-untyped-def]
    """Half a sum of c * (d_i + coupling * d_next)^2, d = w - 1, with c from 1 to `condition`; its minimum is 0, at w = 1."""
    cost = 0.0
    g[:] = 0
    for i in range(w.size):
        after = (i + 1) % w.size
        curvature = condition ** (i / (w.size - 1))
        value = (w[i] - 1) + coupling * (w[after] - 1)
        cost += 0.5 * curvature * value * value
        g[i] += curvature * value
        g[after] += coupling * curvature * value
    return cost


class _Layered(FunctionProblem):
    """A function whose weights lie on several layers."""

    @cached_property
    def layers(self) -> LayerTable:
        """Three weight matrices, each with its bias."""
        return table_of_shapes(BOWL_SHAPES)


@dataclass(frozen=True)
class Bowl:
    """A convex quadratic on three weight matrices and their biases, and first weights."""

    condition: float
    coupling: float
    w: Vector

    @property
    def problem(self) -> FunctionProblem:
        """The bowl as a problem, in float64."""
        numbers: dict[str, Any] = {"condition": self.condition, "coupling": self.coupling, "start": self.w.tolist()}
        return _Layered(convex_bowl, numbers, "float64")

    def __str__(self) -> str:
        return f"a bowl of condition {self.condition:g} and coupling {self.coupling:g}, from {self.w[-1]:g} * (1, ..., 26) / 26"


@st.composite
def bowls(draw: st.DrawFn) -> Bowl:
    """Bowls of condition 1 to 100; the first weights rise evenly to a whole number from -4 to 4, not zero."""
    start = draw(st.sampled_from([1, 2, 4, -1, -2, -4]))
    return Bowl(
        float(draw(st.sampled_from([1, 3, 10, 100]))),
        draw(st.sampled_from([0.0, 0.25, 0.5])),
        start * np.arange(1, 27) / 26,
    )
