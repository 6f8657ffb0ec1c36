"""Compiling without what nobody uses: machine code, and the last optimization, of functions that are only inlined.

Numba makes machine code of each function that it compiles, and optimizes it fully, before it links it into its callers, where it
is optimized once more. Of what a generated module consists of, only the entry points are ever called by an address: the rest
is linked into them. So here a function's machine code waits until somebody asks for an address in it.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any

import llvmlite.binding as llvm
import numba
from llvmlite.binding import Linkage
from numba.core import event
from numba.core.base import BaseContext
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler_lock import global_compiler_lock
from numba.core.cpu import CPUContext
from numba.core.environment import lookup_environment
from numba.core.registry import cpu_target
from numba.core.runtime.nrt import rtsys
from numba.extending import overload
from numba.np import arrayobj

_WRAPPER = "_ZN7cpython"  # how the names of functions begin that Python calls
_ENVIRONMENT = "_ZN08NumbaEnv"  # and those of variables that point to what a function needs of Python


class _Waiting:
    """Stands for the code generator of a function that has no machine code yet, and so no variables to be set."""

    def set_env(self, name: str, environment: Any) -> None:
        """Nothing to do: `LeanLibrary` does it with the machine code."""


class LeanLibrary(JITCodeLibrary):
    """A compiled function whose machine code is made when its address is asked for."""

    _emitted = False
    _is_rough = False

    @property
    def codegen(self) -> Any:
        """What sets variables in the machine code."""
        return self._codegen if self._emitted else _Waiting()

    def _optimize_final_module(self) -> None:
        """Optimize what Python calls; the rest no more than makes it smaller, until it is linked into that or has machine code of its own."""
        if any(f.name.startswith(_WRAPPER) for f in self.get_defined_functions()):
            self._close()
            super()._optimize_final_module()
            return
        self._is_rough = True
        codegen = self._codegen
        passes, builder = codegen._module_pass_manager(loop_vectorize=False, slp_vectorize=False, opt=0, cost="cheap")
        passes.run(self._final_module, builder)

    def _close(self) -> None:
        """Let calls inside the module stay inside it: the linker would prefer what another module has under the same name.

        That may be optimized otherwise and so have other last bits, and it is missing in a process that loads this module from the cache.
        """
        for function in self._final_module.functions:
            if function.linkage is Linkage.linkonce_odr and not function.is_declaration:
                function.linkage = Linkage.internal

    def _finalize_final_module(self) -> None:
        """Ready to be linked into callers; machine code comes later."""
        self._finalize_dynamic_globals()
        self._finalized = True

    def _emit(self) -> None:
        """Make the machine code, and let it know its environments."""
        if self._emitted:
            return
        self._emitted = True
        if self._is_rough:
            self._close()
            super()._optimize_final_module()
        super()._finalize_final_module()
        for variable in self._final_module.global_variables:
            if variable.name.startswith(_ENVIRONMENT) and (environment := lookup_environment(variable.name)):
                self.codegen.set_env(variable.name, environment)

    def get_pointer_to_function(self, name: str) -> int:
        """The address of a function; 0 if there is none of this name."""
        self._ensure_finalized()
        if not self._emitted and all(f.name != name for f in self.get_defined_functions()):
            return 0
        self._emit()
        return int(super().get_pointer_to_function(name))

    def _get_compiled_object(self) -> Any:
        self._emit()
        return super()._get_compiled_object()

    @classmethod
    def _unserialize(cls, codegen: Any, state: Any) -> Any:
        library = super()._unserialize(codegen, state)
        library._emit()
        return library


def _of_another_size(source, part):
    """Raises the error of an assignment to a part of an array that doesn't fit."""
    raise NotImplementedError


@overload(_of_another_size)
def _of_another_size_compiled(source, part):
    def raised(source, part):
        raise ValueError("cannot assign slice from input of different size")

    return raised


# How many declarations there were when contexts last looked for new ones, by the id of what they know: all contexts of a processor share it.
_SEEN: dict[int, int] = {}
_look = BaseContext.refresh


def _declared(context: BaseContext) -> int:
    """How many functions, attributes and casts are declared by now; none is ever taken back."""
    registries = [*context._registries, *context.typing_context._registries]
    return sum(len(own) for registry in registries for own in vars(registry).values() if isinstance(own, list))


def _look_if_more(context: BaseContext) -> None:
    """Tell a context what has been declared since it last looked; only the first time are all modules imported that declare something."""
    known = id(context._registries)
    if known not in _SEEN:
        _look(context)
    elif _declared(context) != _SEEN[known]:
        for side in (context, context.typing_context):
            for registry in list(side._registries):
                side.install_registry(registry)
    _SEEN[known] = _declared(context)


def _nothing(*_: Any, **__: Any) -> None:
    """Does nothing."""


# What Numba does otherwise in a block of `lean`.
_OTHERWISE: tuple[tuple[Any, str, Any], ...] = (
    # Its message has both shapes in it: to put numbers into a text takes a second and a half to compile.
    (arrayobj, "raise_with_shape_context", _of_another_size),
    # Functions for callers in C, of which there are none.
    (CPUContext, "create_cfunc_wrapper", _nothing),
    # It tells whoever listens when each call of LLVM begins and ends; its own timers do, one for each function on the way to the call.
    (event, "start_event", _nothing),
    (event, "end_event", _nothing),
    # It is done twenty times for each function, and begins with forty imports.
    (BaseContext, "refresh", _look_if_more),
)


@cache
def _machine() -> Any:
    """The processor as the optimizer is to see it: one with vectors of 512 bits uses them, as the kernels written in vectors do.

    LLVM by itself keeps to half of that, for processors of ten years ago that lowered their clock.
    """
    codegen = cpu_target.target_context.codegen()
    config: Any = numba.config
    options: dict[str, Any] = {"opt": config.OPT}
    codegen._customize_tm_options(options)
    if "+avx512f" in options["features"]:
        options["features"] += ",-prefer-256-bit"
    return llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine(**options)


def _change(stack: ExitStack, owner: Any, name: str, other: Any) -> None:
    """Set an attribute until the stack ends."""
    stack.callback(setattr, owner, name, getattr(owner, name))
    setattr(owner, name, other)


def _collect_again() -> None:
    """Turn the collector of garbage on, and spare it a look through all that compiling has made: it is taken for old."""
    if gc.get_freeze_count() == 0:
        gc.freeze()
        gc.unfreeze()
    gc.enable()


@contextmanager
def lean() -> Iterator[None]:
    """Let what is compiled in a block be compiled so; the collector of garbage, which finds next to none, waits meanwhile."""
    with ExitStack() as stack:
        stack.enter_context(global_compiler_lock)  # no other thread compiles meanwhile
        # Numba's runtime is needed at once: functions that call each other ask for its address while their own machine code is made.
        rtsys.initialize(cpu_target.target_context)
        for owner, name, other in _OTHERWISE:
            _change(stack, owner, name, other)
        codegen = cpu_target.target_context.codegen()
        _change(stack, codegen, "_library_class", LeanLibrary)
        _change(stack, codegen, "_tm", _machine())
        if gc.isenabled():
            gc.disable()
            stack.callback(_collect_again)
        yield
