"""Products of small and middle-sized matrices: a block of rows and columns stays in registers, nothing is packed.

Each element is one sum in the order of its terms, whatever the block it lies in; so a row has the same bits in any company.
Matrices are pointers to their first numbers, with the distance from row to row.
"""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from optilab.compiler.jit import jit
from optilab.kernels.lines import I64, LINE, Lines, registers
from optilab.kernels.squares import transpose_part, transpose_square
from optilab.kernels.vectors import (
    add,
    lanes,
    load,
    load_some,
    moved,
    somewhere,
    stay_apart,
    store,
    store_some,
    zeros,
)


def _height(lines, wide=LINE):
    """How many rows of `lines` vectors, each so many bytes wide, fit the registers, beside one row of the right factor and a number."""
    bits, count = registers()
    parts = max(8 * wide // bits, 1)  # registers a vector
    most = max((count - 1) // (lines * parts) - 1, 1)
    return next(rows for rows in (8, 6, 4, 2, 1) if rows <= most)


_MOST_LINES = next(lines for lines in (3, 2, 1) if _height(lines) >= 4 or lines == 1)


def _block(rows, lines, masked, wide):
    @intrinsic
    def block(typing_context, a, down, along, b, b_down, terms, c, c_down, first, first_down, n):
        """`product` for a block of rows and lines; of the last line n lanes where it is masked."""
        i = types.int64
        sig = types.void(a, i, i, b, i, i, c, i, first, i, i)

        def build(context, w, sig, args):
            a_, down_, along_, b_, b_down_, terms_, c_, c_down_, first_, first_down_, n_ = args
            v = Lines(context, w, c.dtype, wide)
            masks = [v.mask(n_) if masked and line == lines - 1 else None for line in range(lines)]
            places = [line * v.lanes for line in range(lines)]

            def rows_from(pointer, distance):
                found = [pointer]
                for _ in range(rows - 1):
                    found.append(v.moved(found[-1], distance))
                return found

            sums = [[v.variable(v.zero) for _ in range(lines)] for _ in range(rows)]
            with w.if_then(w.icmp_unsigned("!=", first_, ir.Constant(first_.type, None))):
                for m, row in enumerate(rows_from(first_, first_down_)):
                    for line in range(lines):
                        w.store(v.load(v.moved(row, places[line]), masks[line]), sums[m][line])
            left = rows_from(a_, down_)
            with cgutils.for_range_slice(w, ir.Constant(I64, 0), terms_, ir.Constant(I64, 1), intp=I64) as (k, _):
                row = v.moved(b_, w.mul(k, b_down_))
                right = [v.load(v.moved(row, places[line]), masks[line]) for line in range(lines)]
                column = w.mul(k, along_)
                for m in range(rows):
                    number = v.splat(w.load(v.moved(left[m], column)))
                    for line in range(lines):
                        w.store(v.add_product(number, right[line], w.load(sums[m][line])), sums[m][line])
            for m, row in enumerate(rows_from(c_, c_down_)):
                for line in range(lines):
                    v.store(w.load(sums[m][line]), v.moved(row, places[line]), masks[line])
            return context.get_dummy_value()

        return sig, build

    return block


def _strip(lines, masked, wide=LINE):
    """`product` for `lines` lines of columns, or n columns where it is masked; wide: bytes of a line."""
    tall = _height(lines, wide)
    tall_block, row_block = (_block(rows, lines, masked, wide) for rows in (tall, 1))

    @jit
    def strip(rows, a, down, along, b, b_down, terms, c, c_down, first, first_down, n):
        m = 0
        while m < rows:
            if m + tall <= rows:
                tall_block(a, down, along, b, b_down, terms, c, c_down, first, first_down, n)
                done = tall
            else:
                row_block(a, down, along, b, b_down, terms, c, c_down, first, first_down, n)
                done = 1
            a, c = moved(a, done * down), moved(c, done * c_down)
            if somewhere(first):
                first = moved(first, done * first_down)
            m += done

    return strip


_three, _two, _one, _part = _strip(3, False), _strip(2, False), _strip(1, False), _strip(1, True)
_narrow = _strip(1, True, LINE // 2)  # up to half a line, which takes half the time


@jit
def product(rows, columns, terms, a, down, along, b, b_down, c, c_down, first, first_down):
    """C = first + a b: c[i c_down + j] = first[i first_down + j] + sum_k a[i down + k along] b[k b_down + j].

    i < rows, j < columns, k < terms; `down` is the distance from row to row, `along` that from term to term. Where first is nowhere, it
    is zero.
    """
    stay_apart()
    line = lanes(c)
    j = 0
    while j < columns:
        if _MOST_LINES > 2 and j + 3 * line <= columns:
            _three(rows, a, down, along, b, b_down, terms, c, c_down, first, first_down, line)
            done = 3 * line
        elif _MOST_LINES > 1 and j + 2 * line <= columns:
            _two(rows, a, down, along, b, b_down, terms, c, c_down, first, first_down, line)
            done = 2 * line
        elif j + line <= columns:
            _one(rows, a, down, along, b, b_down, terms, c, c_down, first, first_down, line)
            done = line
        else:
            done = columns - j
            if done <= line // 2:
                _narrow(rows, a, down, along, b, b_down, terms, c, c_down, first, first_down, done)
            else:
                _part(rows, a, down, along, b, b_down, terms, c, c_down, first, first_down, done)
        b, c = moved(b, done), moved(c, done)
        if somewhere(first):
            first = moved(first, done)
        j += done


@jit
def transpose(rows, columns, a, out):
    """out[j rows + i] = a[i columns + j], for i < rows and j < columns."""
    stay_apart()
    line = lanes(a)
    for i in range(0, rows, line):
        for j in range(0, columns, line):
            high, wide = min(line, rows - i), min(line, columns - j)
            source, target = moved(a, i * columns + j), moved(out, j * rows + i)
            if high == line and wide == line:
                transpose_square(source, columns, target, rows)
            else:
                transpose_part(high, wide, source, columns, target, rows)


@jit
def sum_columns(rows, columns, a, out, first_block):
    """out[j] = the sum over i < rows of a[i columns + j], added to what is there after the first block."""
    stay_apart()
    line = lanes(a)
    for j in range(0, columns, line):
        n = min(line, columns - j)
        if n == line:
            total = zeros(out) if first_block else load(moved(out, j))
            for i in range(rows):
                total = add(total, load(moved(a, i * columns + j)))
            store(total, moved(out, j))
        else:
            total = zeros(out) if first_block else load_some(moved(out, j), n)
            for i in range(rows):
                total = add(total, load_some(moved(a, i * columns + j), n))
            store_some(total, moved(out, j), n)


@jit
def copy(n, source, target):
    """target[:n] = source[:n]."""
    line = lanes(source)
    for j in range(0, n, line):
        if j + line <= n:
            store(load(moved(source, j)), moved(target, j))
        else:
            store_some(load_some(moved(source, j), n - j), moved(target, j), n - j)
