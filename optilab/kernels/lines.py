"""Vectors of one line of the cache, 16 float32 or 8 float64: their Numba type, and the instructions that kernels write for them.

Numba vectorises a loop only where it sees how long it is. Kernels whose inner loops have a few columns say themselves what is to be
in registers: with the functions of `vectors`, or by writing instructions through `Lines`. A line is one register where those have
512 bits, and is split by the compiler where they are narrower.
"""

from functools import cache

import llvmlite.binding as llvm
import numba
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import models, register_model

LINE = 64  # bytes
I32, I64 = ir.IntType(32), ir.IntType(64)
CONTRACT = ("contract",)  # a multiplication and an addition may become one instruction
FLAGS = ("contract", "reassoc", "arcp", "nsz", "afn")  # those of `compiler.jit.FASTMATH`


@cache
def registers():
    """Bits of the widest vector register that code is compiled for, and how many there are."""
    if numba.config.CPU_FEATURES is not None:
        features = numba.config.CPU_FEATURES
    else:
        features = llvm.get_host_cpu_features().flatten()
    names = set(features.split(","))
    if "+avx512f" in names:
        return 512, 32
    if "+avx" in names:
        return 256, 16
    return 128, 32 if llvm.get_default_triple().startswith(("aarch64", "arm64")) else 16


class Line(types.Type):
    """Numba type of a vector."""

    def __init__(self, real):
        self.real, self.lanes = real, 8 * LINE // real.bitwidth
        super().__init__(name=f"Line({real})")


@register_model(Line)
class _LineModel(models.PrimitiveModel):
    def __init__(self, manager, line):
        super().__init__(manager, line, ir.VectorType(manager.lookup(line.real).get_value_type(), line.lanes))


class Lines:
    """Writes the instructions for vectors of a line, or of so many bytes: loads, stores, broadcasts, sums."""

    def __init__(self, context, builder, real, wide=LINE):
        self.context, self.builder = context, builder
        self.real = context.get_value_type(real)
        self.lanes = 8 * wide // real.bitwidth
        self.vector = ir.VectorType(self.real, self.lanes)
        self.zero = ir.Constant(self.vector, [0.0] * self.lanes)
        self._align = real.bitwidth // 8
        self.name = f"v{self.lanes}f{real.bitwidth}"

    def moved(self, pointer, *distances):
        """The pointer to so many numbers further on: values, or numbers known here."""
        for distance in distances:
            index = ir.Constant(I64, distance) if isinstance(distance, int) else distance
            pointer = self.builder.gep(pointer, [index])
        return pointer

    def splat(self, number, vector=None):
        """A number in every lane."""
        vector = vector or self.vector
        undefined = ir.Constant(vector, ir.Undefined)
        one = self.builder.insert_element(undefined, number, ir.Constant(I32, 0))
        lanes = ir.Constant(ir.VectorType(I32, vector.count), [0] * vector.count)
        return self.builder.shuffle_vector(one, undefined, lanes)

    def mask(self, n):
        """Which lanes come before lane n."""
        integers = ir.VectorType(I32, self.lanes)
        numbers = ir.Constant(integers, list(range(self.lanes)))
        return self.builder.icmp_signed("<", numbers, self.splat(self.builder.trunc(n, I32), integers))

    def load(self, pointer, mask=None, others=None):
        """The vector that begins where a pointer points; where the mask is false, `others` (zero if not given), and nothing is read."""
        place = self.builder.bitcast(pointer, self.vector.as_pointer())
        if mask is None:
            return self.builder.load(place, align=self._align)
        kind = ir.FunctionType(self.vector, [place.type, I32, mask.type, self.vector])
        function = cgutils.get_or_insert_function(self.builder.module, kind, f"llvm.masked.load.{self.name}.p0")
        return self.builder.call(function, [place, ir.Constant(I32, self._align), mask, others or self.zero])

    def store(self, value, pointer, mask=None):
        """Write a vector; where the mask is false nothing is written."""
        place = self.builder.bitcast(pointer, self.vector.as_pointer())
        if mask is None:
            self.builder.store(value, place, align=self._align)
            return
        kind = ir.FunctionType(ir.VoidType(), [self.vector, place.type, I32, mask.type])
        function = cgutils.get_or_insert_function(self.builder.module, kind, f"llvm.masked.store.{self.name}.p0")
        self.builder.call(function, [value, place, ir.Constant(I32, self._align), mask])

    def add_product(self, x, y, total):
        """X y + total, rounded once where the machine can."""
        return self.builder.fadd(self.builder.fmul(x, y, flags=CONTRACT), total, flags=CONTRACT)

    def variable(self, value):
        """A vector that changes in a loop; the compiler keeps it in a register."""
        place = cgutils.alloca_once(self.builder, self.vector)
        self.builder.store(value, place)
        return place

    def rows_from(self, pointer, distance):
        """Pointers to as many rows as a vector has lanes, so far apart."""
        found = [pointer]
        while len(found) < self.lanes:
            found.append(self.moved(found[-1], distance))
        return found

    def transposed(self, rows):
        """As many vectors as each has lanes, transposed in registers."""
        rows, indices = list(rows), ir.VectorType(I32, self.lanes)
        apart = self.lanes // 2
        while apart:  # exchange the halves of each pair of rows that are so far apart, then quarters, and so on
            low = [j if not j & apart else self.lanes + (j ^ apart) for j in range(self.lanes)]
            high = [j | apart if not j & apart else self.lanes + j for j in range(self.lanes)]
            for i in range(self.lanes):
                if not i & apart:
                    pair = rows[i], rows[i | apart]
                    rows[i] = self.builder.shuffle_vector(*pair, ir.Constant(indices, low))
                    rows[i | apart] = self.builder.shuffle_vector(*pair, ir.Constant(indices, high))
            apart //= 2
        return rows

    def reduce(self, name, value, *first, flags):
        """A vector's lanes as one number, by an instruction of LLVM."""
        kind = ir.FunctionType(self.real, [*(x.type for x in first), self.vector])
        function = cgutils.get_or_insert_function(self.builder.module, kind, f"llvm.vector.reduce.{name}.{self.name}")
        return self.builder.call(function, [*first, value], fastmath=flags)
