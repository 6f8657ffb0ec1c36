"""A measurement of a run: cost and accuracy on training, validation and test examples, norms, clocks; one row of its history."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from optilab.compiler.types import CORRECT, EVALUATIONS, EXAMPLES, Context
from optilab.optimizers.memory import Layout
from optilab.records.columns import COLUMNS
from optilab.training.plan import Plan
from optilab.training.position import Position
from optilab.training.run import Log
from optilab.training.setup import Setup


class Measuring:
    """Measures a run at its optimizer's evaluation point."""

    def __init__(self, plan: Plan, setup: Setup, layout: Layout) -> None:
        self._setup = setup
        self._layout = layout
        self._classifies = plan.problem.classifies
        self._with_gradient = plan.measures_gradient
        self._steps_per_epoch = plan.steps_per_epoch

    def measure(self, position: Position, lr: float) -> Log:
        """Add a row to the history of the position's run and return it; its values are those of `columns.COLUMNS`.

        lr: the learning rate of the last step. The run's `w` becomes the point of the measurement.
        """
        run, setup = position.run, self._setup
        tally, spent = setup.train_context.tally, setup.context.tally
        tally[:] = 0
        run.w = self._layout.evaluation_point(position.w, position.state)
        gradient = position.g if self._with_gradient else position.g[:0]
        cost = setup.evaluate(run.w, gradient, setup.every_row, setup.train_context)
        accuracy = tally[CORRECT] / setup.every_row.size if self._classifies else math.nan
        valid_cost, valid_accuracy = self._on(setup.every_valid_row, setup.train_context, position)
        test_cost, test_accuracy = self._on(setup.every_test_row, setup.test_context, position)
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
                setup.norm(gradient) if self._with_gradient else math.nan,
                position.update_norm,
                setup.norm(run.w),
                lr,
                run.w[0] if run.w.size <= 2 else math.nan,
                run.w[1] if run.w.size == 2 else math.nan,
            )
        )
        run.log = _appended(run.log, row)
        return row

    def _on(self, rows: NDArray[np.int64], context: Context | None, position: Position) -> tuple[float, float]:
        """Cost and accuracy on examples; nan where there are none."""
        if context is None or rows.size == 0:
            return math.nan, math.nan
        context.tally[:] = 0
        cost = self._setup.evaluate(position.run.w, position.g[:0], rows, context)
        return cost, context.tally[CORRECT] / rows.size if self._classifies else math.nan


def _appended(log: Log, row: Log) -> Log:
    """The log with one more row; its memory grows by doubling."""
    n = len(log)
    memory = log.base if log.base is not None else log
    if n == len(memory):
        memory = np.concatenate([memory, np.zeros((max(n, 16), len(COLUMNS)))])
    memory[n] = row
    return memory[: n + 1]
