"""Pointers and vectors as values in compiled code: what kernels on flat arrays are made of."""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

from optilab.kernels.lines import FLAGS, I32, I64, LINE, Line, Lines


@intrinsic
def place(typing_context, array, at):
    """A pointer to array[at]. An array is seven numbers to a function that is given one, and a pointer one."""

    def build(context, b, sig, args):
        return b.gep(context.make_array(sig.args[0])(context, b, args[0]).data, [args[1]])

    return types.CPointer(array.dtype)(array, types.int64), build


@intrinsic
def stay_apart(typing_context):
    """Keep the function that calls this from being made a part of its callers: it is compiled once, and computes the same bits for all of them."""

    def build(context, b, sig, args):
        b.function.attributes.add("noinline")
        return context.get_dummy_value()

    return types.void(), build


@intrinsic
def array_at(typing_context, address, n, like):
    """The n numbers at an address as an array, of the type of another vector. Its memory is somebody else's."""

    def build(context, b, sig, args):
        found = context.make_array(like)(context, b)
        size = context.get_abi_sizeof(context.get_data_type(like.dtype))
        data = b.inttoptr(args[0], found.data.type)
        populate_array(found, data=data, shape=[args[1]], strides=[I64(size)], itemsize=size, meminfo=None)
        return found._getvalue()

    return like(types.int64, types.int64, like), build


@intrinsic
def pointers_at(typing_context, addresses, like):
    """A tuple of pointers to what lies at each of a tuple of addresses, numbers as those of an array."""

    def build(context, b, sig, args):
        kind = context.get_value_type(sig.return_type.dtype)
        found = [b.inttoptr(address, kind) for address in cgutils.unpack_tuple(b, args[0])]
        return context.make_tuple(b, sig.return_type, found)

    return types.UniTuple(types.CPointer(like.dtype), len(addresses))(addresses, like), build


@intrinsic
def moved(typing_context, pointer, n):
    """A pointer to n numbers further on."""

    def build(context, b, sig, args):
        return b.gep(args[0], [args[1]])

    return pointer(pointer, types.int64), build


@intrinsic
def all_moved(typing_context, pointers, n):
    """Each of a tuple of pointers, n numbers further on."""

    def build(context, b, sig, args):
        found = [b.gep(pointer, [args[1]]) for pointer in cgutils.unpack_tuple(b, args[0])]
        return context.make_tuple(b, pointers, found)

    return pointers(pointers, types.int64), build


@intrinsic
def nowhere(typing_context, pointer):
    """A pointer of the same type to nothing."""

    def build(context, b, sig, args):
        return ir.Constant(args[0].type, None)

    return pointer(pointer), build


@intrinsic
def somewhere(typing_context, pointer):
    """Whether a pointer points to anything."""

    def build(context, b, sig, args):
        return b.icmp_unsigned("!=", args[0], ir.Constant(args[0].type, None))

    return types.boolean(pointer), build


@intrinsic
def lanes(typing_context, pointer):
    """How many numbers a vector has."""

    def build(context, b, sig, args):
        return ir.Constant(I64, Lines(context, b, pointer.dtype).lanes)

    return types.int64(pointer), build


@intrinsic
def load(typing_context, pointer):
    """The vector that begins where a pointer points."""

    def build(context, b, sig, args):
        return Lines(context, b, pointer.dtype).load(args[0])

    return Line(pointer.dtype)(pointer), build


@intrinsic
def load_some(typing_context, pointer, n):
    """The n numbers from a pointer in the first lanes, and zeros in those after; no more than n are read."""

    def build(context, b, sig, args):
        v = Lines(context, b, pointer.dtype)
        return v.load(args[0], mask=v.mask(args[1]))

    return Line(pointer.dtype)(pointer, types.int64), build


@intrinsic
def zeros(typing_context, pointer):
    """A vector of zeros, of the type that a pointer points to."""

    def build(context, b, sig, args):
        return Lines(context, b, pointer.dtype).zero

    return Line(pointer.dtype)(pointer), build


@intrinsic
def first_or(typing_context, n, x, y):
    """X in the first n lanes, y in those after."""

    def build(context, b, sig, args):
        return b.select(Lines(context, b, x.real).mask(args[0]), args[1], args[2])

    return x(types.int64, x, x), build


