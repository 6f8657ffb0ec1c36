"""How long runs take: as long as others of their kind have, or else a guess from the work that they are."""

from __future__ import annotations

from optilab.runner.jobs import Job
from optilab.training.lockstep import company
from optilab.training.plan import Plan
from optilab.workers.messages import Outcome

_SLOW = 1e10  # operations a second: what is expected of networks before any has been seen
_SLOWER = 10.0  # times as long as those seen so far: what is expected of another optimizer


class Durations:
    """Moving averages over the runs that have come back."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}  # of a run of each kind
        self._speed: float | None = None  # operations a second

    def knows(self, job: Job) -> bool:
        """Whether a run of the job's kind has come back."""
        return job.task.kind in self._seconds

    def of(self, job: Job) -> float | None:
        """Seconds that a job takes; a guess is rather too long than too short. None where nothing can be said."""
        known = self._seconds.get(job.task.kind)
        work = operations(job.task.plan) if known is None else None
        if work is None:
            return known
        return work * _SLOWER / self._speed if self._speed else work / _SLOW

    def note(self, job: Job, outcome: Outcome) -> None:
        """Learn from a run that has come back."""
        made = outcome.train_seconds + outcome.measure_seconds
        kind, seconds = job.task.kind, made + outcome.compile_seconds
        self._seconds[kind] = 0.8 * self._seconds.get(kind, seconds) + 0.2 * seconds
        work = operations(job.task.plan)
        if outcome.status == "budget" and work is not None and made > 0:
            self._speed = 0.8 * (self._speed or work / made) + 0.2 * work / made


def operations(plan: Plan) -> float | None:
    """Floating-point operations of a run: two for each weight and example forwards, four backwards, measurements among them.

    None for a run that advances together with no other, or whose length is unknown: it may be of any kind.
    """
    problem, per_epoch = plan.problem, plan.steps_per_epoch
    steps = plan.budget.in_steps(per_epoch)
    if company(plan, 0) is None or steps is None:
        return None
    interval = (plan.measure and plan.measure.in_steps(per_epoch)) or per_epoch
    measured = (1 + steps / interval) * (problem.measured_rows.size + problem.valid_rows.size + problem.n_test_examples)
    forwards = 3 if plan.measures_gradient else 1
    return 2.0 * problem.n_weights * (3 * steps * plan.examples_a_step + forwards * measured)
