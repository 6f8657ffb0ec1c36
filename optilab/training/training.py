"""One run: prepare, train by intervals, measure, stop with a status."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optilab import randomness
from optilab.compiler.types import CORRECT, EVALUATIONS, EXAMPLES, UNLIMITED, Context
from optilab.optimizers.memory import Layout
from optilab.records.columns import COLUMNS, WHOLE
from optilab.training.checks import feedback_of
from optilab.training.plan import Plan
from optilab.training.run import Log, Run
from optilab.training.setup import Setup, _aligned, _one_thread
from optilab.training.stopping import Watch

_ORDER_AT_ONCE = 2**20  # examples whose order is drawn ahead of the compiled loop
_STEPS_AT_ONCE = 2**17  # rows of a schedule's table
_LOOK_AT_THE_CLOCK = 0.05  # seconds between two looks, where time is limited
_ENDLESS = 2**62  # steps of a run whose steps are not limited


def train(
    plan: Plan, seed: int, w: NDArray[np.floating] | None = None, heard: Callable[[Run], bool] | None = None
) -> Run:
    """Train to the end of the budget, or to what else ends the run.

    seed: of the first weights, the order of examples, and noise. w: first weights, in place of the problem's. heard: as for `Training.finish`.
    """
    training = Training(plan, seed, w=w)
    training.finish(heard)
    return training.run


class Training:
    """A run under way: the arrays that the compiled loop works on, and the clocks.

    setup: of the same problem and optimizer, from a run before; a new one where none is given.
    mind_the_clock: come back from compiled code every now and then, so that Ctrl-C is heard.
    w: first weights, in place of the problem's.
    """

    def __init__(
        self,
        plan: Plan,
        seed: int,
        setup: Setup | None = None,
        *,
        mind_the_clock: bool = False,
        w: NDArray[np.floating] | None = None,
    ) -> None:
        start = time.perf_counter()
        problem = plan.problem
        self.plan = plan
        self.seed = seed
        self.setup = setup or Setup(problem, plan.optimizer)
        self.setup.context.tally[:] = 0

        self.w = _aligned(problem.initial(seed) if w is None else w)
        self.g = _aligned(np.zeros_like(self.w))
        self.previous = np.zeros_like(self.w)
        self.run = Run(self.w)
        self.layout = Layout(plan.optimizer, plan.hyperparameters, problem.layers)
        self.state, self.scalars = self.layout.allocate(self.w, randomness.noise_key(seed))
        self.base = np.array(plan.optimizer.numbers(plan.hyperparameters))
        self.lr_columns = plan.optimizer.columns_of("lr")
        self.curves = [s for s in plan.schedules if not s.schedule.is_feedback]
        self.feedback = [feedback_of(plan, s) for s in plan.schedules if s.schedule.is_feedback]

        self.per_epoch = plan.steps_per_epoch
        self.total = plan.budget.in_steps(self.per_epoch) or _ENDLESS
        evaluations, examples = plan.budget.gradient_evaluations, plan.budget.examples
        self.limits = np.array([evaluations or UNLIMITED, examples or UNLIMITED])
        self.every = plan.measure.in_steps(self.per_epoch) if plan.measure else self._usual_interval()
        self.watch = Watch(plan.stop)
        self.cpu_seconds = 0.0
        self.update_norm = math.nan
        self._pace = 1.0  # steps a second, as far as is known
        timed = plan.budget.seconds is not None or plan.stop.time_limit is not None
        self._clock_runs = timed or mind_the_clock
        # The first call is off the clock; and the arguments' types are looked at, once.
        self._interval(self.setup.checked_loop, 0, self.setup.every_row[None], 0, self._table(0, 1))
        self.run.compile_seconds = time.perf_counter() - start
        self._begun = time.perf_counter()

    def finish(self, heard: Callable[[Run], bool] | None = None) -> None:
        """Train and measure in turn, until the run ends.

        heard: told the run after each measurement; it answers whether the run is to go on.
        """
        with _one_thread():
            self.measure()
            while self._goes_on(heard):
                self.advance(min(self.run.steps + self.every, self.total))
                self.measure()

    def _goes_on(self, heard: Callable[[Run], bool] | None) -> bool:
        run = self.run
        if heard is not None and not heard(run) and not self.over:
            run.status, run.message = "pruned", f"given up after step {run.steps}"
        return not self.over

    @property
    def over(self) -> bool:
        """Whether it has ended, by its budget or otherwise."""
        run, limit, tally = self.run, self.plan.budget.seconds, self.setup.context.tally
        if run.status != "budget" or run.steps >= self.total or (limit is not None and run.train_seconds >= limit):
            return True
        return bool(tally[EVALUATIONS] >= self.limits[0] or tally[EXAMPLES] >= self.limits[1])

    def _usual_interval(self) -> int:
        """Every epoch of a dataset; on a plain function, at most a thousand times where its steps are known."""
        if self.plan.problem.n_examples > 1:
            return self.per_epoch
        return -(-self.total // 1000) if self.total < _ENDLESS else 1000

    def _table(self, first: int, steps: int) -> NDArray[np.float64]:
        """Hyperparameters of `steps` steps from `first`; one row for all where none has a schedule."""
        table = np.tile(self.base, (steps if self.curves else 1, 1))
        for schedule in self.curves:
            values = schedule.multipliers(first, steps, self.total, self.per_epoch)
            table[:, self.plan.optimizer.columns_of(schedule.of)] *= values[:, None]
        for feedback in self.feedback:
            table[:, self.plan.optimizer.columns_of(feedback.of)] *= feedback.factor
        return table

    def order(self, epoch: int, steps_left: int) -> NDArray[np.int64]:
        """Order of the examples in the epochs from `epoch`, as many as are needed and fit."""
        every_row = self.setup.every_row
        if self.per_epoch == 1:
            return every_row[None]
        n = every_row.size
        epochs = min(-(-steps_left // self.per_epoch) + 1, max(1, _ORDER_AT_ONCE // n))
        return np.stack([randomness.data_order(self.seed, epoch + k).permutation(n) for k in range(epochs)])

    def _interval(
        self, loop: Any, skip: int, order: NDArray[np.int64], steps: int, table: NDArray[np.float64]
    ) -> tuple[int, float]:
        """Take up to so many steps: how many were taken, and the cost on the last batch that was looked at."""
        done, cost, self.update_norm = loop(
            self.w,
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
            self.layout.layers,
            self.layout.places,
            *self.setup.functions,
            self.setup.context,
            self.plan.stop.bound,
            self.limits,
        )
        return int(done), cost

    def advance(self, mark: int) -> None:
        """Train up to step `mark`, or to the end of the run."""
        start, cpu_start = time.perf_counter(), time.thread_time()
        before = self.run.train_seconds
        while self.run.steps < mark and not self.over:
            epoch, skip = divmod(self.run.steps, self.per_epoch)
            order = self.order(epoch, mark - self.run.steps)
            ahead = mark - self.run.steps if self.per_epoch == 1 else len(order) * self.per_epoch - skip
            steps = min(mark - self.run.steps, ahead, _STEPS_AT_ONCE)
            table = self._table(self.run.steps, steps)
            taken = 0
            while taken < steps and not self.over:
                rows = table[taken:] if self.curves else table
                taken += self._some_steps(skip + taken, order, steps - taken, rows)
                self.run.train_seconds = before + time.perf_counter() - start
                self._mind_the_time()
        self.run.train_seconds = before + time.perf_counter() - start
        self.cpu_seconds += time.thread_time() - cpu_start

    def _some_steps(self, skip: int, order: NDArray[np.int64], steps: int, table: NDArray[np.float64]) -> int:
        """Up to so many steps; fewer at a time where the clock is to be looked at."""
        begin = time.perf_counter()
        wanted = max(1, min(steps, int(self._pace * _LOOK_AT_THE_CLOCK))) if self._clock_runs else steps
        done, cost = self._interval(self.setup.loop, skip, order, wanted, table)
        self.run.steps += done
        if done < wanted and not (math.isfinite(cost) and cost < self.plan.stop.bound):
            self._diverge(f"the cost of the batch at step {self.run.steps + 1} is {cost:g}")
        self.run.last_finite_step = max(self.run.steps - 1, 0)
        self._pace = min(done / max(time.perf_counter() - begin, 1e-9), 8 * wanted / _LOOK_AT_THE_CLOCK)
        return done

    def _mind_the_time(self) -> None:
        limit, taken = self.plan.stop.time_limit, time.perf_counter() - self._begun
        if limit is not None and taken > limit and self.run.status == "budget":
            self.run.status = "timeout"
            self.run.message = f"stopped after {taken:.1f} s: its time limit is {limit:g} s"

    def _diverge(self, reason: str) -> None:
        self.run.status = "diverged"
        self.run.last_finite_step = max(self.run.steps - 1, 0)
        self.run.message = f"{reason}; last finite step {self.run.last_finite_step}"

    def measure(self) -> None:
        """Add a row to the history, tell the feedback schedules, and notice what ends the run."""
        start = time.perf_counter()
        run, plan, setup = self.run, self.plan, self.setup
        gradient = self.g  # the loop fills it anew before it is used
        tally = setup.train_context.tally
        tally[:] = 0
        run.w = self.layout.evaluation_point(self.w, self.state)
        cost = setup.evaluate(run.w, gradient, setup.every_row, setup.train_context)
        correct = tally[CORRECT] / setup.every_row.size if plan.problem.classifies else math.nan
        test_cost, test_correct = self._measure_test(setup.test_context)
        spent = setup.context.tally
        row = np.array(
            (
                run.steps,
                run.steps / self.per_epoch,
                spent[EXAMPLES],
                spent[EVALUATIONS],
                run.train_seconds,
                self.cpu_seconds,
                cost,
                test_cost,
                correct,
                test_correct,
                setup.norm(gradient),
                self.update_norm,
                setup.norm(run.w),
                self._table(max(run.steps - 1, 0), 1)[0, self.lr_columns[0]] if self.lr_columns else math.nan,
                run.w[0] if run.w.size <= 2 else math.nan,
                run.w[1] if run.w.size == 2 else math.nan,
            )
        )
        run.log = self._appended(row)
        if run.status == "budget":
            self._judge(row)
        run.measure_seconds += time.perf_counter() - start

    def _appended(self, row: Log) -> Log:
        """The log with one more row; its memory grows by doubling."""
        n = len(self.run.log)
        memory = self.run.log.base if self.run.log.base is not None else self.run.log
        if n == len(memory):
            memory = np.concatenate([memory, np.zeros((max(n, 16), len(COLUMNS)))])
        memory[n] = row
        return memory[: n + 1]

    def _judge(self, row: Log) -> None:
        """Notice divergence, and what else ends the run; else tell the feedback schedules."""
        run, cost, norm = self.run, row[_COST], row[_WEIGHT_NORM]
        if not (math.isfinite(cost) and cost < self.plan.stop.bound):
            self._diverge(f"the training cost after step {run.steps} is {cost:g}")
            return
        if not math.isfinite(norm):
            self._diverge(f"the norm of the weights after step {run.steps} is {norm:g}")
            return
        run.last_finite_step = run.steps
        if not (self.feedback or self.plan.stop.reads_measurements):
            return
        measured = {name: int(v) if name in WHOLE else float(v) for name, v in zip(COLUMNS, row, strict=True)}
        verdict = self.watch.verdict(measured)
        if verdict is not None:
            run.status, run.message = verdict
            return
        for feedback in self.feedback:
            feedback.tell(measured)

    def _measure_test(self, context: Context | None) -> tuple[float, float]:
        """Cost and accuracy on the test examples, where there are any."""
        if context is None:
            return math.nan, math.nan
        n = len(context.targets)
        context.tally[:] = 0
        cost = self.setup.evaluate(self.run.w, self.g[:0], np.arange(n), context)
        return cost, context.tally[CORRECT] / n if self.plan.problem.classifies else math.nan


_COST, _WEIGHT_NORM = COLUMNS.index("train_cost"), COLUMNS.index("weight_norm")
