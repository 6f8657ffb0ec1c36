"""Repeats runs of a results folder, within a time limit that the folder can't raise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import TYPE_CHECKING

from optilab.errors import InputError

if TYPE_CHECKING:
    from optilab.training.plan import Plan
    from optilab.training.run import Run

_LIMIT: ContextVar[float] = ContextVar("time_limit", default=600.0)  # seconds


@contextmanager
def time_limit(seconds: float | None) -> Iterator[None]:
    """Limit the repetition of a run within the block to `seconds`; None keeps the present limit, at first 600 s."""
    token = _LIMIT.set(_LIMIT.get() if seconds is None else seconds)
    try:
        yield
    finally:
        _LIMIT.reset(token)


def made_again(plan: Plan, seed: int, heard: Callable[[Run], bool] | None = None) -> Run:
    """Repeat a run; its status is "failed" if a plugin raises. InputError if it takes longer than the limit.

    heard: as for `Training.finish`.
    """
    from optilab.training.training import Training
    from optilab.workers.maker import finished

    limit = _LIMIT.get()
    own = plan.stop.time_limit
    ours = own is None or own > limit
    if ours:
        plan = replace(plan, stop=plan.stop.model_copy(update={"time_limit": limit}))
    run, _ = finished(lambda: Training(plan, seed), heard)
    if ours and run.status == "timeout":
        raise InputError(
            f"the run was not made again to its end: {limit:g} s were over after step {run.steps}; "
            "--time-limit SECONDS allows for more"
        )
    return run
