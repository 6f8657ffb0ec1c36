"""One run: prepare, train by intervals, measure, stop with a status."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from optilab import streams
from optilab.errors import InputError, at
from optilab.kernels import cache as compiled
from optilab.kernels.jit import CORRECT, EVALUATIONS, EXAMPLES, Context
from optilab.lifting import Layout, code_digest, compile_update
from optilab.optimizers import Optimizer
from optilab.problems import Precision, Problem
from optilab.schedules import BoundSchedule

if TYPE_CHECKING:
    import pandas as pd

Status = Literal["budget", "diverged", "failed", "crashed"]
BatchSize = int | Literal["full"]

_ORDER_AT_ONCE = 2**20  # examples whose order is drawn ahead of the compiled loop
_STEPS_AT_ONCE = 2**17  # rows of a schedule's table


@dataclass(frozen=True)
class Length:
    """A length of training, in steps or in epochs. InputError unless exactly one of them is given, and positive."""

    steps: int | None = None
    epochs: float | None = None

    def in_steps(self, steps_per_epoch: int) -> int:
        """The number of steps, at least one."""
        if self.steps is not None:
            return self.steps
        assert self.epochs is not None
        return max(1, round(self.epochs * steps_per_epoch))

    def __post_init__(self) -> None:
        given = [v for v in (self.steps, self.epochs) if v is not None]
        if len(given) != 1 or not (0 < given[0] < math.inf) or isinstance(given[0], bool):
            raise InputError(f"steps = {self.steps}, epochs = {self.epochs}: give one of them, above zero")


@dataclass(frozen=True)
class Plan:
    """All that a run is made from. `hyperparameters` are complete and checked, as from `Optimizer.fill`."""

    problem: Problem
    optimizer: Optimizer
    hyperparameters: Mapping[str, Any]
    schedules: Sequence[BoundSchedule]
    batch_size: BatchSize
    budget: Length
    measure: Length | None
    seed: int
    diverged_above: float = math.inf

    def __post_init__(self) -> None:
        check_plan(self)

    @property
    def examples_a_step(self) -> int:
        """The batch size as a number."""
        return self.problem.n_examples if self.batch_size == "full" else self.batch_size

    @property
    def steps_per_epoch(self) -> int:
        """Batches in one pass over the examples, the last of which may be smaller."""
        return -(-self.problem.n_examples // self.examples_a_step)

    @property
    def code(self) -> str:
        """Digest of the code that the run executes."""
        return compiled.combined(self.problem.code, code_digest(self.optimizer))


@dataclass
class Run:
    """A finished run. Every status is a result: what diverged or failed is kept as well.

    w: the last weights.
    measurements: rows of the history, in order.
    steps: steps taken.
    seconds of compiling, training, measuring; only training is on the history's clock.
    """

    w: NDArray[np.floating]
    measurements: list[dict[str, float]] = field(default_factory=list)
    status: Status = "budget"
    message: str = ""
    steps: int = 0
    compile_seconds: float = 0.0
    train_seconds: float = 0.0
    measure_seconds: float = 0.0

    @property
    def history(self) -> pd.DataFrame:
        """The measurements as a DataFrame, one row each."""
        import pandas as pd

        return pd.DataFrame(self.measurements)

    def __repr__(self) -> str:
        last = self.measurements[-1] if self.measurements else {}
        shown = ", ".join(f"{name}={last[name]:.4g}" for name in ("train_cost", "test_accuracy") if name in last)
        return f"<Run {self.status} after {self.steps} steps{': ' + shown if shown else ''}>"


def check_plan(plan: Plan, place: str = "") -> None:
    """InputError where the parts of a plan don't fit together."""
    size, n = plan.batch_size, plan.problem.n_examples
    if size != "full" and (isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= n):
        raise InputError(f"{at(place)}batch_size = {size!r}: accepted is 'full', or a whole number from 1 to {n}")
    names = list(plan.hyperparameters)
    for schedule in plan.schedules:
        if schedule.of not in names:
            raise InputError(
                f"{at(place)}schedule {schedule.schedule.name} of {schedule.of!r}: "
                f"{plan.optimizer.name} has {', '.join(names) or 'no hyperparameters'}"
            )


def usual_batch_size(optimizer: Optimizer, problem: Problem) -> BatchSize:
    """The optimizer's own batch size, or all examples where there are fewer."""
    size = optimizer.batch_size
    return size if size == "full" or size < problem.n_examples else "full"


