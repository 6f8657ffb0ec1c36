"""Compiles all that jobs need, once and before any worker starts: what networks need in a process beside, where there is a second core."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from optilab.compiler import cache
from optilab.executors import usual_workers
from optilab.guarding.children import python
from optilab.kernels.subnormals import compiled_control
from optilab.optimizers.update import compile_update
from optilab.problems.compiled_network import compiled_network, is_compiled
from optilab.problems.problem import Precision
from optilab.runner.jobs import Job
from optilab.runner.observer import Observer
from optilab.training.setup import compiled_lockstep, compiled_loop

Step = tuple[str, Callable[[], object]]
_LAST_WAIT = 5.0  # seconds for the process beside to end once everything is compiled


def compile_all(todo: Sequence[Job], observer: Observer) -> None:
    """Compile all that the jobs need.

    InputError if a plugin doesn't compile.
    """
    steps = dict(_steps(todo))
    shared = {job.task.plan.problem.precision for job in todo if job.task.plan.problem.shares_examples}
    with _beside([precision for precision in sorted(shared) if not is_compiled(precision)]):
        for what, compile_it in steps.items():
            observer.compiling(what)
            compile_it()


def _steps(todo: Sequence[Job]) -> Iterator[Step]:
    """What is to be compiled, by its name; plugins first, while what is the same for all of them may be compiled beside."""
    plans = [task.plan for task in {id(job.task): job.task for job in todo}.values()]
    for plan in plans:
        precision = plan.problem.precision
        yield f"{plan.optimizer.name} in {precision}", partial(compile_update, plan.optimizer, precision)
    for plan in plans:
        problem, precision = plan.problem, plan.problem.precision
        yield f"the training loop in {precision}", partial(_compile_loop, precision)
        if problem.shares_examples:
            yield f"the training loop of several runs in {precision}", partial(compiled_lockstep, precision)
        yield f"{problem.name} in {precision}", partial(getattr, problem, "evaluate")


def _compile_loop(precision: Precision) -> None:
    compiled_loop(precision)
    compiled_control()


@contextmanager
def _beside(precisions: Sequence[Precision]) -> Iterator[None]:
    """Meanwhile, compile what networks need in another process; whoever needs it here waits for it, and compiles it if that process fails."""
    if not precisions or usual_workers() < 2:
        yield
        return
    code = f"from optilab.runner.compiling import compile_networks; compile_networks({list(precisions)!r})"
    quiet = subprocess.DEVNULL
    try:
        process = subprocess.Popen(python(code), stdin=quiet, stdout=subprocess.PIPE, stderr=quiet, text=True)  # noqa: S603
    except OSError:
        yield
        return
    with process:
        try:
            yield
            said, _ = process.communicate(timeout=_LAST_WAIT)  # it has nothing left to do
            cache.LOG.compiled += int(said or 0)
        except (subprocess.TimeoutExpired, ValueError):
            pass
        finally:
            process.kill()  # nobody wants it any more


def compile_networks(precisions: Sequence[Precision]) -> None:
    """Compile what all networks of some precisions need into the cache, that which takes longest first; print how many functions that were."""
    for precision in precisions:
        compiled_network(precision)
        _compile_loop(precision)
        compiled_lockstep(precision)
    print(cache.LOG.compiled)
