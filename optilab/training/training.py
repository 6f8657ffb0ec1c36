"""One run: prepare, train by intervals, measure, stop with a status."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optilab import randomness
from optilab.compiler.memory import aligned, aligned_zeros
from optilab.compiler.types import CORRECT, EVALUATIONS, EXAMPLES, UNCOUNTED, UNLIMITED
from optilab.records.columns import COLUMNS, WHOLE
from optilab.training.hyperparameters import ScheduledNumbers
from optilab.training.measuring import Evaluated, Measuring
from optilab.training.plan import Plan
from optilab.training.position import Position
from optilab.training.run import Log, Run
from optilab.training.setup import Setup, computing
from optilab.training.stopping import StoppingRules

_ORDER_AT_ONCE = 2**20  # examples whose order is drawn ahead of the compiled loop
_STEPS_AT_ONCE = 2**17  # steps whose hyperparameters are computed ahead of the compiled loop
_LOOK_AT_THE_CLOCK = 0.05  # seconds between two looks, where time is limited
_ENDLESS = 2**62  # steps of a run whose steps are not limited


def train(
    plan: Plan, seed: int, w: NDArray[np.floating] | None = None, heard: Callable[[Run], bool] | None = None
) -> Run:
    """Train until the budget is used up, or something else ends the run.

    seed: of the first weights, the order of examples, and noise. w: first weights, in place of the problem's. heard: as for
    `Training.finish`.
    """
    training = Training(plan, seed, w=w)
    training.finish(heard)
    return training.run


class Training:
    """A run under way. All that changes is in its `position`; the part that is its result is in its `run`.

    setup: that of an earlier run of the same problem and optimizer; a new one if None.
    mind_the_clock: return from compiled code now and then, so that Ctrl-C is heard.
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
        self.plan = plan
        self.seed = seed
        self.setup = setup or Setup(plan.problem, plan.optimizer, steps_in_parts=plan.steps_in_parts)
        self.setup.context.tally[:] = 0
        self.setup.context.tally[CORRECT] = UNCOUNTED
        self.per_epoch = plan.steps_per_epoch
        self.total = plan.budget.in_steps(self.per_epoch) or _ENDLESS
        self.every = (plan.measure and plan.measure.in_steps(self.per_epoch)) or self._usual_interval()
        self.limits = np.array([plan.budget.gradient_evaluations or UNLIMITED, plan.budget.examples or UNLIMITED])
        self._clock_runs = mind_the_clock or plan.budget.seconds is not None or plan.stop.time_limit is not None

        first = aligned(plan.problem.initial(seed) if w is None else w)
        self.layout = plan.layout
        memory = self.layout.allocate(first, seed)
        self._drawn = -1, self.setup.every_row  # an epoch, and the order of its examples
        self.run = Run(first)
        self.position = Position(first, aligned_zeros(first.size, first.dtype), aligned(first), *memory, self.run)
        self._in_parts = self.setup.in_parts if plan.steps_in_parts else 0
        self.numbers = ScheduledNumbers(plan, self.total)
        self.measuring = Measuring(plan, self.setup, self.layout)
        self._rules = StoppingRules(plan.stop)
        self._reads_measurements = bool(self.numbers.feedback) or plan.stop.reads_measurements
        if first.dtype not in self.setup.checked:  # a first call, of no steps, checks the arguments' types
            self._interval(self.setup.checked_loop, 0, self.setup.every_row[None], 0, self.numbers.by_step(0, 1))
            self.setup.checked.add(first.dtype)
        self.run.compile_seconds = time.perf_counter() - start
        self._begun = time.perf_counter()

    def finish(self, heard: Callable[[Run], bool] | None = None) -> None:
        """Train and measure in turn, until the run ends.

        heard: called with the run after each measurement; returns whether the run goes on.
        """
        with computing():
            self.measure()
            while self.goes_on(heard):
                self.advance(min(self.run.steps + self.every, self.total))
                self.measure()

    def goes_on(self, heard: Callable[[Run], bool] | None) -> bool:
        """Whether it has not ended, after it was heard as for `finish`."""
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
        """Steps between measurements: an epoch of a dataset; on a function, a thousandth of its steps, or 1000 if unlimited."""
        if self.plan.problem.n_examples > 1:
            return self.per_epoch
        return -(-self.total // 1000) if self.total < _ENDLESS else 1000

    def order(self, first: int, epochs: int) -> NDArray[np.int64]:
        """Order of the examples in so many epochs from the first, fewer if they don't fit: [epoch, example].

        The last one is kept, for the measurements between which an epoch is trained in parts; to draw it takes longer than some epochs of training.
        """
        every_row = self.setup.every_row
        if self.per_epoch == 1:
            return every_row[None]
        fitting = min(epochs, max(1, _ORDER_AT_ONCE // every_row.size))
        drawn = [self._drawn[1]] if self._drawn[0] == first else []
        drawn += [self._stream(epoch).permutation(every_row) for epoch in range(first + len(drawn), first + fitting)]
        self._drawn = first + fitting - 1, drawn[-1]
        return drawn[0][None] if fitting == 1 else np.stack(drawn)

    def _stream(self, epoch: int) -> np.random.Generator:
        if self.plan.data_order == "shared":
            return randomness.shared_order(epoch)
        return randomness.data_order(self.seed, epoch)

    def next_steps(self, mark: int) -> tuple[int, NDArray[np.int64], int]:
        """The steps to be taken at once on the way to step `mark`: how many of the epoch's were before, the order, and how many."""
        epoch, skip = divmod(self.run.steps, self.per_epoch)
        left = mark - self.run.steps
        order = self.order(epoch, -(-(skip + left) // self.per_epoch))
        ahead = left if self.per_epoch == 1 else len(order) * self.per_epoch - skip
        return skip, order, min(left, ahead, _STEPS_AT_ONCE)

    def advance(self, mark: int) -> None:
        """Train up to step `mark`, or to the end of the run."""
        start, cpu_start = time.perf_counter(), time.thread_time()
        run = self.run
        before = run.train_seconds
        while run.steps < mark and not self.over:
            skip, order, steps = self.next_steps(mark)
            numbers = self.numbers.by_step(run.steps, steps)
            taken = 0
            while taken < steps and not self.over:
                left = numbers[taken:] if self.numbers.varies else numbers
                taken += self._some_steps(skip + taken, order, steps - taken, left)
                run.train_seconds = before + time.perf_counter() - start
                self._mind_the_time()
        run.train_seconds = before + time.perf_counter() - start
        self.position.cpu_seconds += time.thread_time() - cpu_start

    def _some_steps(self, skip: int, order: NDArray[np.int64], steps: int, numbers: NDArray[np.float64]) -> int:
        """Take up to `steps` steps, fewer if the clock must be looked at; return how many."""
        begin, position = time.perf_counter(), self.position
        expected = int(position.steps_a_second * _LOOK_AT_THE_CLOCK)
        wanted = max(1, min(steps, expected)) if self._clock_runs else steps
        done, cost = self._interval(self.setup.loop, skip, order, wanted, numbers)
        self.has_taken(done, wanted, cost)
        seen = done / max(time.perf_counter() - begin, 1e-9)
        position.steps_a_second = min(seen, 8 * wanted / _LOOK_AT_THE_CLOCK)
        return done

    def has_taken(self, done: int, wanted: int, cost: float) -> None:
        """Count the steps that compiled code has taken of those that were wanted; by the last cost, end a run that has diverged."""
        self.run.steps += done
        if done < wanted and not (math.isfinite(cost) and cost < self.plan.stop.bound):
            self._diverge(f"the cost of the batch at step {self.run.steps + 1} is {cost:g}")
        self.run.last_finite_step = max(self.run.steps - 1, 0)

    def _interval(
        self, loop: Any, skip: int, order: NDArray[np.int64], steps: int, numbers: NDArray[np.float64]
    ) -> tuple[int, float]:
        """Take up to `steps` steps; return how many were taken, and the cost on the last batch that was evaluated."""
        position, layout, setup = self.position, self.layout, self.setup
        done, cost, position.update_norm = loop(
            position.w,
            position.g,
            position.previous,
            order,
            self.plan.examples_a_step,
            skip,
            steps,
            float(self.run.steps + 1),
            numbers,
            position.state,
            position.scalars,
            layout.layers,
            layout.spans,
            *setup.functions,
            self._in_parts,
            setup.context,
            self.plan.stop.bound,
            self.limits,
        )
        return int(done), cost

    def _mind_the_time(self) -> None:
        limit, taken = self.plan.stop.time_limit, time.perf_counter() - self._begun
        if limit is not None and taken > limit and self.run.status == "budget":
            self.run.status = "timeout"
            self.run.message = f"stopped after {taken:.1f} s: its time limit is {limit:g} s"

    def _diverge(self, reason: str) -> None:
        self.run.status = "diverged"
        self.run.last_finite_step = max(self.run.steps - 1, 0)
        self.run.message = f"{reason}; last finite step {self.run.last_finite_step}"

    def measure(self, known: Evaluated | None = None) -> None:
        """Add a row to the history; by what it shows, end the run or inform the feedback schedules.

        known: the costs and accuracies, if they have been computed since `measuring.begin`.
        """
        start, run = time.perf_counter(), self.run
        found = known or self.measuring.evaluated(self.position)
        row = self.measuring.add_row(self.position, self.numbers.lr(max(run.steps - 1, 0)), found)
        if run.status == "budget":
            self._judge(row)
        run.measure_seconds += time.perf_counter() - start

    def _judge(self, row: Log) -> None:
        """End the run if it has diverged or a stopping rule applies; else inform the feedback schedules."""
        run, cost, norm = self.run, row[_COST], row[_WEIGHT_NORM]
        if not (math.isfinite(cost) and cost < self.plan.stop.bound):
            self._diverge(f"the training cost after step {run.steps} is {cost:g}")
            return
        if not math.isfinite(norm):
            self._diverge(f"the norm of the weights after step {run.steps} is {norm:g}")
            return
        run.last_finite_step = run.steps
        if not self._reads_measurements:
            return
        measured = {name: int(v) if name in WHOLE else float(v) for name, v in zip(COLUMNS, row, strict=True)}
        verdict = self._rules.verdict(measured)
        if verdict is not None:
            run.status, run.message = verdict
            return
        for feedback in self.numbers.feedback:
            feedback.tell(measured)


_COST, _WEIGHT_NORM = COLUMNS.index("train_cost"), COLUMNS.index("weight_norm")
