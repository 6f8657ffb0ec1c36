"""The processor's clock, in compiled code: to tell what of a step's time was whose."""

import llvmlite.binding as llvm
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from optilab.kernels.lines import I64


def read_clock(b, machine):
    """Write the instructions that read the clock of a kind of processor; 0 where it is not known."""
    if machine in ("x86_64", "amd64"):
        counter = cgutils.get_or_insert_function(b.module, ir.FunctionType(I64, []), "llvm.readcyclecounter")
        return b.call(counter, [])
    if machine in ("aarch64", "arm64"):  # no assembler: Numba doesn't bring LLVM's, which would end the process
        kind = ir.FunctionType(I64, [ir.MetaDataType()])
        register = cgutils.get_or_insert_function(b.module, kind, "llvm.read_volatile_register.i64")
        return b.call(register, [b.module.add_metadata(["cntvct_el0"])])
    return ir.Constant(I64, 0)


@intrinsic
def ticks(typing_context):
    """Ticks of a clock that runs evenly, as a whole number; always 0 on processors other than x86-64 and ARM64."""

    def build(context, b, sig, args):
        return read_clock(b, llvm.get_default_triple().partition("-")[0])

    return types.int64(), build
