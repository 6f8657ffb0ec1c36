"""The first layer on sparse pixels: only those that are not black are read.

Four fifths of an MNIST image are zero, so a product over the rest does a fifth of the work of a dense one. A narrow layer, or one that few
examples go through, reads and writes the rows of its matrix where they are; with many registers (AVX-512), the narrow layers of four runs
are worked on at once, and what is known of a pixel serves all four. A wide one works on strips of four lines of columns: the rows of the
pixels that occur in the block are packed, part by part, and serve all its examples; the gradient goes pixel by pixel over packed deltas,
so that each of its rows is written once.
"""

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from optilab.compiler.jit import jit
from optilab.kernels.lines import I64, LINE
from optilab.kernels.pixels import AT_ONCE, count_by_pixel, prefetch, sort_by_pixel, spread
from optilab.kernels.rows import add_to_rows, add_to_rows_abreast, fit_abreast, summing, summing_abreast
from optilab.kernels.vectors import all_moved, lanes, load, load_some, moved, nowhere, place, stay_apart, store, zeros

_STRIP = 4  # lines
_AHEAD = 8  # rows of a gradient between the one that is written and the one that is fetched from memory
_FEW = 8  # examples, fewer of which don't pay for packing
MOST_PACKED = 2**18  # bytes of deltas that are packed as a whole, for `set_rows_of_gradient`
_CHAINS = 4  # sums kept apart in a narrow layer
ABREAST = 4  # runs whose narrow layers are worked on at once
CAN_BE_ABREAST = fit_abreast(ABREAST, _CHAINS)  # with AVX-512: 32 registers of a line each
# Pixels in a part. The first-level cache nearly holds a line of each of their rows: all of a digit's 784, or half of them in four runs,
# for some pixels are hardly ever lit. Of a packed strip, which is four lines wide, it holds fewer.
_PART, _PACKED_PART = (392 if CAN_BE_ABREAST else 1024), 196
# Parts that a run alone goes through at once; its sums are in the same order as those of four.
_PARTS_OF_ONE = 2 if CAN_BE_ABREAST else 1

_sum_long, _sum_packed, _sum_short = summing(_CHAINS), summing(2), summing(1)
_sum_abreast = summing_abreast(_CHAINS)


