"""Types that compiled code agrees on: the layer table, the context of an evaluation, and the signatures of entry points."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numba
import numpy as np
from numba import types
from numpy.typing import NDArray

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

# A run that advances together with others, as compiled code sees it: addresses of its arrays (of g, 0 where only the cost is wanted),
# and what compiled code says of it. ticks: of the processor's clock, spent on it.
MEMBER = np.dtype(
    [
        *((name, np.int64) for name in ("w", "g", "previous", "size")),
        *((name, np.int64) for name in ("numbers", "n_numbers", "varies")),
        *((name, np.int64) for name in ("state", "n_state", "scalars", "n_scalars")),
        *((name, np.int64) for name in ("layers", "n_layers", "spans", "n_spans", "update", "tally")),
        *((name, np.int64) for name in ("most_evaluations", "most_examples")),
        *((name, np.int64) for name in ("going", "taken", "correct", "ticks")),
        *((name, np.float64) for name in ("cost", "update_norm")),
    ]
)


# What `Context.tally` counts.
EVALUATIONS, EXAMPLES, CORRECT = 0, 1, 2
UNCOUNTED = -1  # at CORRECT: correct predictions are not counted, as in training, which doesn't ask for them


UNLIMITED = 2**62  # a limit of `Context.tally` that is never reached


class NetworkData(NamedTuple):
    """Data that the kernels of a network read besides the layer table: its examples, activations and cost.

    Examples are sparse pixels (`starts` is not empty), dense `pixels`, or `features`; the others are empty. Pixels stay
    bytes in memory and are scaled when they are used.
    """

    starts: NDArray[np.int64]  # [example + 1], where the pixels of an example begin that are not zero
    columns: NDArray[np.uint16]  # which inputs they are
    values: NDArray[np.uint8]  # and how bright
    pixels: NDArray[np.uint8]  # [example, input]
    features: NDArray[np.floating]  # [example, input]
    targets: NDArray[np.floating]  # [example, output]
    activations: NDArray[np.int64]  # one code a layer of neurons
    cost: int  # code of the cost
    block: int  # how many examples are worked on at a time
    most_pixels: int  # that are not zero in one example, where pixels are sparse
    turned: int  # size of the largest part of a weight matrix that is transposed at once
    neurons: int  # in all layers
    prepare: int  # address of `kernels.dense.prepare`, compiled, which all that evaluate a network call
    block_cost: int  # and that of `kernels.dense.block_cost`

    @staticmethod
    def nothing(precision: str) -> NetworkData:
        """Empty data for a problem that is no network: the compiled functions of all problems have one signature."""
        none = np.zeros((0, 0), precision)
        counts, columns, pixels = np.zeros(0, np.int64), np.zeros(0, np.uint16), np.zeros((0, 0), np.uint8)
        return NetworkData(counts, columns, pixels.ravel(), pixels, none, none, counts, 0, 1, 0, 0, 0, 0, 0)


class Context(NamedTuple):
    """Data that a compiled problem works on. The training loop itself reads only the tally."""

    layers: NDArray[np.void]  # the layer table, of dtype LAYER
    tally: NDArray[np.int64]  # counts of gradient evaluations, of their examples, of correct predictions
    scratch: NDArray[np.floating]  # memory that the problem writes to
    integers: NDArray[np.int32]  # and memory for whole numbers
    settings: NDArray[np.float64]  # numbers that the problem's function takes
    network: NDArray[np.int64]  # the `NetworkData` of a network as `compiler.passing.in_memory`, else empty


def context_without_examples(layers: NDArray[np.void], settings: Sequence[float], precision: str) -> Context:
    """Context of a problem that has no examples: only numbers that its function takes."""
    return Context(
        layers=layers,
        tally=np.zeros(3, np.int64),
        scratch=np.zeros(int(layers["size"].sum()), precision),
        integers=np.zeros(0, np.int32),
        settings=np.array(settings, np.float64),
        network=np.zeros(0, np.int64),
    )


class Signatures(NamedTuple):
    """The Numba types of one precision."""

    float: types.Type
    network: types.Type  # of NetworkData
    evaluate: Any  # evaluate(w, g, rows, context) -> cost; fills g, unless g is empty
    update: Any  # update(w, g, t, cost, numbers, state, scalars, layers, spans, evaluate, rows, every_row, context)
    step_in_parts: Any  # kernels.parts.step_in_parts
    train: Any  # kernels.loop.train
    prepare: Any  # kernels.dense.prepare
    block_cost: Any  # kernels.dense.block_cost
    evaluate_members: Any  # evaluate_members(members, rows, context); fills their costs, and their gradients
    train_members: Any  # kernels.lockstep.train_members
    norm: Any  # kernels.loop.norm
    control: Any  # kernels.control.control
    predict: Any  # predict(w, features, out, context)


@cache
def signatures(precision: str) -> Signatures:
    """The types of "float32" or "float64"."""
    real = getattr(types, precision)
    vector, matrix = real[::1], real[:, ::1]
    layers = types.Array(numba.from_dtype(LAYER), 1, "C")
    counts = types.int64[::1]
    network = types.NamedTuple(
        (
            counts,
            types.uint16[::1],
            types.uint8[::1],
            types.uint8[:, ::1],
            matrix,
            matrix,
            counts,
            *7 * (types.int64,),
        ),
        NetworkData,
    )
    context = types.NamedTuple((layers, counts, vector, types.int32[::1], types.float64[::1], counts), Context)
    rows = types.int64[::1]
    evaluate = types.float64(vector, vector, rows, context)
    update = types.void(
        vector,  # w
        vector,  # g
        types.float64,  # t
        types.float64,  # cost
        types.float64[::1],  # numbers: the hyperparameters, as from optimizers.chain.Chain.numbers
        vector,  # state
        types.float64[::1],  # scalars
        layers,
        types.int64[:, ::1],  # spans, as in optimizers.memory.Layout
        types.int64,  # address of evaluate
        rows,
        rows,  # every_row
        context,
    )
    step_in_parts = types.float64(
        vector,  # w
        vector,  # g
        types.float64,  # t
        types.float64[::1],  # numbers
        vector,  # state
        types.float64[::1],  # scalars
        layers,
        types.int64[:, ::1],  # spans
        types.int64,  # address of evaluate
        types.int64,  # address of update
        rows,
        rows,  # every_row
        context,
        types.float64,  # bound
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
        types.float64[:, ::1],  # numbers_by_step
        vector,  # state
        types.float64[::1],  # scalars
        layers,
        types.int64[:, ::1],  # spans
        types.int64,  # address of evaluate, as in compiler.calls
        types.int64,  # address of update
        types.int64,  # address of step_in_parts, or 0
        context,
        types.float64,  # bound
        types.int64[::1],  # limits
    )
    predict = types.void(vector, matrix, matrix, context)
    memory = types.UniTuple(vector, 5)
    prepare = types.void(context, rows, types.boolean, memory)
    block_cost = types.float64(vector, vector, rows, real, types.boolean, types.boolean, context, memory)
    members = types.Array(numba.from_dtype(MEMBER), 1, "C")
    evaluate_members = types.void(members, rows, context)
    train_members = types.void(
        members,
        members,  # going
        types.int64[:, ::1],  # order
        types.int64,  # batch_size
        types.int64,  # skip
        types.int64,  # steps
        types.float64,  # t
        types.int64,  # address of evaluate_members
        types.int64,  # address of evaluate
        context,
        types.float64,  # bound
    )
    norm = types.float64(vector)
    control = types.int64(types.int64)
    return Signatures(
        real,
        network,
        evaluate,
        update,
        step_in_parts,
        train,
        prepare,
        block_cost,
        evaluate_members,
        train_members,
        norm,
        control,
        predict,
    )
