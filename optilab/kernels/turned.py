"""Products with the transpose of a matrix of weights, which lies in memory row by row.

For a few rows of the other factor the transpose is not made: each number is a sum over the lanes of a vector. For more it is, part by part.
"""

import itertools

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from optilab.compiler.jit import jit
from optilab.kernels.lines import I64, Lines, registers
from optilab.kernels.products import product, transpose
from optilab.kernels.vectors import lanes, moved, nowhere, stay_apart

_TURNED = 96  # rows of a matrix that are transposed at once: the second-level cache holds them until they are used
_AT_ONCE = 8 if registers()[0] == 512 else 4  # rows of a matrix whose sums are in registers


def room_to_turn(sizes):
    """Size of the largest part of a matrix that is transposed at once; whole lines, for what follows in memory to begin with one."""
    return max((-(-min(a, _TURNED) * b // 16) * 16 for a, b in itertools.pairwise(sizes[1:])), default=0)


@intrinsic
def _dots(typing_context, rows, columns, a, down, x, out):
    """out[i] = sum_j a[i down + j] x[j], for i < rows, which are at most as many as a vector has lanes, and j < columns."""
    i64 = types.int64

    def build(context, b, sig, args):
        rows_, columns_, a_, down_, x_, out_ = args
        v = Lines(context, b, a.dtype)
        within = [b.icmp_signed("<", ir.Constant(I64, i), rows_) for i in range(v.lanes)]
        pointers = [b.select(*row, a_) for row in zip(within, v.rows_from(a_, down_), strict=True)]
        whole = b.and_(columns_, ir.Constant(I64, -v.lanes))
        zero, step = ir.Constant(I64, 0), ir.Constant(I64, v.lanes)
        found = []
        for first in range(0, v.lanes, _AT_ONCE):
            own = pointers[first : first + _AT_ONCE]
            sums = [v.variable(v.zero) for _ in own]

            def add(j, mask=None, own=own, sums=sums):
                right = v.load(v.moved(x_, j), mask)
                for pointer, total in zip(own, sums, strict=True):
                    left = v.load(v.moved(pointer, j), mask)
                    b.store(v.add_product(left, right, b.load(total)), total)

            with cgutils.for_range_slice(b, zero, whole, step, intp=I64) as (j, _):
                add(j)
            with b.if_then(b.icmp_signed("<", whole, columns_)):
                add(whole, v.mask(b.sub(columns_, whole)))
            found += [b.load(total) for total in sums]
        found = v.transposed(found)
        while len(found) > 1:
            found = [b.fadd(x, y) for x, y in zip(found[::2], found[1::2], strict=True)]
        v.store(found[0], out_, v.mask(rows_))
        return context.get_dummy_value()

    return types.void(i64, i64, a, i64, x, out), build


@jit
def product_with_transposed(rows, fan_in, columns, a, w, out, room):
    """out[e, i] = sum_j a[e, j] w[i, j]: out is [rows, fan_in], a [rows, columns], w [fan_in, columns].

    A number's last bits depend on how many rows there are, for its terms are added in another order where nothing is transposed.
    room: memory for as many numbers as `room_to_turn` says.
    """
    stay_apart()
    if rows <= min(6, 1 + columns // 32):  # measured: with more, transposing has paid for itself
        line = lanes(out)
        for i in range(0, fan_in, line):
            high = min(line, fan_in - i)
            for e in range(rows):
                _dots(high, columns, moved(w, i * columns), columns, moved(a, e * columns), moved(out, e * fan_in + i))
        return
    for first in range(0, fan_in, _TURNED):
        n = min(_TURNED, fan_in - first)
        transpose(n, columns, moved(w, first * columns), room)
        product(rows, n, columns, a, columns, 1, room, n, moved(out, first), fan_in, nowhere(out), 0)