_TRAIN = '''"""The training loop in {precision}: generated by optilab."""

from optilab.kernels import driver
from optilab.kernels.jit import entry, signatures


@entry(signatures("{precision}").train)
def train(
    w, g, previous, order, batch_size, skip, steps, t, table, state, scalars, evaluate, update, context, bound
):
    return driver.train(
        w, g, previous, order, batch_size, skip, steps, t, table, state, scalars, evaluate, update, context, bound
    )
'''


def compile_loop(precision: Precision) -> Any:
    """The compiled training loop, one for all problems and optimizers of a precision."""
    return compiled.load(f"train_{precision}", _TRAIN.format(precision=precision), "").train


def train(plan: Plan) -> Run:
    """Train to the end of the budget, or until the cost is no longer finite or below `diverged_above`."""
    training = Training(plan)
    with _threads().limit(limits=1):  # more would be slower at this size, and change the last bits
        training.measure()
        while training.run.status == "budget" and training.run.steps < training.total:
            training.advance(min(training.run.steps + training.every, training.total))
            training.measure()
    return training.run


@cache
def _threads() -> ThreadpoolController:
    """Of the BLAS libraries that are loaded once the compiled loop is."""
    return ThreadpoolController()


class Training:
    """A run under way: the arrays that the compiled loop works on, and the clocks."""

    def __init__(self, plan: Plan) -> None:
        start = time.perf_counter()
        problem = plan.problem
        self.plan = plan
        self.loop = compile_loop(problem.precision)
        self.evaluate = problem.evaluate
        self.update = compile_update(plan.optimizer, problem.precision)
        self.context = problem.context()
        self.train_context = self.context._replace(tally=np.zeros_like(self.context.tally))
        self.test_context = problem.test_context()

        self.run = Run(_aligned(problem.initial(plan.seed)))
        self.g = _aligned(np.zeros_like(self.run.w))
        self.previous = np.zeros_like(self.run.w)
        layout = Layout(plan.optimizer)
        self.state, self.scalars = layout.allocate(self.run.w, self.context.layers.size)
        self.base = np.array([float(v) for v in plan.hyperparameters.values()])
        self.names = list(plan.hyperparameters)
        self.feedback = [(s.of, s.begin()) for s in plan.schedules if s.schedule.is_feedback]
        self.factors = {id(generator): 1.0 for _, generator in self.feedback}

        self.total = plan.budget.in_steps(plan.steps_per_epoch)
        self.every = plan.measure.in_steps(plan.steps_per_epoch) if plan.measure else self._usual_interval()
        self.every_row = np.arange(problem.n_examples)
        self.cpu_seconds = 0.0
        self.update_norm = math.nan
        self._interval(0, self.every_row[None], 0, self._table(0, 1))  # the first call is off the clock
        self.run.compile_seconds = time.perf_counter() - start

    def _usual_interval(self) -> int:
        """Every epoch of a dataset; on a plain function, at most a thousand times."""
        if self.plan.problem.n_examples > 1:
            return self.plan.steps_per_epoch
        return -(-self.total // 1000)

    def _table(self, first: int, steps: int) -> NDArray[np.float64]:
        """Hyperparameters of `steps` steps from `first`; one row for all where none has a schedule."""
        curves = [s for s in self.plan.schedules if not s.schedule.is_feedback and s.schedule.name != "constant"]
        table = np.tile(self.base, (steps if curves else 1, 1))
        for schedule in curves:
            values = schedule.multipliers(first, steps, self.total, self.plan.steps_per_epoch)
            table[:, self.names.index(schedule.of)] *= values
        for of, generator in self.feedback:
            table[:, self.names.index(of)] *= self.factors[id(generator)]
        return table

    def order(self, epoch: int, steps_left: int) -> NDArray[np.int64]:
        """Order of the examples in the epochs from `epoch`, as many as are needed and fit."""
        if self.plan.steps_per_epoch == 1:
            return self.every_row[None]
        n = self.every_row.size
        epochs = min(-(-steps_left // self.plan.steps_per_epoch) + 1, max(1, _ORDER_AT_ONCE // n))
        return np.stack([streams.data_order(self.plan.seed, epoch + k).permutation(n) for k in range(epochs)])

    def _interval(self, skip: int, order: NDArray[np.int64], steps: int, table: NDArray[np.float64]) -> int:
        done, cost, self.update_norm = self.loop(
            self.run.w,
            self.g,
            self.previous,
            order,
            self.plan.examples_a_step,
            skip,
            steps,
            float(self.run.steps + 1),
            table,
            self.state,
            self.scalars,
            self.evaluate,
            self.update,
            self.context,
            self.plan.diverged_above,
        )
        self.last_cost = cost
        return int(done)

    def advance(self, mark: int) -> None:
        """Train up to step `mark`."""
        run, per_epoch = self.run, self.plan.steps_per_epoch
        start, cpu_start = time.perf_counter(), time.thread_time()
        while run.steps < mark and run.status == "budget":
            epoch, skip = divmod(run.steps, per_epoch)
            order = self.order(epoch, mark - run.steps)
            ahead = mark - run.steps if per_epoch == 1 else len(order) * per_epoch - skip
            steps = min(mark - run.steps, ahead, _STEPS_AT_ONCE)
            done = self._interval(skip, order, steps, self._table(run.steps, steps))
            run.steps += done
            if done < steps:
                self._diverge(f"the cost of the batch at step {run.steps + 1} is {self.last_cost:g}")
        run.train_seconds += time.perf_counter() - start
        self.cpu_seconds += time.thread_time() - cpu_start

    def _diverge(self, reason: str) -> None:
        self.run.status = "diverged"
        self.run.message = f"{reason}; last finite step {max(self.run.steps - 1, 0)}"

    def measure(self) -> None:
        """Add a row to the history, tell the feedback schedules, and notice divergence."""
        start = time.perf_counter()
        run, n = self.run, self.plan.problem.n_examples
        gradient = self.g  # the loop fills it anew before it is used
        tally = self.train_context.tally
        tally[:] = 0
        train_cost = self.evaluate(run.w, gradient, self.every_row, self.train_context)
        step = self._table(max(run.steps - 1, 0), 1)[0]
        row = {
            "step": run.steps,
            "epoch": run.steps / self.plan.steps_per_epoch,
            "examples": int(self.context.tally[EXAMPLES]),
            "gradient_evaluations": int(self.context.tally[EVALUATIONS]),
            "seconds": run.train_seconds,
            "cpu_seconds": self.cpu_seconds,
            "train_cost": train_cost,
            "test_cost": math.nan,
            "train_accuracy": tally[CORRECT] / n if self.plan.problem.classifies else math.nan,
            "test_accuracy": math.nan,
            "gradient_norm": _norm(gradient),
            "update_norm": self.update_norm,
            "weight_norm": _norm(run.w),
            "lr": step[self.names.index("lr")] if "lr" in self.names else math.nan,
        }
        if self.test_context is not None:
            row |= self._measure_test(self.test_context)
        for k in range(2):
            row[f"w_{k}"] = float(run.w[k]) if k < run.w.size <= 2 else math.nan
        run.measurements.append(row)
        if run.status == "budget" and not (train_cost < math.inf and row["weight_norm"] < math.inf):
            self._diverge(f"the training cost after step {run.steps} is {train_cost:g}")
        for _, generator in self.feedback:
            self.factors[id(generator)] = float(generator.send(row))
        run.measure_seconds += time.perf_counter() - start

    def _measure_test(self, context: Context) -> dict[str, float]:
        n = len(context.targets)
        context.tally[:] = 0
        cost = self.evaluate(self.run.w, self.g[:0], np.arange(n), context)
        correct = context.tally[CORRECT] / n if self.plan.problem.classifies else math.nan
        return {"test_cost": cost, "test_accuracy": correct}


def _aligned(vector: NDArray[np.floating]) -> NDArray[np.floating]:
    """A copy that begins with a line of the cache, so that no row of a first layer of 16 neurons lies across two."""
    line = 64
    memory = np.zeros(vector.nbytes + line, np.uint8)
    skip = -memory.ctypes.data % line
    copy = memory[skip : skip + vector.nbytes].view(vector.dtype)
    copy[:] = vector
    return copy


def _norm(vector: NDArray[np.floating]) -> float:
    with np.errstate(over="ignore", invalid="ignore"):  # an infinite norm is a finding, not a mishap
        return float(np.sqrt(np.sum(np.square(vector, dtype=np.float64))))
