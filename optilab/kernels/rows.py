"""Sums of rows, each times a number, and their counterpart: what a layer does to sparse pixels and to their gradient.

The columns in registers are four, two or one lines, or a part of one; each column is summed in the same order whichever it is. Arrays
are pointers to their first numbers.
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
    """Instructions that go through the rows of some pixels, a few lines of columns wide; of the last one n lanes where it is masked."""

    def __init__(self, context, builder, real, lines, masked, n, offsets, numbers):
        self.v, self.builder = Lines(context, builder, real), builder
        self.masks = [self.v.mask(n) if masked and line == lines - 1 else None for line in range(lines)]
        self.offsets, self.numbers = offsets, numbers

    def load(self, pointer):
        """The lines of a row."""
        return [self.v.load(self.v.moved(pointer, i * self.v.lanes), mask) for i, mask in enumerate(self.masks)]

    def store(self, values, pointer):
        """Write the lines of a row."""
        for i, (value, mask) in enumerate(zip(values, self.masks, strict=True)):
            self.v.store(value, self.v.moved(pointer, i * self.v.lanes), mask)

    def pixel(self, base, k):
        """The row of pixel k, and its number in every lane."""
        offset = self.builder.sext(self.builder.load(self.v.moved(self.offsets, k)), I64)
        return self.v.moved(base, offset), self.v.splat(self.builder.load(self.v.moved(self.numbers, k)))


def _sum(lines, masked, chains):
    @intrinsic
    def total(typing_context, w, offsets, numbers, first, end, out, start, n):
        """`sum_rows` for so many lines."""
        i = types.int64

        def build(context, b, sig, args):
            w_, offsets_, numbers_, first_, end_, out_, start_, n_ = args
            rows = _Pixels(context, b, w.dtype, lines, masked, n_, offsets_, numbers_)
            v = rows.v
            sums = [[v.variable(v.zero) for _ in range(lines)] for _ in range(chains)]
            with b.if_then(b.icmp_unsigned("!=", start_, ir.Constant(start_.type, None))):
                for value, place in zip(rows.load(start_), sums[0], strict=True):
                    b.store(value, place)

            def add(k, chain):
                row, number = rows.pixel(w_, k)
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
            rows.store(found[0], out_)
            return context.get_dummy_value()

        return types.void(w, offsets, numbers, i, i, out, start, i), build

    return total


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
    def spread(typing_context, g, offsets, numbers, first, end, delta, n):
        """`add_to_rows` for so many lines."""
        i = types.int64

        def build(context, b, sig, args):
            g_, offsets_, numbers_, first_, end_, delta_, n_ = args
            rows = _Pixels(context, b, g.dtype, lines, masked, n_, offsets_, numbers_)
            slopes = rows.load(delta_)
            with cgutils.for_range_slice(b, first_, end_, ir.Constant(I64, 1), intp=I64) as (k, _):
                row, number = rows.pixel(g_, k)
                sums = zip(slopes, rows.load(row), strict=True)
                rows.store([rows.v.add_product(number, slope, total) for slope, total in sums], row)
            return context.get_dummy_value()

        return types.void(g, offsets, numbers, i, i, delta, i), build

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
