"""Squares of numbers, as many rows as a vector has lanes, transposed in registers."""

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from optilab.kernels.lines import I64, Lines


@intrinsic
def transpose_square(typing_context, source, down, target, target_down):
    """target[j target_down + i] = source[i down + j], for i and j below the lanes of a vector: in registers."""
    i64 = types.int64

    def build(context, b, sig, args):
        v = Lines(context, b, source.dtype)
        rows = v.transposed([v.load(row) for row in v.rows_from(args[0], args[1])])
        for row, place_of_row in zip(rows, v.rows_from(args[2], args[3]), strict=True):
            v.store(row, place_of_row)
        return context.get_dummy_value()

    return types.void(source, i64, target, i64), build


def _part(v, pointer, down, height, width):
    """Each row's pointer and mask: the first `width` lanes. Below the last row none, of the first: memory far away would cost time."""
    mask, none = v.mask(width), ir.Constant(ir.VectorType(ir.IntType(1), v.lanes), [False] * v.lanes)
    for i, row in enumerate(v.rows_from(pointer, down)):
        within = v.builder.icmp_signed("<", ir.Constant(I64, i), height)
        yield v.builder.select(within, row, pointer), v.builder.select(within, mask, none)


@intrinsic
def transpose_into(typing_context, rows, columns, source, down, square):
    """`transpose_square` of the first `rows` rows and `columns` columns into a square, with zeros for the others; no more are read."""

    def build(context, b, sig, args):
        v = Lines(context, b, source.dtype)
        found = v.transposed([v.load(*row) for row in _part(v, args[2], args[3], *args[:2])])
        for i, vector in enumerate(found):
            v.store(vector, v.moved(args[4], i * v.lanes))
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, source, types.int64, square), build


@intrinsic
def transpose_part(typing_context, rows, columns, source, down, target, target_down):
    """`transpose_square` of the first `rows` rows and `columns` columns: no more are read, nor written."""

    def build(context, b, sig, args):
        v = Lines(context, b, source.dtype)
        rows_, columns_, source_, down_, target_, target_down_ = args
        found = v.transposed([v.load(*row) for row in _part(v, source_, down_, rows_, columns_)])
        for vector, row in zip(found, _part(v, target_, target_down_, columns_, rows_), strict=True):
            v.store(vector, *row)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, source, types.int64, target, types.int64), build
