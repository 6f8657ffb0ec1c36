"""The JIT policy of all compiled functions, and the compilation of a plugin's function with its helpers.

One training loop is compiled per precision, for all problems and all optimizers. What varies comes in as compiled
functions with the fixed signatures of `compiler.types`, so that a new plugin compiles its own rule and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from types import CodeType, FunctionType
from typing import Any

import numba
from numba import types
from numba.core.dispatcher import Dispatcher
from numba.core.errors import NumbaError

from optilab.compiler.linear import by_address
from optilab.compiler.narrowing import NumberKind, narrowed
from optilab.compiler.origins import is_ours

# Never "nnan" or "ninf": with them the compiler may assume that no cost is ever NaN, and divergence can't be seen.
FASTMATH = frozenset({"contract", "reassoc", "arcp", "nsz", "afn"})


# error_model="numpy": the check for a division by zero stops vectorisation, and costs a factor of ten.
_POLICY: dict[str, Any] = {"error_model": "numpy", "fastmath": set(FASTMATH)}


# Kernels make no arrays, and return none but to each other: whoever calls them keeps theirs, and they count no references to them, which
# would take most of a short step's time.
_UNCOUNTED: dict[str, Any] = {"_nrt": False}
# Without wrappers for Python and C, which take as long to compile as what they wrap.
_INSIDE: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def jit(function: Callable[..., Any], **options: Any) -> Any:
    """Compile a kernel under optilab's policy when compiled code first calls it; it is cached with its caller."""
    return _once(numba.njit(**_POLICY, **_UNCOUNTED, **options)(function))


def jit_inside(function: Callable[..., Any], **options: Any) -> Any:
    """Likewise a function that may make arrays, and that only compiled code calls."""
    return _once(numba.njit(**_POLICY, **_INSIDE, **options)(function))


def _once(dispatcher: Any) -> Any:
    """Let a function be compiled once for all whole numbers and truth values that callers write, unless it needs to know them.

    Numba compiles f(x, 0) and f(x, 1) apart.
    """
    usual = dispatcher.get_call_template

    def template(arguments: tuple[types.Type, ...], named: dict[str, types.Type]) -> Any:
        if dispatcher.is_compiling:  # it calls itself, and is looked up by these very types
            return usual(arguments, named)
        general = tuple(map(_any_number, arguments)), {name: _any_number(kind) for name, kind in named.items()}
        try:
            return usual(*general)
        except NumbaError:
            if general == (arguments, named):
                raise
            return usual(arguments, named)

    dispatcher.get_call_template = template
    return dispatcher


def _any_number(kind: types.Type) -> types.Type:
    """The type of all numbers of a constant's kind."""
    return types.unliteral(kind) if isinstance(kind, types.IntegerLiteral | types.BooleanLiteral) else kind


@cache
def inside(kernel: Any) -> Any:
    """A kernel that `jit` made, and the kernels that it calls, for compiled code alone: without what Python needs to call them."""
    function = kernel.py_func
    read = {name: function.__globals__.get(name) for name in function.__code__.co_names if name != function.__name__}
    called = {name: inside(value) for name, value in read.items() if isinstance(value, Dispatcher) and is_ours(value)}
    copy = _with_globals(function, function.__code__, called)
    own = {name: v for name, v in kernel.targetoptions.items() if name not in (*_POLICY, *_UNCOUNTED, "nopython")}
    return jit(copy, **_INSIDE, **own)


def _with_globals(function: FunctionType, code: CodeType, changed: Mapping[str, Any]) -> FunctionType:
    """A copy of a function with other code, which finds other values under some names."""
    copy = FunctionType(
        code, {**function.__globals__, **changed}, function.__name__, function.__defaults__, function.__closure__
    )
    copy.__module__, copy.__qualname__ = function.__module__, function.__qualname__
    return copy


def jit_with_helpers(
    function: FunctionType,
    words: Mapping[str, int] | None = None,
    kinds: Mapping[str, NumberKind] | None = None,
    compiled: Callable[..., Any] = jit_inside,
    **options: Any,
) -> Any:
    """Compile a function of a plugin, with the plain Python functions of its own package that it calls.

    words: texts that the function compares its arguments with, as in `mode == "raw"`, and the number that stands for each
    in compiled code.
    kinds: of the arguments of a function that works in float32, as in `narrowing`; None for one that works in float64.
    compiled: compiles a plain function.
    """
    return _with_helpers(
        function,
        words or {},
        kinds,
        lambda plain: compiled(plain, **options),
        {},
    )


def _with_helpers(
    function: FunctionType,
    words: Mapping[str, int],
    kinds: Mapping[str, NumberKind] | None,
    compiled: Callable[..., Any],
    made: dict[tuple[FunctionType, frozenset[tuple[str, NumberKind]]], Any],
) -> Any:
    """Compile a function after its helpers; `made` holds those that are compiled, so that each is compiled once."""
    key = function, frozenset((kinds or {}).items())
    if key in made:
        return made[key]
    own = (function.__module__.partition(".")[0], "optilab")
    names = {name: function.__globals__.get(name) for name in function.__code__.co_names if name != function.__name__}
    helpers = {
        name: value
        for name, value in names.items()
        if isinstance(value, FunctionType) and value.__module__.partition(".")[0] in own
    }
    plain, given = (function, {}) if kinds is None else narrowed(function, kinds, helpers)
    standing = {name: found for name, value in names.items() if (found := by_address(value)) is not None}
    if helpers or words or standing:
        done = standing | {
            name: _with_helpers(f, words, given.get(name), compiled, made) for name, f in helpers.items()
        }
        plain = _with_globals(plain, _with_numbers(plain.__code__, words), done)
    made[key] = compiled(plain)
    return made[key]


def _with_numbers(code: CodeType, words: Mapping[str, int]) -> CodeType:
    """`code` with numbers for the words among its constants."""

    def replaced(constant: Any) -> Any:
        if isinstance(constant, (tuple, frozenset)):
            return tuple(map(replaced, constant))  # a frozenset stands where `in` looks for a word
        return words.get(constant, constant) if isinstance(constant, str) else constant

    return code.replace(co_consts=tuple(map(replaced, code.co_consts)))


def entry(signature: Any, **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Compile a function of a generated module for one signature, or load it from the cache on disk."""
    policy = (
        _POLICY | {"cache": True, "no_cfunc_wrapper": True} | options
    )  # compiled code calls it as in `compiler.calls`
    compile_or_load: Callable[[Callable[..., Any]], Any] = numba.njit(signature, **policy)
    return compile_or_load
