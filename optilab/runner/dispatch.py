"""Dispatch: sends jobs to an executor in batches of about half a second, or of long runs that advance together, and collects the outcomes."""

from __future__ import annotations

import json
import math
import time
import uuid
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, wait
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

from optilab.compiler import cache
from optilab.errors import InputError
from optilab.executors import Pool
from optilab.plugins import loading
from optilab.runner.durations import Durations
from optilab.runner.jobs import Job, side_by_side
from optilab.runner.rows import Finished
from optilab.training.lockstep import MOST, company, how_many
from optilab.workers import supervisor
from optilab.workers.environment import versions
from optilab.workers.listeners import listener_of
from optilab.workers.maker import work_here
from optilab.workers.messages import Batch, BatchCell, BatchRun, Reply, lost, unpack

QUANTUM = 0.5  # seconds of work in a batch: how long a finished run may wait, and how much is lost with a worker, where runs are short
_AHEAD = 2  # batches for each slot, so that none waits for its next one, unless it is the second of its kind
_MOST = 5000  # runs in a batch
_TOGETHER = 60.0  # and where long ones advance together
_ENOUGH = (
    4  # runs that a slot gets to advance together, though other slots could have some: they share most of what can be
)
_CHANCES = 3  # times that a batch may be lost with the executor's worker before its runs count as crashed
_LOOK = 0.25  # seconds after which the caller gets its turn although nothing has finished
_LAST_WAIT = 1.0  # seconds that batches under way get when the experiment is interrupted


@dataclass
class Dispatch:
    """Sends jobs to a pool in order, and yields finished runs in the order in which they arrive."""

    pool: Pool
    session: str = field(default_factory=lambda: uuid.uuid4().hex)

    def __post_init__(self) -> None:
        self._left: deque[Job] = deque()
        self._running: dict[Future[Any], list[Job]] = {}
        self._durations = Durations()
        self._losses: dict[str, int] = {}  # how often each run was lost with an executor's worker

    @property
    def running(self) -> int:
        """The number of runs that have been submitted and have not come back."""
        return sum(map(len, self._running.values()))

    def finished(self, todo: Sequence[Job]) -> Iterator[list[Finished]]:
        """Run these jobs; yields finished runs as they arrive, an empty list when none did for a while.

        InputError if the executor fails. After a KeyboardInterrupt, `last` returns what finishes within a second.
        """
        self._left.extend(side_by_side(todo))
        while self._left or self._running:
            self._send()
            ready = wait(self._running, timeout=_LOOK, return_when=FIRST_COMPLETED).done
            yield [one for future in ready for one in self._taken_in(future)]

    def last(self) -> list[Finished]:
        """Submit nothing more; returns the runs that finish within a second."""
        self._left.clear()
        for future in list(self._running):
            if future.cancel():
                del self._running[future]
        ready = wait(self._running, timeout=_LAST_WAIT).done
        good = [future for future in ready if not future.cancelled() and not future.exception()]
        return [one for future in good for one in self._taken_in(future)]

    def _send(self) -> None:
        slots = max(1, self.pool.slots())
        while self._left and len(self._running) < (_AHEAD * slots if self.pool.isolated else 1):
            if len(self._running) >= slots and self._soon_known(self._left[0]):
                return
            batch = self._next(slots)
            work = supervisor.work if self.pool.isolated else work_here
            self._running[self.pool.executor.submit(work, self._batch(batch).to_json())] = batch

    def _soon_known(self, job: Job) -> bool:
        """Whether the first run of a job's kind is under way, which will tell how many of them to send at once."""
        kind = job.task.kind
        return not self._durations.knows(job) and any(jobs[0].task.kind == kind for jobs in self._running.values())

    def _next(self, slots: int) -> list[Job]:
        """The next jobs, as many as take about a quantum together, or as can advance together in less than a minute.

        A single one of which nothing is known. With several slots batches become smaller, so that all slots end at the same time.
        """
        left = len(self._left)
        most = min(_MOST, left if slots == 1 else math.ceil(left / (_AHEAD * slots)))
        to_share = left + (self.running if len(self._running) < slots else 0)  # with each slot that has no batch yet
        together = max(most, min(_ENOUGH, math.ceil(to_share / slots)))
        batch: list[Job] = []
        seconds = 0.0
        while self._left and len(batch) < (together if self.pool.isolated else 1):
            job = self._left[0]
            taken = self._durations.of(job)
            alone = taken is None or job.run_id in self._losses
            seconds += QUANTUM if taken is None else taken
            is_full = len(batch) >= most or seconds > QUANTUM or not self._durations.knows(job)
            if batch and (alone or (is_full and (seconds > _TOGETHER or not _joins(job, batch)))):
                break
            batch.append(self._left.popleft())
            if alone:
                break
        return batch

    def _batch(self, jobs: Sequence[Job]) -> Batch:
        tasks = {id(job.task): job.task for job in jobs}
        limits = {id(job.limits): job.limits for job in jobs if job.limits}
        cell_at = {key: position for position, key in enumerate(tasks)}
        limits_at = {key: position for position, key in enumerate(limits)}
        return Batch(
            session=self.session,
            versions=json.loads(versions()),
            plugins=[str(file) for file in loading.files()],
            quantum=QUANTUM,
            time_limit=jobs[0].task.plan.stop.time_limit,
            live=listener_of(self.session) is not None,
            cells=[BatchCell(task.spec, task.code) for task in tasks.values()],
            limits=list(limits.values()),
            runs=[BatchRun(cell_at[id(j.task)], j.seed, j.run_id, limits_at.get(id(j.limits))) for j in jobs],
        )

    def _taken_in(self, future: Future[Any]) -> list[Finished]:
        batch = self._running.pop(future)
        try:
            reply = Reply(*future.result())
        except InputError:
            raise
        except Exception as error:
            if isinstance(error, (CancelledError, BrokenExecutor, *self.pool.lost)):
                return self._lost(batch, error)
            raise InputError(f"the executor can't make runs: {type(error).__name__}: {error}") from error
        outcomes = list(unpack(reply.outcomes))
        self._left.extendleft(reversed(batch[len(outcomes) :]))
        if self.pool.isolated:
            cache.LOG.compiled += reply.compiled
        made = []
        for job, outcome in zip(batch, outcomes, strict=False):
            self._durations.note(job, outcome)
            made.append(Finished(job, outcome, reply.versions, reply.host))
        return made

    def _lost(self, batch: list[Job], error: Exception) -> list[Finished]:
        """Queue the runs of a lost batch again, each to be sent alone; return those lost too often as crashed."""
        if trouble := self.pool.trouble():
            raise InputError(trouble) from error
        gone = []
        for job in reversed(batch):
            self._losses[job.run_id] = self._losses.get(job.run_id, 0) + 1
            if self._losses[job.run_id] < _CHANCES:
                self._left.appendleft(job)
            else:
                message = f"lost with its worker {_CHANCES} times: {type(error).__name__}: {error}"
                gone.append(Finished(job, lost("crashed", message), "", ""))
        time.sleep(_LOOK / 10)  # a broken executor fails at once, again and again
        return gone


def _joins(job: Job, batch: Sequence[Job]) -> bool:
    """Whether a job advances together with the last ones of a batch, which are not as many yet as can."""
    shared = company(job.task.plan, job.seed)
    if shared is None:
        return False
    same = takewhile(lambda other: company(other.task.plan, other.seed) == shared, reversed(batch))
    last = sum(1 for _ in same) % MOST
    runs = [(other.task.plan, other.seed) for other in (*batch[len(batch) - last :], job)]
    return last > 0 and how_many(runs) == len(runs)