def room_for_pixels(inputs, columns, block, most):
    """Sizes of the memory for reals and for integers that this module needs, for at most `most` pixels an example."""
    parts = -(-inputs // _PACKED_PART)
    lists = 2 * (block * most + AT_ONCE)
    strip = 16 * _STRIP  # float32 have the most lanes; a narrow layer has fewer columns
    rows = max(block, _PACKED_PART, ABREAST * block if CAN_BE_ABREAST else 0)
    whole = MOST_PACKED // 4 if are_packed(columns, block, 8) else 0
    return lists + max(strip * rows, whole), lists + block * (parts + 1) + inputs


@jit
def _lists(network, inputs, integers, reals):
    """The parts of the memory: offsets, bounds, ends, owners; numbers, sorted numbers, and packed rows or what runs keep aside."""
    room = network.block * network.most_pixels + AT_ONCE
    bounds = network.block * ((inputs + _PACKED_PART - 1) // _PACKED_PART + 1)
    return (
        integers[:room],
        integers[room : room + bounds],
        integers[room + bounds : room + bounds + inputs],
        integers[room + bounds + inputs :],
        reals[:room],
        reals[room : 2 * room],
        reals[2 * room :],
    )


@jit
def is_narrow(matrix, itemsize):
    """Whether a layer has fewer columns than a strip."""
    return matrix.columns * itemsize < _STRIP * LINE


def are_packed(columns, examples, itemsize):
    """Whether a layer is wide enough, and the examples are enough, for packing."""
    return columns * itemsize >= _STRIP * LINE and examples >= _FEW


def packed_size(columns, examples, itemsize):
    """Bytes of what `pack_deltas` packs."""
    strip = _STRIP * LINE
    return -(-columns * itemsize // strip) * strip * examples


_are_packed = jit(are_packed)


@jit
def _pack(source, n, packed):
    """Copy up to a strip of numbers, with zeros after them."""
    line = lanes(source)
    for j in range(0, _STRIP * line, line):
        if j + line <= n:
            store(load(moved(source, j)), moved(packed, j))
        elif j < n:
            store(load_some(moved(source, j), n - j), moved(packed, j))
        else:
            store(zeros(source), moved(packed, j))


@jit
def spread_out(matrix, network, rows, scale, with_gradient, integers, reals):
    """Write down the pixels of the examples `rows`, for `multiply_sparse` and, with gradient, `add_transposed_sparse`, with any weights.

    scale: of the brightness of pixels, in the precision of the weights.
    """
    stay_apart()
    n, inputs = matrix.columns, matrix.rows
    offsets, bounds, ends, owners, numbers, sorted_numbers, _ = _lists(network, inputs, integers, reals)
    if not _are_packed(matrix.columns, rows.size, reals.itemsize):
        spread(network, rows, scale, np.int32(n), _PART, (inputs + _PART - 1) // _PART, offsets, bounds, numbers)
        return
    strip = _STRIP * lanes(place(reals, 0))
    parts = (inputs + _PACKED_PART - 1) // _PACKED_PART
    spread(network, rows, scale, np.int32(strip), _PACKED_PART, parts, offsets, bounds, numbers)
    count_by_pixel(network, rows, ends)
    if with_gradient:
        sort_by_pixel(network, rows, parts, bounds, numbers, strip, ends, owners, sorted_numbers)
    else:
        for q in range(1, inputs):
            ends[q] += ends[q - 1]


@jit
def multiply_sparse(w, matrix, network, rows, integers, reals, z):
    """Fill z, [example, column] in a flat array, with x W + b for the examples `rows`, which are spread out.

    W begins at w[matrix.offset], and b follows.
    """
    stay_apart()
    n, inputs = matrix.columns, matrix.rows
    offsets, bounds, ends, _, numbers, _, packed = _lists(network, inputs, integers, reals)
    bias, out = place(w, matrix.offset + matrix.size), place(z, 0)
    if not _are_packed(n, rows.size, w.itemsize):
        parts = (inputs + _PART - 1) // _PART
        for begin in range(0, parts, _PARTS_OF_ONE):
            for e in range(rows.size):
                for p in range(begin, min(begin + _PARTS_OF_ONE, parts)):
                    k, to = e * (parts + 1) + p, moved(out, e * n)
                    first = place(w, matrix.offset)
                    start = bias if p == 0 else to
                    _sum_long(n, first, place(offsets, 0), place(numbers, 0), bounds[k], bounds[k + 1], to, start)
        return
    strip = _STRIP * lanes(out)
    parts = (inputs + _PACKED_PART - 1) // _PACKED_PART
    for j in range(0, n, strip):
        width = min(strip, n - j)
        for p in range(parts):
            first, end = p * _PACKED_PART, min((p + 1) * _PACKED_PART, inputs)
            for q in range(first, end):
                if ends[q] > (ends[q - 1] if q > 0 else 0):
                    _pack(place(w, matrix.offset + q * n + j), width, place(packed, (q - first) * strip))
            begin = place(packed, -first * strip)
            for e in range(rows.size):
                k, to = e * (parts + 1) + p, moved(out, e * n + j)
                start = moved(bias, j) if p == 0 else to
                _sum_packed(width, begin, place(offsets, 0), place(numbers, 0), bounds[k], bounds[k + 1], to, start)


@jit
def add_transposed_sparse(delta, g, matrix, network, rows, integers, reals, first_block):
    """Add x^T delta to the gradient of W, or set it in the first block; the examples are spread out.

    delta: [example, column], a pointer.
    """
    stay_apart()
    n, inputs = matrix.columns, matrix.rows
    offsets, bounds, ends, owners, numbers, sorted_numbers, packed = _lists(network, inputs, integers, reals)
    if not _are_packed(n, rows.size, g.itemsize):
        if first_block:
            g[matrix.offset : matrix.offset + matrix.size] = 0
        parts = (inputs + _PART - 1) // _PART
        out = place(g, matrix.offset)
        for begin in range(0, parts, _PARTS_OF_ONE):
            for e in range(rows.size):
                k, end = e * (parts + 1), min(begin + _PARTS_OF_ONE, parts)
                own = moved(delta, e * n)
                add_to_rows(n, out, place(offsets, 0), place(numbers, 0), bounds[k + begin], bounds[k + end], own)
        return
    strip = _STRIP * lanes(delta)
    begin = place(packed, 0)
    for j in range(0, n, strip):
        width = min(strip, n - j)
        for e in range(rows.size):
            _pack(moved(delta, e * n + j), width, moved(begin, e * strip))
        to = place(g, matrix.offset + j)
        soon = moved(to, _AHEAD * n)
        _sum_deltas(width, begin, 0, inputs, ends, owners, sorted_numbers, to, n, not first_block, soon)


@jit
def _sum_deltas(width, deltas, first, end, ends, owners, numbers, to, n, add, soon):
    """Fill the rows `first` to `end` of a strip of the gradient from packed deltas, or add to them.

    to, soon: pointers to where the first row is written, and to the first of as many that are prefetched; rows are n numbers apart.
    """
    k = ends[first - 1] if first > 0 else np.int32(0)
    for q in range(first, end):
        for i in range(0, width, lanes(to)):
            prefetch(moved(soon, i))
        _sum_short(width, deltas, place(owners, 0), place(numbers, 0), k, ends[q], to, to if add else nowhere(to))
        k, to, soon = ends[q], moved(to, n), moved(soon, n)


@jit
def pack_deltas(delta, matrix, network, rows, integers, reals):
    """Pack all strips of delta, for `set_rows_of_gradient`: [example, column] of a wide layer, packed at most MOST_PACKED bytes."""
    stay_apart()
    n, strip = matrix.columns, _STRIP * lanes(delta)
    to = place(_lists(network, matrix.rows, integers, reals)[-1], 0)
    for j in range(0, n, strip):
        for e in range(rows.size):
            _pack(moved(delta, e * n + j), min(strip, n - j), to)
            to = moved(to, strip)


@jit
def set_rows_of_gradient(w, g, first, end, matrix, network, rows, integers, reals):
    """Set the first numbers of g to the rows `first` to `end` of what `add_transposed_sparse` gives, and fetch those of W meanwhile.

    The examples are spread out, and their deltas packed.
    """
    stay_apart()
    n, inputs = matrix.columns, matrix.rows
    _, _, ends, owners, _, numbers, packed = _lists(network, inputs, integers, reals)
    deltas, to = place(packed, 0), place(g, 0)
    strip, soon = _STRIP * lanes(to), place(w, matrix.offset + first * n)
    for j in range(0, n, strip):
        width = min(strip, n - j)
        _sum_deltas(width, deltas, first, end, ends, owners, numbers, moved(to, j), n, False, moved(soon, j))
        deltas = moved(deltas, rows.size * strip)


@intrinsic
def _spaced(typing_context, pointer, distance):
    """A tuple of pointers, one for each of the runs abreast, so far apart."""
    kind = types.UniTuple(pointer, ABREAST)

    def build(context, b, sig, args):
        found = [b.gep(args[0], [b.mul(args[1], ir.Constant(I64, k))]) for k in range(ABREAST)]
        return context.make_tuple(b, kind, found)

    return kind(pointer, types.int64), build


@jit
def aside(matrix, network, reals):
    """Pointers to what each of the runs abreast keeps of the layer between its parts: z, then delta, each [example, column]."""
    lists = 2 * (network.block * network.most_pixels + AT_ONCE)
    return _spaced(place(reals, lists), network.block * matrix.columns)


@jit
def multiply_sparse_abreast(ws, matrix, network, rows, integers, reals):
    """`multiply_sparse` of a narrow layer in four runs at once, into what each keeps aside; to the bit what it gives for each alone.

    ws: pointers to their first weights.
    """
    stay_apart()
    n, inputs = matrix.columns, matrix.rows
    offsets, bounds, _, _, numbers, _, _ = _lists(network, inputs, integers, reals)
    outs = aside(matrix, network, reals)
    line = lanes(ws[0])
    parts = (inputs + _PART - 1) // _PART
    for j in range(0, n, line):
        width = min(line, n - j)
        firsts, biases = all_moved(ws, matrix.offset + j), all_moved(ws, matrix.offset + matrix.size + j)
        for p in range(parts):
            for e in range(rows.size):
                k, to = e * (parts + 1) + p, all_moved(outs, e * n + j)
                begin, end = bounds[k], bounds[k + 1]
                start = biases if p == 0 else to
                _sum_abreast(width, firsts, place(offsets, 0), place(numbers, 0), begin, end, to, start)


@jit
def add_transposed_sparse_abreast(gs, matrix, network, rows, integers, reals):
    """`add_transposed_sparse` of a narrow layer in four runs at once, of the deltas that they keep aside, to gradients that are set.

    gs: pointers to the first numbers of their gradients.
    """
    stay_apart()
    n, inputs = matrix.columns, matrix.rows
    offsets, bounds, _, _, numbers, _, _ = _lists(network, inputs, integers, reals)
    deltas = aside(matrix, network, reals)
    line = lanes(gs[0])
    parts = (inputs + _PART - 1) // _PART
    for j in range(0, n, line):
        width = min(line, n - j)
        outs = all_moved(gs, matrix.offset + j)
        for p in range(parts):
            for e in range(rows.size):
                k, own = e * (parts + 1) + p, all_moved(deltas, e * n + j)
                add_to_rows_abreast(width, outs, place(offsets, 0), place(numbers, 0), bounds[k], bounds[k + 1], own)
