"""A block of sparse examples, spread out once for all that reads it: where the row of W of each pixel begins, and how bright it is.

Pixels come in parts, `part_size` columns each, so that most of the rows of W for one part stay in the first-level cache while all
examples of the block go through them. Lists lie in the context's memory for integers: offsets, then the bounds of each example's parts,
then what sorting by pixel needs. The numbers beside them, in memory for reals, are scaled.
"""

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from optilab.compiler.jit import jit
from optilab.kernels.lines import I32, I64, Lines
from optilab.kernels.vectors import place

AT_ONCE = 32  # pixels
_AHEAD = 4  # examples between the one that is worked on and the one that is fetched from memory


@intrinsic
def _widen(typing_context, numbers, factor, out):
    """out[:AT_ONCE] = factor numbers[:AT_ONCE], from unsigned integers."""

    def build(context, b, sig, args):
        v = Lines(context, b, types.float32)
        source, target = numbers.dtype, out.dtype
        narrow = ir.VectorType(ir.IntType(source.bitwidth), AT_ONCE)
        wide = ir.VectorType(context.get_value_type(target), AT_ONCE)
        found = b.load(b.bitcast(args[0], narrow.as_pointer()), align=source.bitwidth // 8)
        whole = b.zext(found, ir.VectorType(I32, AT_ONCE))
        factors = v.splat(args[1], wide)
        integer = isinstance(target, types.Integer)
        value = b.mul(whole, factors) if integer else b.fmul(b.sitofp(whole, wide), factors)
        b.store(value, b.bitcast(args[2], wide.as_pointer()), align=target.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(numbers, factor, out), build


@intrinsic
def _count_below(typing_context, numbers, n, limit):
    """How many of the first n numbers are below a limit; up to 31 numbers after them are read."""

    def build(context, b, sig, args):
        v = Lines(context, b, types.float32)
        number = ir.IntType(numbers.dtype.bitwidth)
        vector = ir.VectorType(number, AT_ONCE)
        lanes = ir.Constant(vector, list(range(AT_ONCE)))
        limits = v.splat(args[2], vector)
        total = cgutils.alloca_once_value(b, ir.Constant(I32, 0))
        zero, step = ir.Constant(I64, 0), ir.Constant(I64, AT_ONCE)
        with cgutils.for_range_slice(b, zero, args[1], step, intp=I64) as (k, _):
            found = b.load(b.bitcast(v.moved(args[0], k), vector.as_pointer()), align=numbers.dtype.bitwidth // 8)
            left = v.splat(b.trunc(b.sub(args[1], k), number), vector)
            counted = b.and_(b.icmp_unsigned("<", found, limits), b.icmp_unsigned("<", lanes, left))
            b.store(b.add(b.load(total), b.ctpop(b.bitcast(counted, I32))), total)
        return b.load(total)

    return types.int32(numbers, types.int64, numbers.dtype), build


@intrinsic
def prefetch(typing_context, pointer):
    """Ask for the memory around a pointer, without waiting for it."""

    def build(context, b, sig, args):
        byte = ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [byte, I32, I32, I32])
        function = cgutils.get_or_insert_function(b.module, kind, "llvm.prefetch.p0")
        numbers = [ir.Constant(I32, n) for n in (0, 3, 1)]  # to read, to keep, data
        b.call(function, [b.bitcast(args[0], byte), *numbers])
        return context.get_dummy_value()

    return types.void(pointer), build


@jit
def _fetch(starts, columns, values, row):
    """Prefetch an example: a random one is nowhere near in memory."""
    for k in range(starts[row], starts[row + 1], 32):
        prefetch(place(columns, k))
    for k in range(starts[row], starts[row + 1], 64):
        prefetch(place(values, k))


@jit
def spread(network, rows, scale, stride, part_size, parts, offsets, bounds, numbers):
    """Fill the lists for the examples `rows`; the k-th pixel of the block is on column offsets[k] / stride and as bright as numbers[k].

    The pixels of example e in part p are those from bounds[e (parts + 1) + p] to the next bound. offsets and numbers have
    AT_ONCE elements more than there are pixels.
    """
    starts, columns, values = network.starts, network.columns, network.values
    for e in range(min(_AHEAD, rows.size)):
        _fetch(starts, columns, values, rows[e])
    k = 0
    for e in range(rows.size):
        if e + _AHEAD < rows.size:
            _fetch(starts, columns, values, rows[e + _AHEAD])
        first, end = starts[rows[e]], starts[rows[e] + 1]
        n = end - first
        bounds[e * (parts + 1)] = k
        bounds[e * (parts + 1) + parts] = k + n
        if end + AT_ONCE <= columns.size:
            for p in range(1, parts):
                bounds[e * (parts + 1) + p] = k + _count_below(place(columns, first), n, np.uint16(p * part_size))
            for q in range(0, n, AT_ONCE):
                _widen(place(columns, first + q), stride, place(offsets, k + q))
                _widen(place(values, first + q), scale, place(numbers, k + q))
        else:
            for p in range(1, parts):
                before = 0
                for q in range(first, end):
                    before += columns[q] < p * part_size
                bounds[e * (parts + 1) + p] = k + before
            for q in range(n):
                offsets[k + q] = np.int32(columns[first + q]) * stride
                numbers[k + q] = values[first + q] * scale
        k += n


@intrinsic
def _count(typing_context, columns, n, ends):
    """Add one to ends[column] for each of n pixels."""

    def build(context, b, sig, args):
        v = Lines(context, b, types.float32)
        with cgutils.for_range_slice(b, ir.Constant(I64, 0), args[1], ir.Constant(I64, 1), intp=I64) as (k, _):
            end = v.moved(args[2], b.zext(b.load(v.moved(args[0], k)), I64))
            b.store(b.add(b.load(end), ir.Constant(I32, 1)), end)
        return context.get_dummy_value()

    return types.void(columns, types.int64, ends), build


@intrinsic
def _sort_in(typing_context, columns, n, numbers, owner, ends, owners, sorted_numbers):
    """Put each of n pixels of an example where its column's next is to be: the example's `owner` and the pixel's number."""

    def build(context, b, sig, args):
        v = Lines(context, b, types.float32)
        columns_, n_, numbers_, owner_, ends_, owners_, sorted_ = args
        with cgutils.for_range_slice(b, ir.Constant(I64, 0), n_, ir.Constant(I64, 1), intp=I64) as (k, _):
            end = v.moved(ends_, b.zext(b.load(v.moved(columns_, k)), I64))
            slot = b.load(end)
            b.store(b.add(slot, ir.Constant(I32, 1)), end)
            slot = b.zext(slot, I64)
            b.store(owner_, v.moved(owners_, slot))
            b.store(b.load(v.moved(numbers_, k)), v.moved(sorted_, slot))
        return context.get_dummy_value()

    return types.void(columns, types.int64, numbers, types.int32, ends, owners, sorted_numbers), build


@jit
def count_by_pixel(network, rows, ends):
    """Fill `ends` with how many examples of the block have each pixel."""
    for q in range(ends.size):
        ends[q] = 0
    for e in range(rows.size):
        first = network.starts[rows[e]]
        _count(place(network.columns, first), network.starts[rows[e] + 1] - first, place(ends, 0))


@jit
def sort_by_pixel(network, rows, parts, bounds, numbers, stride, ends, owners, sorted_numbers):
    """Sort the pixels of the block by column, those of one column in the order of the examples, once they are counted in `ends`.

    Then those of column q end before ends[q], and begin where those of column q - 1 end. Of each, the example's number times stride
    is in owners, its brightness in sorted_numbers.
    """
    total = np.int32(0)
    for q in range(ends.size):
        count = ends[q]
        ends[q] = total
        total += count
    for e in range(rows.size):
        first = network.starts[rows[e]]
        n = network.starts[rows[e] + 1] - first
        pixels, own = place(network.columns, first), place(numbers, bounds[e * (parts + 1)])
        _sort_in(pixels, n, own, np.int32(e * stride), place(ends, 0), place(owners, 0), place(sorted_numbers, 0))
