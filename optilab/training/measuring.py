"""A measurement of a run: cost and accuracy on training, validation and test examples, norms, clocks; one row of its history."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optilab.compiler.types import CORRECT, EVALUATIONS, EXAMPLES, Context
from optilab.optimizers.memory import Layout
from optilab.records.columns import COLUMNS
from optilab.training.plan import Plan
from optilab.training.position import Position
from optilab.training.run import Log
from optilab.training.setup import Setup


class Evaluated(NamedTuple):
    """Costs and accuracies of a measurement, on the examples to train on, to validate on and to test on; nan where there are none."""

    train: tuple[float, float]
    valid: tuple[float, float]
    test: tuple[float, float]


class Measuring:
    """Measures a run at its optimizer's evaluation point."""

    def __init__(self, plan: Plan, setup: Setup, layout: Layout) -> None:
        self._setup = setup
        self._layout = layout
        self._classifies = plan.problem.classifies
        self._with_gradient = plan.measures_gradient
        self._steps_per_epoch = plan.steps_per_epoch

    def begin(self, position: Position) -> NDArray[np.floating]:
        """Let the run's `w` be the point of the measurement; return the array for its gradient, empty where that is not measured."""
        position.run.w = self._layout.evaluation_point(position.w, position.state)
        return self._gradient(position)

    def _gradient(self, position: Position) -> NDArray[np.floating]:
        return position.g if self._with_gradient else position.g[:0]

    def evaluated(self, position: Position) -> Evaluated:
        """Costs and accuracies, and the gradient of the training cost."""
        gradient, setup = self.begin(position), self._setup
        return Evaluated(
            self._on(setup.measured_rows, setup.train_context, position.run.w, gradient),
            self._on(setup.every_valid_row, setup.train_context, position.run.w, gradient[:0]),
            self._on(setup.every_test_row, setup.test_context, position.run.w, gradient[:0]),
        )

    def add_row(self, position: Position, lr: float, found: Evaluated) -> Log:
        """Add a row to the history of the position's run and return it; its values are those of `columns.COLUMNS`.

        lr: the learning rate of the last step.
        """
        run, setup = position.run, self._setup
        spent = setup.context.tally
        (cost, accuracy), (valid_cost, valid_accuracy), (test_cost, test_accuracy) = found
        row = np.array(
            (
                run.steps,
                run.steps / self._steps_per_epoch,
                spent[EXAMPLES],
                spent[EVALUATIONS],
                run.train_seconds,
                position.cpu_seconds,
                cost,
                valid_cost,
                test_cost,
                accuracy,
                valid_accuracy,
                test_accuracy,
                setup.norm(self._gradient(position)) if self._with_gradient else math.nan,
                position.update_norm,
                setup.norm(run.w),
                lr,
                run.w[0] if run.w.size <= 2 else math.nan,
                run.w[1] if run.w.size == 2 else math.nan,
            )
        )
        run.log = _appended(run.log, row)
        return row

    def _on(
        self, rows: NDArray[np.int64], context: Context | None, w: NDArray[np.floating], g: NDArray[np.floating]
    ) -> tuple[float, float]:
        """Cost and accuracy on examples, nan where there are none; fills g with the gradient, unless it is empty."""
        if context is None or rows.size == 0:
            return math.nan, math.nan
        context.tally[:] = 0
        cost = self._setup.evaluate(w, g, rows, context)
        return cost, context.tally[CORRECT] / rows.size if self._classifies else math.nan


def _appended(log: Log, row: Log) -> Log:
    """The log with one more row; its memory grows by doubling."""
    n = len(log)
    memory = log.base if log.base is not None else log
    if n == len(memory):
        memory = np.concatenate([memory, np.zeros((max(n, 16), len(COLUMNS)))])
    memory[n] = row
    return memory[: n + 1]
