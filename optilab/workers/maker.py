"""Trains the runs of a batch in this process, one after another, or some of them together."""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from optilab.errors import InputError
from optilab.experiment.cell import Cell, code_key
from optilab.experiment.identity import run_id
from optilab.guarding.calls import Contained, described
from optilab.search.median_rule import Limits, Watch
from optilab.training.lockstep import MOST, Lockstep, how_many
from optilab.training.plan import Plan
from optilab.training.run import Run
from optilab.training.setup import Setup
from optilab.training.training import Training
from optilab.workers.environment import OtherCodeError, check_versions, host, versions
from optilab.workers.listeners import listener_of
from optilab.workers.messages import Batch, BatchCell, BatchRun, Outcome

_KEPT = 64  # setups and plans that are cached
Heard = Callable[[Run], None]


@dataclass
class _Wanted:
    """A run to be trained. tell: called with it after each measurement, once for each however often the run is begun here."""

    plan: Plan
    seed: int
    limits: Limits | None
    tell: Heard | None
    _told: int = 0
    _watch: Watch | None = None

    def listener(self) -> Callable[[Run], bool] | None:
        """For a run that begins, what `Training.finish` calls; None if nobody listens."""
        self._watch = Watch(self.limits) if self.limits else None
        return self._goes_on if self.tell or self._watch else None

    def _goes_on(self, run: Run) -> bool:
        if self.tell is not None and len(run.log) > self._told:
            self._told = len(run.log)
            self.tell(run)
        return self._watch is None or self._watch.sees(run.log[-1])

    def outcome(self, run: Run, text: str) -> Outcome:
        """What is sent of the run once it has ended; text: the traceback of an exception."""
        if run.status == "pruned" and self._watch is not None:
            run.message += f": {self._watch.reason}"
        return Outcome(
            status=run.status,
            message=run.message,
            traceback=text,
            steps=run.steps,
            last_finite_step=run.last_finite_step,
            compile_seconds=run.compile_seconds,
            train_seconds=run.train_seconds,
            measure_seconds=run.measure_seconds,
            log=run.log,
        )


