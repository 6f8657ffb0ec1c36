"""What is compiled of a generated module, and what is left out."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest
from numba.core import event
from numba.core.base import BaseContext
from numba.core.cpu import CPUContext
from numba.extending import overload

from optilab import vectorwise
from optilab.compiler import modules
from optilab.compiler.jit import jit
from optilab.compiler.lean import _OTHERWISE, _SEEN, LeanLibrary, lean
from optilab.errors import InputError
from optilab.kernels import loop
from optilab.kernels.lines import registers
from optilab.optimizers.update import compile_update


@pytest.fixture
def emitted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """The functions whose machine code is made, in an empty cache."""
    monkeypatch.setenv("OPTILAB_CACHE", str(tmp_path))
    names: list[str] = []
    usual = LeanLibrary._emit

    def noted(self: LeanLibrary) -> None:
        if not self._emitted:
            names.append(self.name)
        usual(self)

    monkeypatch.setattr(LeanLibrary, "_emit", noted)
    return names


def _factorial(n):
    product = 1.0
    for i in range(2, n + 1):
        product *= i
    return product


def _scaled(w, factor):
    for i in range(w.size):
        w[i] *= factor


@vectorwise()
def _helped(w, g):
    _scaled(w, _factorial(w.size))


def test_of_a_rule_with_helpers_the_update_alone_becomes_machine_code(emitted: list[str]) -> None:
    """Its helpers are linked into it."""
    compile_update(_helped, "float64")
    assert emitted == ["update"]
    assert _helped.start([1.0, 2.0, 3.0]).step([0.0] * 3).tolist() == [6, 12, 18]


def test_of_a_kernel_the_entry_point_alone_becomes_machine_code(emitted: list[str]) -> None:
    """The kernel is linked into it, but Python can still call the kernel itself."""
    assert modules.entries("norm_alone", "float64", norm=loop.norm).norm(np.array([3.0, 4.0])) == 5
    assert emitted == ["norm"]
    assert loop.norm(np.array([3.0, 4.0])) == 5


@numba.njit
def _of_the_author(x):
    if x < 0:
        raise ValueError("it is negative")
    return np.sqrt(x)


@vectorwise()
def _rooted(w, g):
    for i in range(w.size):
        w[i] = _of_the_author(g[i])


def test_a_function_that_python_may_call_has_machine_code(emitted: list[str]) -> None:
    """Such as an author's compiled one; it raises what it should, from a rule too."""
    stepper = _rooted.start([1.0])
    assert stepper.step([9.0]).tolist() == [3]
    assert _of_the_author(4.0) == 2
    assert len(_of_the_author.overloads) == 1
    with pytest.raises(ValueError, match="it is negative"):
        stepper.step([-1.0])
    with pytest.raises(ValueError, match="it is negative"):
        _of_the_author(-1.0)


def test_what_was_compiled_lean_serves_what_is_compiled_later() -> None:
    """Machine code is made when its address is asked for, and it is as good as if it had been made at once."""

    @partial(jit, no_cpython_wrapper=True, no_cfunc_wrapper=True)
    def doubled(x):
        return 2 * x

    with lean():
        doubled.compile((numba.float64,))
    (compiled,) = doubled.overloads.values()
    assert not compiled.library._emitted

    @numba.njit
    def quadrupled(x):
        return doubled(doubled(x))

    assert quadrupled(2.0) == 8
    assert compiled.library.get_pointer_to_function("no such function") == 0
    assert not compiled.library._emitted
    assert compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name) != 0
    assert compiled.library._emitted


@vectorwise()
def _copied(w, g):
    w[1:] = g


def test_an_assignment_of_another_size_is_an_error() -> None:
    """Its message has no numbers in it, which would take longer to compile than the rule."""
    with pytest.raises(ValueError, match="cannot assign slice from input of different size"):
        _copied.start([1.0, 2.0]).step([1.0, 2.0])


@vectorwise()
def _broken(w, g):
    w[:] = g.no_such_attribute


def test_calls_of_llvm_are_reported_to_nobody_meanwhile() -> None:
    """Numba's timers would hear of each call as often as functions are under way; afterwards they do."""
    with event.install_recorder("numba:llvm_lock") as recorder:
        with lean():
            jit(_factorial).compile((numba.int64,))
        assert recorder.buffer == []
        jit(_factorial).compile((numba.int64,))
        assert recorder.buffer != []


def test_loops_use_the_widest_vectors() -> None:
    """Those of 512 bits too, where the processor has them."""

    def doubled(x):
        for i in range(x.size):
            x[i] *= 2

    loop_of = jit(doubled)
    with lean():
        loop_of.compile((numba.float32[::1],))
    (compiled,) = loop_of.overloads.values()
    bits, _ = registers()
    assert f"<{bits // 32} x float>" in compiled.library.get_llvm_str()


