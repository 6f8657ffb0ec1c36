"""The processor's clock, in compiled code: to tell what of a step's time was whose."""

import llvmlite.binding as llvm
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from optilab.kernels.lines import I64


@intrinsic
def ticks(typing_context):
    """Ticks of a clock that runs evenly, as a whole number; always 0 on processors other than x86-64 and ARM64."""

    def build(context, b, sig, args):
        machine = llvm.get_default_triple().partition("-")[0]
        if machine in ("x86_64", "amd64"):
            counter = cgutils.get_or_insert_function(b.module, ir.FunctionType(I64, []), "llvm.readcyclecounter")
            return b.call(counter, [])
        if machine in ("aarch64", "arm64"):
            return b.asm(ir.FunctionType(I64, []), "mrs $0, cntvct_el0", "=r", [], side_effect=True)
        return ir.Constant(I64, 0)

    return types.int64(), build
