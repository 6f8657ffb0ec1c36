"""Runs of a results folder made again: for no longer than a person would wait, whatever the folder asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace

from optilab.errors import InputError
from optilab.training.plan import Plan
from optilab.training.run import Run
from optilab.training.training import Training
from optilab.workers.maker import made

_LIMIT: ContextVar[float] = ContextVar("time_limit", default=600.0)  # seconds


@contextmanager
def time_limit(seconds: float | None) -> Iterator[None]:
    """Within the block a run may take so long to be made again; 600 s where None is given."""
    token = _LIMIT.set(_LIMIT.get() if seconds is None else seconds)
    try:
        yield
    finally:
        _LIMIT.reset(token)


def made_again(plan: Plan, seed: int, heard: Callable[[Run], bool] | None = None) -> Run:
    """Make a run again; one in which a plugin raises something is "failed". InputError if it takes longer than the limit.

    heard: as for `Training.finish`.
    """
    limit = _LIMIT.get()
    own = plan.stop.time_limit
    ours = own is None or own > limit
    if ours:
        plan = replace(plan, stop=plan.stop.model_copy(update={"time_limit": limit}))
    run, _ = made(lambda: Training(plan, seed), heard)
    if ours and run.status == "timeout":
        raise InputError(
            f"the run was not made again to its end: {limit:g} s were over after step {run.steps}; "
            "--time-limit SECONDS allows for more"
        )
    return run
