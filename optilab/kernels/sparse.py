"""The first layer on sparse pixels: only those that are not black are read, straight from bytes.

Four fifths of an MNIST image are zero, so a product over the rest does a fifth of the work of a dense one, and needs no
copy of the batch in floating point. Numba does not vectorise such loops by itself (the columns of W are few and their
number is known only at run time), so the two inner loops are written for the compiler as vectors of fixed width.
"""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from optilab.compiler.jit import jit

_I64 = ir.IntType(64)
_CONTRACT = ("contract",)  # a multiplication and an addition may become one instruction
_AHEAD = 4  # examples between the one that is worked on and the one that is fetched from memory
_CHAINS = 4  # sums kept apart, so that one addition need not wait for the last


class _Vectors:
    """Loads, stores and broadcasts of vectors of `lanes` numbers at any element of an array."""

    def __init__(self, context, builder, real, lanes):
        self.context, self.builder = context, builder
        self.real = context.get_value_type(real)
        self.vector = ir.VectorType(self.real, lanes)
        self.lanes = lanes
        self.align = real.bitwidth // 8

    def pointer(self, array_type, array):
        return self.context.make_array(array_type)(self.context, self.builder, array).data

    def element(self, pointer, index):
        return self.builder.bitcast(self.builder.gep(pointer, [index]), self.vector.as_pointer())

    def load(self, pointer):
        return self.builder.load(pointer, align=self.align)

    def store(self, value, pointer):
        self.builder.store(value, pointer, align=self.align)

    def broadcast_byte(self, pointer, index):
        b = self.builder
        number = b.uitofp(b.load(b.gep(pointer, [index])), self.real)
        undefined = ir.Constant(self.vector, ir.Undefined)
        one = b.insert_element(undefined, number, ir.Constant(ir.IntType(32), 0))
        return b.shuffle_vector(
            one, undefined, ir.Constant(ir.VectorType(ir.IntType(32), self.lanes), [0] * self.lanes)
        )

    def add_product(self, x, y, total):
        b = self.builder
        return b.fadd(b.fmul(x, y, flags=_CONTRACT), total, flags=_CONTRACT)


def _row(builder, base, stride, columns, k):
    """Element at which the row of W for the k-th pixel begins."""
    column = builder.zext(builder.load(builder.gep(columns, [k])), _I64)
    return builder.add(base, builder.mul(column, stride))


def _gather(lanes_of):
    """A function that is compiled for vectors of lanes_of(type of W) numbers."""

    @intrinsic
    def gather(typing_context, w, base, stride, columns, values, first, end, out, to):
        """out[to:to + lanes] = sum over k from first to end of values[k] * w[base + columns[k] * stride:][:lanes]."""
        i64 = types.int64
        sig = types.void(w, i64, i64, columns, values, i64, i64, out, i64)

        def build(context, b, sig, args):
            w_, base_, stride_, columns_, values_, first_, end_, out_, to_ = args
            v = _Vectors(context, b, w.dtype, lanes_of(w.dtype))
            w_p, columns_p, values_p, out_p = (
                v.pointer(t, a) for t, a in ((w, w_), (columns, columns_), (values, values_), (out, out_))
            )
            sums = [cgutils.alloca_once(b, v.vector) for _ in range(_CHAINS)]
            for one in sums:
                b.store(ir.Constant(v.vector, [0.0] * v.lanes), one)

            def add(k, total):
                row = v.load(v.element(w_p, _row(b, base_, stride_, columns_p, k)))
                b.store(v.add_product(v.broadcast_byte(values_p, k), row, b.load(total)), total)

            whole = b.add(first_, b.and_(b.sub(end_, first_), ir.Constant(_I64, -_CHAINS)))
            with cgutils.for_range_slice(b, first_, whole, ir.Constant(_I64, _CHAINS), intp=_I64) as (k, _):
                for chain, total in enumerate(sums):
                    add(b.add(k, ir.Constant(_I64, chain)), total)
            with cgutils.for_range_slice(b, whole, end_, ir.Constant(_I64, 1), intp=_I64) as (k, _):
                add(k, sums[0])
            one, two, three, four = (b.load(total) for total in sums)
            v.store(b.fadd(b.fadd(one, two), b.fadd(three, four)), v.element(out_p, to_))
            return context.get_dummy_value()

        return sig, build

    return gather


