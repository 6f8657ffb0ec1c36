"""What runs of one optimizer on one problem share: compiled code and examples, in memory once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from optilab.compiler import modules
from optilab.compiler.calls import address_of, direct
from optilab.kernels import loop
from optilab.optimizers.optimizer import Optimizer
from optilab.optimizers.update import compile_update
from optilab.problems.problem import Precision, Problem


@cache
def compiled_loop(precision: Precision) -> Any:
    """The compiled loop, `train`, with `norm`: the same for all problems and optimizers of a precision."""
    return modules.entries("loop", precision, train=loop.train, norm=loop.norm)


@cache
def loop_code() -> str:
    """Digest of the loop's code."""
    return modules.code_of(modules.entries_text("float64", train=loop.train, norm=loop.norm))


@cache
def _threads() -> ThreadpoolController:
    """Of the BLAS libraries that are loaded once the compiled loop is."""
    return ThreadpoolController()


@contextmanager
def _one_thread() -> Iterator[None]:
    """More would be slower at this size, and change the last bits."""
    if all(library.num_threads == 1 for library in _threads().lib_controllers):
        yield  # as in a worker: nothing to do in every one of thousands of runs
        return
    with _threads().limit(limits=1):
        yield


class Setup:
    """What runs of one optimizer on one problem share: compiled functions, examples, scratch memory.

    For one run at a time.
    """

    def __init__(self, problem: Problem, optimizer: Optimizer) -> None:
        start = time.perf_counter()
        self.problem = problem
        compiled, update = compiled_loop(problem.precision), compile_update(optimizer, problem.precision)
        self.loop, self.checked_loop = direct(compiled.train), compiled.train
        self.evaluate = direct(problem.evaluate)
        self.norm = direct(compiled.norm)
        self.functions = address_of(problem.evaluate), address_of(update)
        self.context = problem.context()
        self.train_context = self.context._replace(tally=np.zeros_like(self.context.tally))
        self.test_context = problem.test_context()
        self.every_row = np.arange(problem.n_examples)
        self.compile_seconds = time.perf_counter() - start


def _aligned(vector: NDArray[np.floating]) -> NDArray[np.floating]:
    """A copy that begins with a line of the cache, so that no row of a first layer of 16 neurons lies across two."""
    line = 64
    memory = np.zeros(vector.nbytes + line, np.uint8)
    skip = -memory.ctypes.data % line
    copy = memory[skip : skip + vector.nbytes].view(vector.dtype)
    copy[:] = vector
    return copy
