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


def exchange(b, machine, word):
    """Write the instructions that give a kind of processor another control word, and return the one before; `word` where it is not known."""

    def after(before, bits):
        asked = b.icmp_signed("==", word, ir.Constant(I64, SUBNORMALS_ARE_ZERO))
        given = b.trunc(word, before.type) if before.type is I32 else word
        return b.select(asked, b.or_(before, ir.Constant(before.type, bits)), given)

    def call(name, result, *arguments):
        kind = ir.FunctionType(result, [value.type for value in arguments])
        return b.call(cgutils.get_or_insert_function(b.module, kind, name), arguments)

    if machine in ("x86_64", "amd64"):
        memory = cgutils.alloca_once(b, I32)
        byte = b.bitcast(memory, ir.IntType(8).as_pointer())
        call("llvm.x86.sse.stmxcsr", ir.VoidType(), byte)
        before = b.load(memory)
        b.store(after(before, _X86), memory)
        call("llvm.x86.sse.ldmxcsr", ir.VoidType(), byte)
        return b.zext(before, I64)
    if machine in ("aarch64", "arm64"):
        before = call("llvm.aarch64.get.fpcr", I64)
        call("llvm.aarch64.set.fpcr", ir.VoidType(), after(before, _ARM))
        return before
    return word


@intrinsic
def _exchange(typing_context, word):
    def build(context, b, sig, args):
        return exchange(b, llvm.get_default_triple().partition("-")[0], args[0])

    return types.int64(word), build


@jit
def control(word):
    """Give this thread's arithmetic another control word, one that was returned before or SUBNORMALS_ARE_ZERO; returns the one before.

    Does nothing on processors other than x86-64 and ARM64.
    """
    return _exchange(word)
