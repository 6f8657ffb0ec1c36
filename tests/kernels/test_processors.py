"""Kinds of processors that this one may not be: LLVM writes instructions for all, and older ones of its kind can be emulated."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
import pytest
from llvmlite import ir

from optilab.kernels.clock import read_clock
from optilab.kernels.control import exchange

I64 = ir.IntType(64)
X86, ARM, MAC = "x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu", "arm64-apple-darwin"

SSE = ("sse", "sse2", "sse3", "ssse3", "sse4.1", "sse4.2", "popcnt")
AVX2 = ("avx", "avx2", "fma", "f16c", "bmi", "bmi2", "lzcnt", "movbe")
OLDER = {"nehalem": SSE, "haswell": SSE + AVX2}
# What computes with vectors of the processor's width, or is accurate only if numbers are rounded where it says.
COMPUTING = ("activations", "costs", "elementary", "products", "rows", "sparse", "squares", "subnormals", "turned")


@pytest.mark.parametrize("name", OLDER)
def test_kernels_are_right_on_older_processors(name: str, tmp_path: Path) -> None:
    """Their tests pass with 256 bits and no AVX-512, and with 128 bits and no instruction that multiplies and adds."""
    here = llvm.get_host_cpu_features()
    if missing := [feature for feature in OLDER[name] if not here.get(feature)]:
        pytest.skip(f"this processor can't run code for {name}: it lacks {', '.join(missing)}")
    features = ",".join(f"+{feature}" for feature in OLDER[name])
    own = {"NUMBA_CPU_NAME": name, "NUMBA_CPU_FEATURES": features, "OPTILAB_CACHE": str(tmp_path / "cache")}
    files = [str(Path(__file__).with_name(f"test_{part}.py")) for part in COMPUTING]
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-n", "0", *files]
    found = subprocess.run(command, env={**os.environ, **own}, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout[-4000:] + found.stderr[-2000:]


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