class Maker:
    """Trains runs; caches plans and setups, which runs of several batches have in common.

    compiling: called with True before a setup that may have to compile, and with False afterwards.
    mind_the_clock: as for `Training`.
    """

    def __init__(self, compiling: Callable[[bool], None] = lambda _: None, *, mind_the_clock: bool = False) -> None:
        self._compiling = compiling
        self._mind_the_clock = mind_the_clock
        self._plans: dict[str, Plan] = {}
        self._line_plans: dict[str, Plan] = {}
        self._setups: dict[str, Setup] = {}
        self._codes: dict[str, str] = {}

    def make(self, batch: Batch, heard: Callable[[int], Heard] | None = None) -> Iterator[Outcome]:
        """Yields the outcomes of a batch's runs in order, until its quantum is over; at least one.

        heard: gives, for a run's position in the batch, a function that is called with the run after each measurement.

        OtherCodeError if this process has other versions, code or data than the runner. InputError for a spec that can't be
        built here.
        """
        check_versions(batch.versions)
        begin = time.perf_counter()
        plans: dict[int, Plan] = {}
        wanted = []
        for number, run in enumerate(batch.runs):
            if run.cell not in plans:
                plans[run.cell] = self._plan(batch.cells[run.cell], run)
            limits = None if run.limits is None else batch.limits[run.limits]
            wanted.append(_Wanted(plans[run.cell], run.seed, limits, heard(number) if heard else None))
        while wanted:
            count = 1 if batch.apart else how_many([(one.plan, one.seed) for one in wanted[:MOST]])
            yield from self._outcomes(wanted[:count])
            del wanted[:count]
            if time.perf_counter() - begin > batch.quantum:
                return

    def _plan(self, cell: BatchCell, first: BatchRun) -> Plan:
        """The plan of a cell, after checking that its code digest and its first run_id are those of the runner.

        Later cells of a line take the plan of the first with their own hyperparameters, which the runner has checked.
        """
        key = f"{cell.code} {json.dumps(cell.spec, sort_keys=True)}"
        if key not in self._plans:
            hyperparameters = cell.spec["hyperparameters"]
            line = (
                f"{cell.code} {json.dumps({**cell.spec, 'hyperparameters': sorted(hyperparameters)}, sort_keys=True)}"
            )
            known = self._line_plans.get(line)
            plan = replace(known, hyperparameters=hyperparameters) if known else Cell.of_spec(cell.spec).plan
            if self._code(plan, code_key(cell.spec)) != cell.code:
                raise OtherCodeError(f"{host()} has other code for {plan.optimizer.name} on {plan.problem.name}")
            if run_id(plan, first.seed) != first.run_id:
                raise OtherCodeError(f"{host()} has other data for {plan.problem.name}, or other defaults")
            if known is None:
                _make_room(self._line_plans)
                self._line_plans[line] = plan
            _make_room(self._plans)
            self._plans[key] = plan
        return self._plans[key]

    def _code(self, plan: Plan, key: str) -> str:
        if key not in self._codes:
            self._codes[key] = plan.code
        return self._codes[key]

    def _outcomes(self, wanted: Sequence[_Wanted]) -> Iterator[Outcome]:
        """Train runs together, if there are several; where one of them fails, each anew and alone, so that it costs no other."""
        if len(wanted) > 1 and (runs := self._in_lockstep(wanted)):
            yield from (one.outcome(run, "") for one, run in zip(wanted, runs, strict=True))
            return
        for one in wanted:
            yield one.outcome(*finished(partial(self._training, one), one.listener()))

    def _training(self, one: _Wanted) -> Training:
        return Training(one.plan, one.seed, self._setup(one.plan), mind_the_clock=self._mind_the_clock)

    def _in_lockstep(self, wanted: Sequence[_Wanted]) -> list[Run]:
        """The runs, trained together; none if an exception was raised."""
        with suppress(Exception), Contained():
            setups = [self._setup(one.plan).beside() for one in wanted]
            trainings = [Training(one.plan, one.seed, setup) for one, setup in zip(wanted, setups, strict=True)]
            Lockstep(trainings).finish([one.listener() for one in wanted])
            return [training.run for training in trainings]
        return []

    def _setup(self, plan: Plan) -> Setup:
        # a factory may return several rules of the same name
        rules = [(rule.label, id(rule.function)) for rule in plan.optimizer.rules]
        key = f"{id(plan.problem)} {rules} {plan.steps_in_parts}"
        kept = self._setups.get(key)
        if kept is None or kept.problem is not plan.problem:
            _make_room(self._setups)
            self._compiling(True)
            try:
                self._setups[key] = kept = Setup(plan.problem, plan.optimizer, steps_in_parts=plan.steps_in_parts)
            finally:
                self._compiling(False)
        return kept


def finished(begin: Callable[[], Training], heard: Callable[[Run], bool] | None = None) -> tuple[Run, str]:
    """Train a run to its end; returns it, and the traceback of an exception that a plugin has raised, or "".

    Such an exception is a result: the run's status is "failed", and it keeps its measurements. heard: as for
    `Training.finish`.
    """
    run = Run(np.zeros(0))
    try:
        with Contained():
            training = begin()
            run = training.run
            training.finish(heard)
    except InputError as error:
        run.status, run.message = "failed", str(error)
    except Exception as error:
        run.status, run.message = "failed", described(error)
        return run, traceback.format_exc()
    return run, ""


def _make_room(kept: dict[str, Any]) -> None:
    """Drop the oldest entry of a full cache."""
    if len(kept) >= _KEPT:
        del kept[next(iter(kept))]


_makers: dict[str, Maker] = {}  # by session; only that of the present one


def work_here(message: str) -> tuple[bytes, str, str, int]:
    """Train the first run of a batch, given as JSON, in this process, unprotected. Errors as for `Maker.make`.

    Returns the fields of a `Reply`.
    """
    batch = Batch.from_json(message)
    if batch.session not in _makers:
        _makers.clear()
        _makers[batch.session] = Maker(mind_the_clock=True)
    listener = listener_of(batch.session)

    def heard(number: int) -> Heard:
        def tell(run: Run) -> None:
            if listener is not None:
                listener(batch.runs[number].run_id, run.log[-1].tolist())

        return tell

    outcome = next(_makers[batch.session].make(batch, heard))
    return outcome.pack(), versions(), host(), 0
