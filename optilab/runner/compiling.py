"""Compiles all that jobs need, once and before any worker starts; what networks need in two processes, where there is a second core."""

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
from optilab.problems.compiled_network import compiled_block, compiled_network, is_compiled
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
    """What is to be compiled, by its name; plugins first, then what is the same for all of them."""
    plans = [task.plan for task in {id(job.task): job.task for job in todo}.values()]
    for plan in plans:
        precision = plan.problem.precision
        yield f"{plan.optimizer.name} in {precision}", partial(compile_update, plan.optimizer, precision)
    for plan in plans:
        problem, precision = plan.problem, plan.problem.precision
        if problem.shares_examples:
            yield from reversed(_of_networks(precision))
        yield f"the training loop in {precision}", partial(_compile_loop, precision)
        yield f"{problem.name} in {precision}", partial(getattr, problem, "evaluate")
        if plan.steps_in_parts:
            yield f"steps in parts in {precision}", partial(getattr, problem, "step_in_parts")


def _of_networks(precision: Precision) -> list[Step]:
    """What all networks of a precision need, that which takes longest first.

    The process beside goes through it from the front, this one from the back, and each finds in the cache what the other has compiled.
    """
    return [
        (f"the cost of networks in {precision}", partial(compiled_block, precision)),
        (f"networks in {precision}", partial(compiled_network, precision)),
        (f"the training loop of several runs in {precision}", partial(compiled_lockstep, precision)),
        (f"the training loop in {precision}", partial(_compile_loop, precision)),
    ]


def _compile_loop(precision: Precision) -> None:
    compiled_loop(precision)
    compiled_control()


@contextmanager
def _beside(precisions: Sequence[Precision]) -> Iterator[None]:
    """Meanwhile, compile what networks need in another process too; whoever needs here what that one is at waits for it, and compiles it if it fails."""
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
    """Compile what all networks of some precisions need into the cache; print how many functions that were."""
    for precision in precisions:
        for _, compile_it in _of_networks(precision):
            compile_it()
    print(cache.LOG.compiled)
