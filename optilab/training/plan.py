"""Plans of runs: problem, optimizer with hyperparameters, schedules, batch size, budget; all but the seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from optilab.compiler.digests import combined, source_digest
from optilab.optimizers.memory import Layout
from optilab.optimizers.optimizer import Optimizer
from optilab.optimizers.update import code_digest
from optilab.problems.problem import Problem
from optilab.randomness import DataOrder
from optilab.schedules.schedule import BoundSchedule
from optilab.training.setup import loop_code
from optilab.training.stopping import Budget, Measure, Stop

BatchSize = int | Literal["full"]
Steps = NDArray[np.float64]


@dataclass(frozen=True)
class Plan:
    """Everything that determines a run but its seed; to be checked by `checks.checked`.

    hyperparameters: complete and checked, as from `Optimizer.fill`.
    data_order: whether each seed has its own order of the examples, or all seeds share one.
    """

    problem: Problem
    optimizer: Optimizer
    hyperparameters: Mapping[str, Any]
    schedules: Sequence[BoundSchedule]
    batch_size: BatchSize
    budget: Budget
    measure: Measure | None
    stop: Stop = field(default_factory=Stop)
    data_order: DataOrder = "own"

    @cached_property
    def layout(self) -> Layout:
        """Where the states of the optimizer lie in a run's memory. InputError for an optimizer that doesn't fit the problem."""
        return Layout(self.optimizer, self.hyperparameters, self.problem.layers)

    @property
    def examples_a_step(self) -> int:
        """The batch size as a number."""
        return self.problem.n_examples if self.batch_size == "full" else self.batch_size

    @property
    def steps_in_parts(self) -> bool:
        """Whether steps are taken by the problem's `step_in_parts`, which is faster here."""
        return self.optimizer.is_pointwise and self.problem.is_faster_in_parts(self.examples_a_step)

    @property
    def steps_per_epoch(self) -> int:
        """Batches in one pass over the examples, the last of which may be smaller."""
        return -(-self.problem.n_examples // self.examples_a_step)

    @property
    def shares_order(self) -> bool:
        """Whether the batches are the same for all seeds, and would differ otherwise."""
        return self.data_order == "shared" and self.steps_per_epoch > 1

    @property
    def measures_gradient(self) -> bool:
        """Whether measurements have the norm of the gradient."""
        return self.measure is None or self.measure.gradient_norm

    @property
    def unmeasured(self) -> frozenset[str]:
        """Columns of the history that have no values."""
        return self.problem.unmeasured | (frozenset() if self.measures_gradient else {"gradient_norm"})

    @property
    def depends_on_length(self) -> bool:
        """Whether a schedule makes the run another one, from its first step on, where the budget has more steps."""
        steps = self.budget.in_steps(self.steps_per_epoch)
        try:
            with np.errstate(all="ignore"):
                return steps is not None and any(
                    s.depends_on_length(steps, self.steps_per_epoch) for s in self.schedules
                )
        except Exception:  # of the author's function, which the run will report
            return False

    @property
    def code(self) -> str:
        """Digest of the code that the run executes."""
        curves = [source_digest(f) for schedule in self.schedules for f in schedule.functions]
        return combined(loop_code(), self.problem.code, code_digest(self.optimizer), *curves)


def usual_batch_size(optimizer: Optimizer, problem: Problem) -> BatchSize:
    """The optimizer's own batch size, or all examples where there are fewer."""
    size = optimizer.batch_size
    return size if size == "full" or size < problem.n_examples else "full"
