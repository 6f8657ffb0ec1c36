"""Runs that see the same batches, advanced together: they share what is read of the examples, and each is to the bit as if alone."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from optilab.compiler.calls import address_of, direct
from optilab.compiler.types import CORRECT, MEMBER, UNCOUNTED, Context
from optilab.errors import InputError
from optilab.optimizers.rule import EVALUATIONS
from optilab.training.measuring import Evaluated
from optilab.training.plan import Plan
from optilab.training.run import Run
from optilab.training.setup import compiled_lockstep, computing
from optilab.training.training import Training

MOST = 8  # runs that advance together: more share hardly more, and are lost together
_ROOM = 2**22  # bytes of weights, gradients and states: with more, runs were no faster together than alone


def company(plan: Plan, seed: int) -> Hashable | None:
    """What runs have in common that can advance together: equal for those that can, None for one that can't with any.

    They see the same batches, and are measured at the same steps. Alone are a run whose time is limited, and one whose rule evaluates
    gradients itself: what it reads of the examples is its own.
    """
    if not plan.problem.shares_examples or plan.budget.seconds is not None or plan.stop.time_limit is not None:
        return None
    if any(name in rule.arguments for rule in plan.optimizer.rules for name in EVALUATIONS):
        return None
    per_epoch = plan.steps_per_epoch
    return (
        id(plan.problem),
        plan.examples_a_step,
        plan.budget.in_steps(per_epoch),
        plan.measure and plan.measure.in_steps(per_epoch),
        plan.measures_gradient,
        plan.stop.bound,
        None if per_epoch == 1 else (plan.data_order, seed if plan.data_order == "own" else 0),
    )


def how_many(runs: Sequence[tuple[Plan, int]]) -> int:
    """How many of these runs, each a plan and a seed, from the first on, are to advance together: 1 if it is alone.

    They are of one company, at most MOST, and what a step of all of them changes is within _ROOM.
    """
    plan, seed = runs[0]
    shared = company(plan, seed)
    if shared is None or len(runs) == 1:
        return 1
    room, count = _ROOM - _bytes(plan), 1
    for other, its_seed in runs[1:MOST]:
        if company(other, its_seed) != shared:
            break
        room -= _bytes(other)
        if room < 0:
            break
        count += 1
    return count


def _bytes(plan: Plan) -> float:
    """Memory that a step of a run changes: its weights, their gradient, and what the optimizer remembers.

    Infinite for an optimizer that doesn't fit the problem: its runs fail one by one.
    """
    problem = plan.problem
    try:
        states = plan.layout.size
    except InputError:
        return math.inf
    return float((2 * problem.layers["size"].sum() + states) * np.dtype(problem.precision).itemsize)


class Lockstep:
    """Runs of one `company` under way; their setups are `beside` each other's or of different optimizers."""

    def __init__(self, trainings: Sequence[Training]) -> None:
        self._trainings = trainings
        problem = trainings[0].plan.problem
        compiled = compiled_lockstep(problem.precision)
        self._train, self._evaluate = direct(compiled.train_members), problem.evaluate_members
        self._addresses = address_of(problem.evaluate_members), address_of(problem.evaluate)
        self._members = np.zeros(len(trainings), MEMBER)
        for member, training in zip(self._members, trainings, strict=True):
            position, layout = training.position, training.layout
            for name in ("w", "g", "previous", "state", "scalars"):
                member[name] = _address(getattr(position, name))
            member["size"], member["n_state"], member["n_scalars"] = (
                len(vector) for vector in (position.w, position.state, position.scalars)
            )
            member["layers"], member["n_layers"] = _address(layout.layers), len(layout.layers)
            member["spans"], member["n_spans"] = _address(layout.spans), len(layout.spans)
            member["update"] = training.setup.functions[1]
            member["tally"] = _address(training.setup.context.tally)
            member["most_evaluations"], member["most_examples"] = training.limits
        # The first call, of no steps, checks the arguments' types once.
        order = np.zeros((1, 1), np.int64)
        self._going = self._members.copy()
        compiled.train_members(
            self._members, self._going, order, 1, 0, 0, 1.0, *self._addresses, trainings[0].setup.context, math.inf
        )

    def finish(self, heard: Sequence[Callable[[Run], bool] | None]) -> None:
        """Train and measure in turn, until the last run has ended.

        heard: of each run, as for `Training.finish`.
        """
        numbers = list(range(len(self._trainings)))
        with computing():
            self._measure(numbers)
            while numbers := [k for k in numbers if self._trainings[k].goes_on(heard[k])]:
                lead = self._trainings[numbers[0]]
                self._advance(numbers, min(lead.run.steps + lead.every, lead.total))
                self._measure(numbers)

    def _advance(self, numbers: Sequence[int], mark: int) -> None:
        """Train runs up to step `mark`, or each to its end."""
        while numbers:
            lead = self._trainings[numbers[0]]
            if lead.run.steps >= mark:
                return
            self._some_steps(numbers, *lead.next_steps(mark))
            numbers = [k for k in numbers if not self._trainings[k].over]

    def _some_steps(self, numbers: Sequence[int], skip: int, order: NDArray[np.int64], steps: int) -> None:
        """Take so many steps with each run; their time is shared out by the ticks of the clock that each took."""
        start, cpu_start = time.perf_counter(), time.thread_time()
        trainings = [self._trainings[k] for k in numbers]
        first, plan = trainings[0].run.steps, trainings[0].plan
        members = self._members[list(numbers)]
        by_step = [training.numbers.by_step(first, steps) for training in trainings]
        for member, rows in zip(members, by_step, strict=True):
            member["numbers"], member["n_numbers"], member["varies"] = _address(rows), rows.shape[1], len(rows) > 1
        context = trainings[0].setup.context
        self._train(
            members,
            self._going,
            order,
            plan.examples_a_step,
            skip,
            steps,
            float(first + 1),
            *self._addresses,
            context,
            plan.stop.bound,
        )
        whole = max(int(members["ticks"].sum()), 1)
        seconds, cpu_seconds = time.perf_counter() - start, time.thread_time() - cpu_start
        for training, member in zip(trainings, members, strict=True):
            share = int(member["ticks"]) / whole if whole > 1 else 1 / len(trainings)
            training.run.train_seconds += share * seconds
            training.position.cpu_seconds += share * cpu_seconds
            training.position.update_norm = float(member["update_norm"])
            training.has_taken(int(member["taken"]), steps, float(member["cost"]))

    def _measure(self, numbers: Sequence[int]) -> None:
        """Measure runs together; their time is shared out equally."""
        start = time.perf_counter()
        trainings = [self._trainings[k] for k in numbers]
        setup = trainings[0].setup
        gradients = [training.measuring.begin(training.position) for training in trainings]
        train = self._on(trainings, setup.measured_rows, setup.train_context, gradients)
        valid = self._on(trainings, setup.every_valid_row, setup.train_context)
        test = self._on(trainings, setup.every_test_row, setup.test_context)
        shared = (time.perf_counter() - start) / len(trainings)
        for training, *found in zip(trainings, train, valid, test, strict=True):
            training.run.measure_seconds += shared
            training.measure(Evaluated(*found))

    def _on(
        self,
        trainings: Sequence[Training],
        rows: NDArray[np.int64],
        context: Context | None,
        gradients: Sequence[NDArray[np.floating]] = (),
    ) -> list[tuple[float, float]]:
        """Cost of each run on examples, and the share that it classifies correctly; nan where there are none.

        Runs that begin at the same weights are measured once.
        """
        if context is None or rows.size == 0:
            return [(np.nan, np.nan)] * len(trainings)
        runs = [training.run for training in trainings]
        beginnings = [run.w.tobytes() if run.steps == 0 else k for k, run in enumerate(runs)]
        leads = [beginnings.index(beginning) for beginning in beginnings]
        members = np.zeros(len(runs), MEMBER)
        for k, (member, run) in enumerate(zip(members, runs, strict=True)):
            member["w"], member["size"] = _address(run.w), run.w.size
            if gradients and gradients[k].size:
                member["g"] = _address(gradients[k])
        classifies = trainings[0].plan.problem.classifies
        context.tally[CORRECT] = 0 if classifies else UNCOUNTED
        distinct = np.unique(leads)
        measured = members[distinct]
        self._evaluate(measured, rows, context)
        members[distinct] = measured
        for k, lead in enumerate(leads):
            if gradients and k != lead:
                gradients[k][:] = gradients[lead]
        return [(float(m["cost"]), m["correct"] / rows.size if classifies else np.nan) for m in members[leads]]


def _address(array: NDArray[np.generic]) -> int:
    """Where an array's first number is."""
    return int(array.ctypes.data)