@intrinsic
def store(typing_context, value, pointer):
    """Write a vector to where a pointer points."""

    def build(context, b, sig, args):
        Lines(context, b, pointer.dtype).store(args[0], args[1])
        return context.get_dummy_value()

    return types.void(value, pointer), build


@intrinsic
def store_some(typing_context, value, pointer, n):
    """Write the first n lanes of a vector to where a pointer points."""

    def build(context, b, sig, args):
        v = Lines(context, b, pointer.dtype)
        v.store(args[0], args[1], mask=v.mask(args[2]))
        return context.get_dummy_value()

    return types.void(value, pointer, types.int64), build


@intrinsic
def splat(typing_context, number):
    """A vector with a number in every lane."""

    def build(context, b, sig, args):
        return Lines(context, b, number).splat(args[0])

    return Line(number)(number), build


def _arithmetic(name):
    @intrinsic
    def combine(typing_context, x, y):
        """X and y, lane by lane."""

        def build(context, b, sig, args):
            return getattr(b, name)(*args, flags=FLAGS)

        return x(x, x), build

    return combine


add, subtract = _arithmetic("fadd"), _arithmetic("fsub")
multiply, divide = _arithmetic("fmul"), _arithmetic("fdiv")


@intrinsic
def add_product(typing_context, x, y, total):
    """X y + total, rounded once where the machine can."""

    def build(context, b, sig, args):
        return Lines(context, b, x.real).add_product(*args)

    return x(x, x, x), build


@intrinsic
def rounded(typing_context, x):
    """Each lane rounded down to a whole number."""

    def build(context, b, sig, args):
        v = Lines(context, b, x.real)
        kind = ir.FunctionType(v.vector, [v.vector])
        function = cgutils.get_or_insert_function(b.module, kind, f"llvm.floor.{v.name}")
        return b.call(function, args)

    return x(x), build


@intrinsic
def power_of_two(typing_context, n):
    """2^n for whole numbers n between -126 and 127, in float32."""

    def build(context, b, sig, args):
        integers = ir.VectorType(I32, args[0].type.count)
        exponent = b.add(b.fptosi(args[0], integers), ir.Constant(integers, [127] * integers.count))
        return b.bitcast(b.shl(exponent, ir.Constant(integers, [23] * integers.count)), args[0].type)

    return n(n), build


@intrinsic
def or_nan(typing_context, x, y):
    """y, but not a number where x is not one."""

    def build(context, b, sig, args):
        return b.select(b.fcmp_unordered("uno", args[0], args[0]), *args)

    return x(x, x), build


@intrinsic
def larger(typing_context, x, y):
    """The larger of each pair; y where one is not a number."""

    def build(context, b, sig, args):
        return b.select(b.fcmp_ordered(">", *args), *args)

    return x(x, x), build


@intrinsic
def smaller(typing_context, x, y):
    """The smaller of each pair; y where one is not a number."""

    def build(context, b, sig, args):
        return b.select(b.fcmp_ordered("<", *args), *args)

    return x(x, x), build


@intrinsic
def lanes_sum(typing_context, x):
    """The sum of a vector's lanes."""

    def build(context, b, sig, args):
        v = Lines(context, b, x.real)
        return v.reduce("fadd", args[0], ir.Constant(v.real, 0.0), flags=FLAGS)

    return x.real(x), build


@intrinsic
def lanes_max(typing_context, x):
    """The largest of a vector's lanes; any number where one is not a number."""

    def build(context, b, sig, args):
        return Lines(context, b, x.real).reduce("fmax", args[0], flags=())

    return x.real(x), build


@intrinsic
def square(typing_context, pointer):
    """Memory of the calling function, aligned to a line, for as many vectors as each has lanes, of the type that a pointer points to."""

    def build(context, b, sig, args):
        v = Lines(context, b, pointer.dtype)
        memory = cgutils.alloca_once(b, v.vector, size=v.lanes)
        memory.align = LINE
        return b.bitcast(memory, args[0].type)

    return pointer(pointer), build
