"""Sums of rows, each times a number, and their counterpart: what a layer does to sparse pixels and to their gradient.

The columns in registers are four, two or one lines, or a part of one, of one matrix, or one line of each of several matrices; each
column is summed in the same order whichever it is. Arrays are pointers to their first numbers.
"""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from optilab.compiler.jit import jit
from optilab.kernels.lines import I64, LINE, Lines, registers
from optilab.kernels.vectors import lanes, moved, somewhere


def _most_lines(chains):
    """How many lines of columns have their sums in half of the registers: the others hold what is added."""
    bits, count = registers()
    return max(count * bits // (2 * 8 * LINE * chains), 1)


class _Pixels:
    """Instructions that go through the rows of some pixels, a few lines of columns wide; of the last one n lanes where it is masked.

    Pointers come in lists, one for each matrix.
    """

    def __init__(self, context, builder, real, lines, masked, n, offsets, numbers):
        self.v, self.builder = Lines(context, builder, real), builder
        self.masks = [self.v.mask(n) if masked and line == lines - 1 else None for line in range(lines)]
        self.offsets, self.numbers = offsets, numbers

    def _lines(self, pointers):
        """Where the lines of a row begin, and their masks."""
        for pointer in pointers:
            for i, mask in enumerate(self.masks):
                yield self.v.moved(pointer, i * self.v.lanes), mask

    def load(self, pointers):
        """The lines of a row."""
        return [self.v.load(*line) for line in self._lines(pointers)]

    def store(self, values, pointers):
        """Write the lines of a row."""
        for value, line in zip(values, self._lines(pointers), strict=True):
            self.v.store(value, *line)

    def pixel(self, bases, k):
        """The row of pixel k in each matrix, and its number in every lane."""
        offset = self.builder.sext(self.builder.load(self.v.moved(self.offsets, k)), I64)
        rows = [self.v.moved(base, offset) for base in bases]
        return rows, self.v.splat(self.builder.load(self.v.moved(self.numbers, k)))


def _listed(builder, pointers):
    """The pointers of a tuple, or a single one, as a list."""
    single = isinstance(pointers.type, ir.PointerType)
    return [pointers] if single else cgutils.unpack_tuple(builder, pointers)


def _sum(lines, masked, chains):
    @intrinsic
    def total(typing_context, ws, offsets, numbers, first, end, outs, starts, n):
        """`sum_rows` for so many lines of a matrix, or of each of several: then ws, outs and starts are tuples."""
        i = types.int64

        def build(context, b, sig, args):
            ws_, offsets_, numbers_, first_, end_, outs_, starts_, n_ = args
            ws_, outs_, starts_ = _listed(b, ws_), _listed(b, outs_), _listed(b, starts_)
            rows = _Pixels(context, b, numbers.dtype, lines, masked, n_, offsets_, numbers_)
            v = rows.v
            sums = [[v.variable(v.zero) for _ in range(lines * len(ws_))] for _ in range(chains)]
            with b.if_then(b.icmp_unsigned("!=", starts_[0], ir.Constant(starts_[0].type, None))):
                for value, place in zip(rows.load(starts_), sums[0], strict=True):
                    b.store(value, place)

            def add(k, chain):
                row, number = rows.pixel(ws_, k)
                for value, place in zip(rows.load(row), sums[chain], strict=True):
                    b.store(v.add_product(number, value, b.load(place)), place)

            step = ir.Constant(I64, chains)
            whole = b.add(first_, b.and_(b.sub(end_, first_), ir.Constant(I64, -chains)))
            with cgutils.for_range_slice(b, first_, whole, step, intp=I64) as (k, _):
                for chain in range(chains):
                    add(b.add(k, ir.Constant(I64, chain)), chain)
            if chains > 1:
                with cgutils.for_range_slice(b, whole, end_, ir.Constant(I64, 1), intp=I64) as (k, _):
                    add(k, 0)
            found = [[b.load(place) for place in chain] for chain in sums]
            while len(found) > 1:
                pairs = zip(found[::2], found[1::2], strict=True)
                found = [[b.fadd(x, y) for x, y in zip(*pair, strict=True)] for pair in pairs]
            rows.store(found[0], outs_)
            return context.get_dummy_value()

        return types.void(ws, offsets, numbers, i, i, outs, starts, i), build

    return total


def fit_abreast(matrices, chains):
    """Whether the registers hold the sums of `sum_rows_abreast` for so many matrices."""
    return matrices <= _most_lines(chains)


def summing(chains):
    """`sum_rows` with so many sums kept apart, a power of two, so that one addition need not wait for the last."""
    most = _most_lines(chains)
    four, two, one = (_sum(lines, False, chains) for lines in (4, 2, 1))
    some = _sum(1, True, chains)

    @jit
    def sum_rows(columns, w, offsets, numbers, first, end, out, start):
        """out[:columns] = start[:columns] + the sum over k from first to end of numbers[k] w[offsets[k]:][:columns].

        Where start is nowhere, it is zero.
        """
        line = lanes(w)
        j = 0
        while j < columns:
            if most >= 4 and j + 4 * line <= columns:
                four(w, offsets, numbers, first, end, out, start, line)
                done = 4 * line
            elif most >= 2 and j + 2 * line <= columns:
                two(w, offsets, numbers, first, end, out, start, line)
                done = 2 * line
            elif j + line <= columns:
                one(w, offsets, numbers, first, end, out, start, line)
                done = line
            else:
                some(w, offsets, numbers, first, end, out, start, columns - j)
                done = columns - j
            w, out = moved(w, done), moved(out, done)
            if somewhere(start):
                start = moved(start, done)
            j += done

    return sum_rows


def _add(lines, masked):
    @intrinsic
    def spread(typing_context, gs, offsets, numbers, first, end, deltas, n):
        """`add_to_rows` for so many lines of a matrix, or of each of several: then gs and deltas are tuples."""
        i = types.int64

        def build(context, b, sig, args):
            gs_, offsets_, numbers_, first_, end_, deltas_, n_ = args
            gs_, deltas_ = _listed(b, gs_), _listed(b, deltas_)
            rows = _Pixels(context, b, numbers.dtype, lines, masked, n_, offsets_, numbers_)
            slopes = rows.load(deltas_)
            with cgutils.for_range_slice(b, first_, end_, ir.Constant(I64, 1), intp=I64) as (k, _):
                row, number = rows.pixel(gs_, k)
                sums = zip(slopes, rows.load(row), strict=True)
                rows.store([rows.v.add_product(number, slope, total) for slope, total in sums], row)
            return context.get_dummy_value()

        return types.void(gs, offsets, numbers, i, i, deltas, i), build

    return spread


_add_four, _add_two, _add_one = (_add(lines, False) for lines in (4, 2, 1))
_add_some = _add(1, True)


@jit
def add_to_rows(columns, g, offsets, numbers, first, end, delta):
    """g[offsets[k]:][:columns] += numbers[k] delta[:columns], for k from first to end."""
    line = lanes(g)
    j = 0
    while j < columns:
        if j + 4 * line <= columns:
            _add_four(g, offsets, numbers, first, end, delta, line)
            done = 4 * line
        elif j + 2 * line <= columns:
            _add_two(g, offsets, numbers, first, end, delta, line)
            done = 2 * line
        elif j + line <= columns:
            _add_one(g, offsets, numbers, first, end, delta, line)
            done = line
        else:
            _add_some(g, offsets, numbers, first, end, delta, columns - j)
            done = columns - j
        g, delta = moved(g, done), moved(delta, done)
        j += done


def summing_abreast(chains):
    """`sum_rows_abreast` with so many sums kept apart, as `summing` has it."""
    whole, part = _sum(1, False, chains), _sum(1, True, chains)

    @jit
    def sum_rows_abreast(columns, ws, offsets, numbers, first, end, outs, starts):
        """`sum_rows` for several matrices at once, a line of columns or less of each: tuples of pointers."""
        if columns == lanes(ws[0]):
            whole(ws, offsets, numbers, first, end, outs, starts, columns)
        else:
            part(ws, offsets, numbers, first, end, outs, starts, columns)

    return sum_rows_abreast


@jit
def add_to_rows_abreast(columns, gs, offsets, numbers, first, end, deltas):
    """`add_to_rows` for several matrices at once, a line of columns or less of each: tuples of pointers."""
    if columns == lanes(gs[0]):
        _add_one(gs, offsets, numbers, first, end, deltas, columns)
    else:
        _add_some(gs, offsets, numbers, first, end, deltas, columns)
