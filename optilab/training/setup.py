"""The common part of runs of one optimizer on one problem: compiled code and examples, in memory once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from functools import cache
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

from optilab.compiler import modules
from optilab.compiler.calls import address_of, direct
from optilab.kernels import lockstep, loop
from optilab.kernels.control import control
from optilab.kernels.subnormals import taken_for_zero
from optilab.optimizers.optimizer import Optimizer
from optilab.optimizers.update import compile_update
from optilab.problems.problem import Precision, Problem


@cache
def compiled_loop(precision: Precision) -> Any:
    """The compiled loop, `train`, with `norm`: the same for all problems and optimizers of a precision."""
    return modules.entries("loop", precision, train=loop.train, norm=loop.norm)


@cache
def compiled_lockstep(precision: Precision) -> Any:
    """The compiled loop for several runs at once, `train_members`: the same for all problems and optimizers of a precision."""
    return modules.entries("lockstep", precision, train_members=lockstep.train_members)


@cache
def loop_code() -> str:
    """Digest of the loop's code."""
    kernels = {"train": loop.train, "norm": loop.norm, "train_members": lockstep.train_members, "control": control}
    return modules.code_of(modules.entries_text("float64", **kernels))


@cache
def _threads() -> ThreadpoolController:
    """The threads of the BLAS libraries, which are loaded once the compiled loop is."""
    return ThreadpoolController()


@contextmanager
def computing() -> Iterator[None]:
    """Within this block a run computes the same numbers wherever it is made.

    BLAS uses one thread: more would be slower at this size, and change the last bits. Subnormal numbers are taken for zero.
    """
    if all(library.num_threads == 1 for library in _threads().lib_controllers):
        with taken_for_zero():  # as in a worker, where setting limits would cost time in thousands of short runs
            yield
        return
    with _threads().limit(limits=1), taken_for_zero():
        yield


class Setup:
    """The common part of runs of one optimizer on one problem: compiled functions, examples, scratch memory; for one run at a time.

    loop, checked_loop: `kernels.loop.train`, without and with a check of its arguments' types. checked: precisions of weights that the check was
        made with.
    functions: addresses of the problem's `evaluate` and of the optimizer's update.
    in_parts: address of the problem's `step_in_parts`, or 0.
    context, train_context, test_context: what `evaluate` reads when it trains, measures on the training part, and on test examples.
    every_row, measured_rows, every_valid_row, every_test_row: the examples to train on, those of them that are measured, and those to validate
        on and to test on.
    steps_in_parts: whether there are runs whose steps are taken by `step_in_parts`.
    InputError for a rule that doesn't compile.
    """

    def __init__(self, problem: Problem, optimizer: Optimizer, *, steps_in_parts: bool = False) -> None:
        start = time.perf_counter()
        self.problem = problem
        compiled, update = compiled_loop(problem.precision), compile_update(optimizer, problem.precision)
        self.loop, self.checked_loop = direct(compiled.train), compiled.train
        self.checked: set[np.dtype[Any]] = set()
        self.evaluate = direct(problem.evaluate)
        self.norm = direct(compiled.norm)
        self.functions = address_of(problem.evaluate), address_of(update)
        self.in_parts = address_of(problem.step_in_parts) if steps_in_parts else 0
        self.context = problem.context()
        self.train_context = self.context._replace(tally=np.zeros_like(self.context.tally))
        self.test_context = problem.test_context()
        self.every_row, self.measured_rows = problem.train_rows, problem.measured_rows
        self.every_valid_row = problem.valid_rows
        self.every_test_row = np.arange(problem.n_test_examples)
        self.compile_seconds = time.perf_counter() - start

    def beside(self) -> Setup:
        """The setup of a run that advances together with this one's: with counts of its own, and the same memory."""
        own = copy(self)
        own.context, own.train_context = (
            c._replace(tally=np.zeros_like(c.tally)) for c in (self.context, self.train_context)
        )
        return own
