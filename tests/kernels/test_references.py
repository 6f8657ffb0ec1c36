"""Kernels count no references to arrays: two atomic instructions for each array of each call took most of a short step."""

from __future__ import annotations

import importlib
import pkgutil

import numba
import numpy as np
import pytest
from numba.core.dispatcher import Dispatcher
from numba.core.errors import NumbaError
from numba.core.runtime import _nrt_python  # type: ignore[attr-defined]
from numba.core.runtime.nrt import rtsys

from optilab import kernels
from optilab.compiler import modules
from optilab.compiler.jit import jit, jit_inside
from optilab.kernels import loop
from optilab.problems.problem import Precision

ALL = {
    f"{module.name}.{name}": value
    for module in pkgutil.iter_modules(kernels.__path__)
    for name, value in vars(importlib.import_module(f"optilab.kernels.{module.name}")).items()
    if isinstance(value, Dispatcher)
}


def test_no_kernel_counts_references() -> None:
    """All of them are compiled by `jit`, which leaves it out."""
    assert len(ALL) > 50
    assert {name for name, kernel in ALL.items() if kernel.targetoptions.get("_nrt", True)} == set()


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_the_loop_has_no_instruction_for_it(
    precision: Precision, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Neither as it is called from Python nor in its calls of the problem and the update."""
    monkeypatch.setenv("OPTILAB_CACHE", str(tmp_path_factory.mktemp("cache")))
    module = modules.entries("counted", precision, train=loop.train)
    (compiled,) = module.train.overloads.values()
    text = compiled.library.get_llvm_str()
    assert "NRT_" not in text
    assert "atomicrmw" not in text


def test_a_kernel_can_not_make_an_array() -> None:
    """Nobody would give its memory back; a plugin's function can, and it does."""

    def summed(n):
        return np.ones(n).sum()

    with pytest.raises(NumbaError, match="Only accept returning of array passed"):
        jit(summed).compile((numba.int64,))
    inside = jit_inside(summed)

    @numba.njit
    def called(n):
        return inside(n)

    _nrt_python.memsys_enable_stats()
    try:
        before = rtsys.get_allocation_stats()
        assert called(3) == 3
        after = rtsys.get_allocation_stats()
    finally:
        _nrt_python.memsys_disable_stats()
    assert after.alloc - before.alloc == after.free - before.free > 0
