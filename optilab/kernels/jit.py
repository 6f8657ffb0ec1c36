"""The one JIT policy, and the types that every compiled function of optilab shares.

One training loop is compiled per precision, for all problems and all optimizers. What varies comes in as compiled
functions of the fixed signatures below, so that a new plugin compiles its own rule and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from types import CodeType, FunctionType
from typing import Any, NamedTuple

import numba
import numpy as np
from numba import types
from numpy.typing import NDArray

from optilab.kernels.narrowing import Kind, narrowed

# Never "nnan" or "ninf": with them the compiler may assume that no cost is ever NaN, and divergence can't be seen.
FASTMATH = frozenset({"contract", "reassoc", "arcp", "nsz", "afn"})

# error_model="numpy": the check for a division by zero stops vectorisation, and costs a factor of ten.
_POLICY: dict[str, Any] = {"error_model": "numpy", "fastmath": set(FASTMATH)}

# Where a weight matrix, a bias or a plain vector lies in the flat vector; then where its values begin in a state that keeps
# one a row, one a column, a matrix of rows by rows, or one of columns by columns.
LAYER = np.dtype(
    [
        (name, np.int64)
        for name in (
            "offset",
            "size",
            "rows",
            "columns",
            "kind",
            "row_offset",
            "column_offset",
            "left_offset",
            "right_offset",
        )
    ]
)
MATRIX, BIAS, VECTOR = 0, 1, 2  # kinds of layer

# What `Context.tally` counts.
EVALUATIONS, EXAMPLES, CORRECT = 0, 1, 2
UNLIMITED = 2**62  # of any of them


class Context(NamedTuple):
    """All that a compiled problem reads, and the scratch memory that it writes.

    Examples are sparse pixels (`starts` is not empty), dense `pixels`, or `features`; the others are empty. Pixels stay
    bytes in memory and are scaled when they are used.
    """

    starts: NDArray[np.int64]  # [example + 1], where the pixels of an example begin that are not zero
    columns: NDArray[np.uint16]  # which inputs they are
    values: NDArray[np.uint8]  # and how bright
    pixels: NDArray[np.uint8]  # [example, input]
    features: NDArray[np.floating]  # [example, input]
    targets: NDArray[np.floating]  # [example, output]
    layers: NDArray[np.void]  # the layer table, of dtype LAYER
    activations: NDArray[np.int64]  # one code a layer of neurons
    cost: int  # code of the cost
    settings: NDArray[np.float64]  # numbers that the problem's function takes
    block: int  # how many examples are worked on at a time
    scratch: NDArray[np.floating]
    tally: NDArray[np.int64]  # counts of gradient evaluations, of their examples, of correct predictions


def context_without_examples(layers: NDArray[np.void], settings: Sequence[float], precision: str) -> Context:
    """Context of a problem that has no examples: only numbers that its function takes."""
    nothing = np.zeros((0, 0), precision)
    return Context(
        starts=np.zeros(0, np.int64),
        columns=np.zeros(0, np.uint16),
        values=np.zeros(0, np.uint8),
        pixels=np.zeros((0, 0), np.uint8),
        features=nothing,
        targets=nothing,
        layers=layers,
        activations=np.zeros(0, np.int64),
        cost=0,
        settings=np.array(settings, np.float64),
        block=1,
        scratch=np.zeros(int(layers["size"].sum()), precision),
        tally=np.zeros(3, np.int64),
    )


class Signatures(NamedTuple):
    """The Numba types of one precision."""

    float: types.Type
    evaluate: Any  # evaluate(w, g, rows, context) -> cost; fills g, unless g is empty
    update: Any  # update(w, g, t, cost, hyper, state, scalars, layers, places, evaluate, rows, every_row, context)
    train: Any  # kernels.driver.train
    norm: Any  # kernels.driver.norm
    predict: Any  # predict(w, features, out, context)


@cache
def signatures(precision: str) -> Signatures:
    """The types of "float32" or "float64"."""
    real = getattr(types, precision)
    vector, matrix = real[::1], real[:, ::1]
    layers = types.Array(numba.from_dtype(LAYER), 1, "C")
    context = types.NamedTuple(
        (
            types.int64[::1],
            types.uint16[::1],
            types.uint8[::1],
            types.uint8[:, ::1],
            matrix,
            matrix,
            layers,
            types.int64[::1],
            types.int64,
            types.float64[::1],
            types.int64,
            vector,
            types.int64[::1],
        ),
        Context,
    )
    rows = types.int64[::1]
    evaluate = types.float64(vector, vector, rows, context)
    update = types.void(
        vector,  # w
        vector,  # g
        types.float64,  # t
        types.float64,  # cost
        types.float64[::1],  # hyper
        vector,  # state
        types.float64[::1],  # scalars
        layers,
        types.int64[:, ::1],  # places, as in lifting.Layout
        types.int64,  # address of evaluate
        rows,
        rows,  # every_row
        context,
    )
    train = types.UniTuple(types.float64, 3)(
        vector,  # w
        vector,  # g
        vector,  # previous
        types.int64[:, ::1],  # order
        types.int64,  # batch_size
        types.int64,  # skip
        types.int64,  # steps
        types.float64,  # t
        types.float64[:, ::1],  # table
        vector,  # state
        types.float64[::1],  # scalars
        layers,
        types.int64[:, ::1],  # places
        types.int64,  # address of evaluate, as in kernels.calls
        types.int64,  # address of update
        context,
        types.float64,  # bound
        types.int64[::1],  # limits
    )
    predict = types.void(vector, matrix, matrix, context)
    return Signatures(real, evaluate, update, train, types.float64(vector), predict)


def jit(function: Callable[..., Any], **options: Any) -> Any:
    """Compile `function` under optilab's policy when compiled code first calls it; it is cached with its caller."""
    return numba.njit(**_POLICY, **options)(function)


def _jit_inside(function: Callable[..., Any], **options: Any) -> Any:
    """The same for what compiled code alone calls: without wrappers for Python and C, which take as long to compile."""
    return jit(function, no_cpython_wrapper=True, no_cfunc_wrapper=True, **options)


def jit_with_helpers(
    function: FunctionType,
    words: Mapping[str, int] | None = None,
    kinds: Mapping[str, Kind] | None = None,
    compiled: Callable[..., Any] = _jit_inside,
    **options: Any,
) -> Any:
    """Compile a function of a plugin, with the plain Python functions of its own package that it calls.

    words: texts that the function compares its arguments with, as in `mode == "raw"`, and the number that stands for each
    in compiled code.
    kinds: of the arguments of a function that works in float32, as in `narrowing`; None for one that works in float64.
    compiled: what makes compiled code of a function.
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
    kinds: Mapping[str, Kind] | None,
    compiled: Callable[..., Any],
    made: dict[tuple[FunctionType, frozenset[tuple[str, Kind]]], Any],
) -> Any:
    """`made` holds what was compiled on the way, so that a helper of several callers is compiled once."""
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
    if helpers or words:
        done = {name: _with_helpers(f, words, given.get(name), compiled, made) for name, f in helpers.items()}
        code = _with_numbers(plain.__code__, words)
        copy = FunctionType(code, {**plain.__globals__, **done}, plain.__name__, plain.__defaults__, plain.__closure__)
        copy.__module__, copy.__qualname__ = plain.__module__, plain.__qualname__
        plain = copy
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
    )  # compiled code calls it as in `kernels.calls`
    compile_or_load: Callable[[Callable[..., Any]], Any] = numba.njit(signature, **policy)
    return compile_or_load
