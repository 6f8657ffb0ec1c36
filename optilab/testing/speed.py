"""Time of an update for each weight, in the compiled training loop."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from optilab.compiler import modules
from optilab.compiler.calls import address_of
from optilab.compiler.types import UNLIMITED, context_without_examples
from optilab.kernels import loop
from optilab.optimizers.decorators import vectorwise
from optilab.optimizers.memory import Layout
from optilab.optimizers.optimizer import Optimizer
from optilab.optimizers.update import compile_update
from optilab.problems.layers import table_of_shapes
from optilab.problems.problem import Precision
from optilab.training.setup import compiled_loop

DIGITS = ((784, 16), (16,), (16, 16), (16,), (16, 10), (10,))  # 13,002 weights and biases


@vectorwise()
def nothing(w):  # type: ignore[no-untyped-def]
    """Stays where it is: what the loop costs without an update."""


def nanoseconds_a_weight(
    optimizer: Optimizer,
    hyperparameters: Mapping[str, Any],
    shapes: tuple[tuple[int, ...], ...] = DIGITS,
    precision: Precision = "float32",
    seconds: float = 0.1,
) -> float:
    """Time of one update over the number of weights: median of seven rounds.

    seconds: of each round.
    """
    n = sum(int(np.prod(shape)) for shape in shapes)
    own = Timed(optimizer, hyperparameters, shapes, precision)
    own.loop_seconds(3)
    steps = max(3, int(30 * seconds / own.loop_seconds(30)))
    return float(np.median([own.seconds(steps) / steps for _ in range(7)]) * 1e9 / n)


class Timed:
    """An update in the compiled loop, on random weights and a constant gradient."""

    def __init__(
        self,
        optimizer: Optimizer,
        hyperparameters: Mapping[str, Any],
        shapes: Sequence[tuple[int, ...]],
        precision: Precision = "float32",
    ) -> None:
        layers = table_of_shapes(shapes)
        random = np.random.default_rng(0)
        n = int(layers["size"].sum())
        self._idle = None if optimizer is nothing else Timed(nothing, {}, shapes, precision)
        layout = Layout(optimizer, hyperparameters, layers)
        self._w = random.normal(size=n).astype(precision)
        self._context = context_without_examples(layers, [], precision)
        self._context.scratch[:] = random.normal(size=n) / 100
        state, scalars = layout.allocate(self._w)
        evaluate = modules.entries("same_gradient", precision, evaluate=loop.same_gradient).evaluate
        numbers = np.array(optimizer.numbers(hyperparameters))[None]
        self._memory = numbers, state, scalars, layout.layers, layout.spans
        functions = address_of(evaluate), address_of(compile_update(optimizer, precision))
        self._functions = *functions, 0, self._context, np.inf, np.full(2, UNLIMITED)
        self._loop = compiled_loop(precision).train
        self._t = 1.0

    def seconds(self, steps: int) -> float:
        """Time of `steps` updates, in seconds, less that of the loop and the gradient."""
        idle = self._idle.loop_seconds(steps) if self._idle else 0.0
        return max(self.loop_seconds(steps) - idle, 0.0)

    def loop_seconds(self, steps: int) -> float:
        """Time of `steps` passes of the loop, in seconds, gradient and update included."""
        start, before = self._w.copy(), np.zeros_like(self._w)
        order = np.zeros((1, 1), np.int64)
        begin = time.perf_counter()
        self._loop(self._w, np.zeros_like(before), before, order, 1, 0, steps, self._t, *self._memory, *self._functions)
        taken = time.perf_counter() - begin
        self._t += steps
        self._w[:] = start  # so that nothing overflows, and no number becomes so small that it is slow
        return taken
