"""The control word of a thread's arithmetic, which says what becomes of subnormal numbers."""

import llvmlite.binding as llvm
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from optilab.compiler.jit import jit
from optilab.kernels.lines import I32, I64

SUBNORMALS_ARE_ZERO = -1  # in place of a control word: the one before, but that subnormal operands and results are zero
_X86, _ARM = 0x8040, 1 << 24  # the bits of the control word that say so


@intrinsic
def _exchange(typing_context, word):
    def build(context, b, sig, args):
        machine = llvm.get_default_triple().partition("-")[0]

        def after(before, bits):
            asked = b.icmp_signed("==", args[0], ir.Constant(I64, SUBNORMALS_ARE_ZERO))
            given = b.trunc(args[0], before.type) if before.type is I32 else args[0]
            return b.select(asked, b.or_(before, ir.Constant(before.type, bits)), given)

        if machine in ("x86_64", "amd64"):
            memory = cgutils.alloca_once(b, I32)
            byte = b.bitcast(memory, ir.IntType(8).as_pointer())
            kind = ir.FunctionType(ir.VoidType(), [byte.type])
            read, write = (
                cgutils.get_or_insert_function(b.module, kind, f"llvm.x86.sse.{name}")
                for name in ("stmxcsr", "ldmxcsr")
            )
            b.call(read, [byte])
            before = b.load(memory)
            b.store(after(before, _X86), memory)
            b.call(write, [byte])
            return b.zext(before, I64)
        if machine in ("aarch64", "arm64"):
            before = b.asm(ir.FunctionType(I64, []), "mrs $0, fpcr", "=r", [], side_effect=True)
            b.asm(ir.FunctionType(ir.VoidType(), [I64]), "msr fpcr, $0", "r", [after(before, _ARM)], side_effect=True)
            return before
        return args[0]

    return types.int64(word), build


@jit
def control(word):
    """Give this thread's arithmetic another control word, one that was returned before or SUBNORMALS_ARE_ZERO; returns the one before.

    Does nothing on processors other than x86-64 and ARM64.
    """
    return _exchange(word)