def _scatter(lanes_of):
    """As `_gather`, for the gradient."""

    @intrinsic
    def scatter(typing_context, g, base, stride, columns, values, first, end, delta, at):
        """g[base + columns[k] * stride:][:lanes] += values[k] * delta[at:at + lanes], for k from first to end."""
        i64 = types.int64
        sig = types.void(g, i64, i64, columns, values, i64, i64, delta, i64)

        def build(context, b, sig, args):
            g_, base_, stride_, columns_, values_, first_, end_, delta_, at_ = args
            v = _Vectors(context, b, g.dtype, lanes_of(g.dtype))
            g_p, columns_p, values_p, delta_p = (
                v.pointer(t, a) for t, a in ((g, g_), (columns, columns_), (values, values_), (delta, delta_))
            )
            slope = v.load(v.element(delta_p, at_))
            with cgutils.for_range_slice(b, first_, end_, ir.Constant(_I64, 1), intp=_I64) as (k, _):
                element = v.element(g_p, _row(b, base_, stride_, columns_p, k))
                v.store(v.add_product(v.broadcast_byte(values_p, k), slope, v.load(element)), element)
            return context.get_dummy_value()

        return sig, build

    return scatter


def _cache_line(real):
    """How many numbers fill a line of the cache, and the widest vector register."""
    return 512 // real.bitwidth


def _quarter_line(real):
    """How many numbers fill the narrowest vector register."""
    return 128 // real.bitwidth


def _single(real):
    """One number at a time, for what is left over."""
    return 1


_gather_wide, _gather_short, _gather_one = _gather(_cache_line), _gather(_quarter_line), _gather(_single)
_scatter_wide, _scatter_short, _scatter_one = _scatter(_cache_line), _scatter(_quarter_line), _scatter(_single)


@intrinsic
def _prefetch(typing_context, array, index):
    """Ask for the memory around array[index], without waiting for it."""

    def build(context, b, sig, args):
        data = context.make_array(sig.args[0])(context, b, args[0]).data
        byte = ir.IntType(8).as_pointer()
        i32 = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, i32, i32, i32])
        function = cgutils.get_or_insert_function(b.module, kind, "llvm.prefetch.p0")
        numbers = [ir.Constant(i32, n) for n in (0, 3, 1)]  # to read, to keep, data
        b.call(function, [b.bitcast(b.gep(data, [args[1]]), byte), *numbers])
        return context.get_dummy_value()

    return types.void(array, types.int64), build


@jit
def _fetch_ahead(starts, columns, values, rows, i):
    """Prefetch the example that will be worked on soon: a random one is nowhere near in memory."""
    if i + _AHEAD < rows.size:
        row = rows[i + _AHEAD]
        for k in range(starts[row], starts[row + 1], 32):
            _prefetch(columns, k)
        for k in range(starts[row], starts[row + 1], 64):
            _prefetch(values, k)


@jit
def multiply(starts, columns, values, rows, w, offset, z):
    """Product z = x W for the examples `rows`: pixels as bytes, unscaled; W of z.shape[1] columns begins at w[offset]."""
    n = z.shape[1]
    flat = z.reshape(z.size)
    wide, short = 64 // w.itemsize, 16 // w.itemsize
    for i in range(rows.size):
        _fetch_ahead(starts, columns, values, rows, i)
        first, end = starts[rows[i]], starts[rows[i] + 1]
        j = 0
        while j + wide <= n:
            _gather_wide(w, offset + j, n, columns, values, first, end, flat, i * n + j)
            j += wide
        while j + short <= n:
            _gather_short(w, offset + j, n, columns, values, first, end, flat, i * n + j)
            j += short
        while j < n:
            _gather_one(w, offset + j, n, columns, values, first, end, flat, i * n + j)
            j += 1


@jit
def add_transposed(starts, columns, values, rows, delta, g, offset):
    """Add x^T delta to the gradient of W, which begins at g[offset]; pixels as bytes, unscaled."""
    n = delta.shape[1]
    flat = delta.reshape(delta.size)
    wide, short = 64 // g.itemsize, 16 // g.itemsize
    for i in range(rows.size):
        first, end = starts[rows[i]], starts[rows[i] + 1]
        j = 0
        while j + wide <= n:
            _scatter_wide(g, offset + j, n, columns, values, first, end, flat, i * n + j)
            j += wide
        while j + short <= n:
            _scatter_short(g, offset + j, n, columns, values, first, end, flat, i * n + j)
            j += short
        while j < n:
            _scatter_one(g, offset + j, n, columns, values, first, end, flat, i * n + j)
            j += 1
