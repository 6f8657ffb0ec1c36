"""Instructions for kinds of processors that this one may not be: LLVM writes them all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm
import pytest
from llvmlite import ir

from optilab.kernels.clock import read_clock
from optilab.kernels.control import exchange

I64 = ir.IntType(64)
X86, ARM, MAC = "x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu", "arm64-apple-darwin"


@pytest.fixture(autouse=True, scope="module")
def all_targets() -> None:
    """Let LLVM write for any processor."""
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()


def written(triple: str, build: Callable[[ir.IRBuilder, str, Any], Any]) -> str:
    """The assembly of a function of a whole number, in lower case.

    It is written without LLVM's assembler, which isn't there either when compiled code is to be run: that would end the process.
    """
    module = ir.Module()
    module.triple = triple
    function = ir.Function(module, ir.FunctionType(I64, [I64]), "f")
    builder = ir.IRBuilder(function.append_basic_block())
    builder.ret(build(builder, triple.partition("-")[0], function.args[0]))
    assert " asm " not in str(module)
    parsed = llvm.parse_assembly(str(module))
    parsed.verify()
    return str(llvm.Target.from_triple(triple).create_target_machine().emit_assembly(parsed)).lower()


@pytest.mark.parametrize(("triple", "instruction"), [(X86, "rdtsc"), (ARM, "cntvct_el0"), (MAC, "cntvct_el0")])
def test_the_clock_is_read(triple: str, instruction: str) -> None:
    """Each kind of processor has an instruction for it."""
    assert instruction in written(triple, lambda b, machine, _: read_clock(b, machine))


@pytest.mark.parametrize(
    ("triple", "instructions"),
    [(X86, ("stmxcsr", "ldmxcsr")), (ARM, ("mrs", "msr\tfpcr")), (MAC, ("mrs", "msr\tfpcr"))],
)
def test_the_control_word_is_exchanged(triple: str, instructions: tuple[str, str]) -> None:
    """Each kind reads its control word before it writes another."""
    assembly = written(triple, exchange)
    read, write = map(assembly.index, instructions)
    assert read < write


def test_an_unknown_processor_has_neither() -> None:
    """There the clock stands at 0, and the control word is the one that was given."""
    module = ir.Module()
    function = ir.Function(module, ir.FunctionType(I64, [I64]), "f")
    builder = ir.IRBuilder(function.append_basic_block())
    assert read_clock(builder, "riscv64").constant == 0
    assert exchange(builder, "riscv64", function.args[0]) is function.args[0]