def test_no_function_is_made_for_callers_in_c() -> None:
    """Not even of a function that could have one: compiled code calls it by the address of the function itself."""
    with lean():
        lean_one = jit(_factorial)
        lean_one.compile((numba.int64,))
    usual_one = jit(_factorial)
    usual_one.compile((numba.int64,))
    assert ["cfunc" in _names(one) for one in (lean_one, usual_one)] == [False, True]


def _names(dispatcher: Any) -> str:
    """The names of the functions in a compiled function's library."""
    (compiled,) = dispatcher.overloads.values()
    return " ".join(function.name for function in compiled.library.get_defined_functions())


def _of_nothing(x):
    """Declared by the test that compiles it."""
    raise NotImplementedError


def test_declarations_are_looked_for_where_there_are_new_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """A function whose compiled form is declared between two compilations is found; where nothing is new, nobody looks, nor imports."""
    looked: list[BaseContext] = []
    imported: list[BaseContext] = []
    usual, importing = BaseContext.install_registry, CPUContext.load_additional_registries
    monkeypatch.setattr(BaseContext, "install_registry", lambda self, own: looked.append(self) or usual(self, own))
    monkeypatch.setattr(CPUContext, "load_additional_registries", lambda self: imported.append(self) or importing(self))

    def called(x):
        return _of_nothing(x.reshape((2, 2)).sum())

    with lean():
        jit(_factorial).compile((numba.int64,))
        looked.clear(), imported.clear()
        jit(_factorial).compile((numba.float64,))
        assert looked == []
        with pytest.raises(numba.core.errors.TypingError):
            jit(called).compile((numba.float64[::1],))
        overload(_of_nothing)(lambda x: lambda x: 7 * x)
        compiled = jit(called)
        compiled.compile((numba.float64[::1],))
        assert looked != []
        assert imported == []
        assert len(_SEEN) == 1
    assert compiled(np.ones(4)) == 28


def test_numba_is_as_it_was_after_a_failure() -> None:
    """Garbage is collected again, and whatever is otherwise while something is compiled is put back."""
    changed = [(owner, name) for owner, name, _ in _OTHERWISE]
    before = [getattr(owner, name) for owner, name in changed]
    assert gc.isenabled()
    with pytest.raises(InputError, match="no_such_attribute"):
        compile_update(_broken, "float64")
    assert gc.isenabled()
    assert [getattr(owner, name) for owner, name in changed] == before
    gc.disable()
    try:
        with lean():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_the_collector_does_not_look_through_what_compiling_made() -> None:
    """It begins with what is made afterwards; what somebody has frozen before stays frozen."""
    begun: list[int] = []
    gc.unfreeze()  # what the suite has frozen

    def noted(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            begun.append(info["generation"])

    gc.callbacks.append(noted)
    try:
        with lean():
            begun.clear()
            made = [[k] for k in range(100_000)]
        later = [[k] for k in range(10)]
        assert begun == []
        gc.freeze()
        frozen = gc.get_freeze_count()
        with lean():
            pass
        assert gc.get_freeze_count() >= frozen > 0
    finally:
        gc.freeze()
        gc.callbacks.remove(noted)
    assert len(made) == 100_000
    assert len(later) == 10


_MUTUAL = """
import numba
from optilab.compiler.lean import lean

@numba.njit
def even(n):
    return True if n == 0 else odd(n - 1)

@numba.njit
def odd(n):
    return False if n == 0 else even(n - 1)

with lean():
    numba.njit(lambda x: x + 1).compile((numba.int64,))
print(even(7))
"""


def test_functions_of_the_author_may_call_each_other_afterwards(tmp_path: Path) -> None:
    """In a process whose first compilation was a lean one: Numba's runtime, which they need, was left without machine code."""
    environment = {**os.environ, "OPTILAB_CACHE": str(tmp_path)}
    found = subprocess.run(
        [sys.executable, "-c", _MUTUAL], env=environment, check=False, capture_output=True, text=True
    )
    assert (found.returncode, found.stdout) == (0, "False\n")


_EPOCH = """
import hashlib
import numpy as np
from kernels.pixels import make_pixels
from problems.networks import make_examples, make_network

x = make_pixels(300, 90, 0.2, 0)
network = make_network(make_examples(x, np.arange(300) % 10, classes=10, sparse=True), "float32", hidden=[20, 70])
w, found = network.initial(0), hashlib.sha256()
for batch in np.random.default_rng(0).integers(0, 300, (20, 33)):
    gradient = network.gradient(w, batch)
    w -= np.float32(0.1) * gradient
    found.update(gradient.tobytes())
print(found.hexdigest())
"""


def test_code_has_the_same_bits_when_it_is_compiled_as_when_it_is_loaded(tmp_path: Path) -> None:
    """The process that compiles a network's kernels computes what the next one does, which loads them from the cache."""
    environment = {**os.environ, "OPTILAB_CACHE": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[1])}

    def epoch() -> str:
        command = [sys.executable, "-c", _EPOCH]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout

    first = epoch()
    assert len(first) == 65
    assert first == epoch()
