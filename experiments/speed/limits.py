"""The core's limits: fused multiply-adds of float32 in registers, and bytes read from caches and memory, a second."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import llvmlite.binding
import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from speed.setting import caches
from speed.table import Row
from speed.timing import timed

_USUAL = {"L2": 1 << 20, "L3": 32 << 20}  # bytes, where the system tells nothing
_SECONDS = 0.1  # of a round
_MEMORY = 1 << 29  # bytes that no cache is taken to hold, unless L3 is larger still
_I64, _FLOAT = ir.IntType(64), ir.FloatType()


def lanes() -> int:
    """float32 numbers in a vector register."""
    features = llvmlite.binding.get_host_cpu_features()
    return 16 if features.get("avx512f") else 8 if features.get("avx2") else 4


def accumulators() -> int:
    """Chains that hide the latency of additions and leave a few registers free."""
    return 24 if lanes() == 16 else 12


def _loop(builder: Any, count: Any, first: list[Any], body: Any) -> list[Any]:
    """A counted loop over values that are carried from turn to turn, written in LLVM's language."""
    before, inside = builder.block, builder.append_basic_block("turn")
    after = builder.append_basic_block("after")
    builder.branch(inside)
    builder.position_at_end(inside)
    turn = builder.phi(_I64)
    turn.add_incoming(ir.Constant(_I64, 0), before)
    carried = []
    for value in first:
        carried.append(builder.phi(value.type))
        carried[-1].add_incoming(value, before)
    results = body(turn, carried)
    following = builder.add(turn, ir.Constant(_I64, 1))
    turn.add_incoming(following, inside)
    for phi, value in zip(carried, results, strict=True):
        phi.add_incoming(value, inside)
    builder.cbranch(builder.icmp_signed("<", following, count), inside, after)
    builder.position_at_end(after)
    return results


def _total(builder: Any, vectors: list[Any]) -> Any:
    """One number that depends on all of these, so that none is left out."""
    total = vectors[0]
    for vector in vectors[1:]:
        total = builder.fadd(total, vector)
    return builder.extract_element(total, ir.Constant(ir.IntType(32), 0))


@intrinsic
def _multiply_add(_: Any, count: Any) -> Any:
    """`count` turns, each with one fused multiply-add in every chain."""

    def generated(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        vector = ir.VectorType(_FLOAT, lanes())
        name = f"llvm.fma.v{lanes()}f32"
        kind = ir.FunctionType(vector, [vector] * 3)
        fma = builder.module.globals.get(name) or ir.Function(builder.module, kind, name)
        half = ir.Constant(vector, [0.5] * lanes())
        first = [ir.Constant(vector, [1.0 + k] * lanes()) for k in range(accumulators())]

        def body(_: Any, carried: list[Any]) -> list[Any]:
            return [builder.call(fma, [x, half, half]) for x in carried]

        return _total(builder, _loop(builder, arguments[0], first, body))

    return types.float32(count), generated


@intrinsic
def _read(_: Any, numbers: Any, count: Any) -> Any:
    """`count` turns over an array, each of which reads and adds eight vectors."""

    def generated(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        vector = ir.VectorType(_FLOAT, lanes())
        start = context.make_array(signature.args[0])(context, builder, arguments[0]).data

        def body(turn: Any, carried: list[Any]) -> list[Any]:
            base = builder.mul(turn, ir.Constant(_I64, 8 * lanes()))
            sums = []
            for k, total in enumerate(carried):
                place = builder.gep(start, [builder.add(base, ir.Constant(_I64, k * lanes()))])
                there = builder.bitcast(place, vector.as_pointer())
                sums.append(builder.fadd(total, builder.load(there, align=4)))
            return sums

        first = [ir.Constant(vector, [0.0] * lanes()) for _ in range(8)]
        return _total(builder, _loop(builder, arguments[1], first, body))

    return types.float32(numbers, count), generated


@njit
def _multiply_adds(count):  # type: ignore[no-untyped-def]
    return _multiply_add(count)


@njit
def _reads(numbers, count, times):  # type: ignore[no-untyped-def]
    total = np.float32(0)
    for _ in range(times):
        total += _read(numbers, count)
    return total


@dataclass(frozen=True)
class Limits:
    """Operations a second, and bytes a second by level: L2, L3, memory; and the bytes that a level holds."""

    peak: float
    bandwidth: dict[str, float]
    holds: dict[str, float]

    def level(self, held: float) -> str:
        """The nearest cache, from L2 on, that holds so many bytes."""
        fitting = [name for name, size in self.holds.items() if held <= size]
        return fitting[0] if fitting else "memory"

    def __hash__(self) -> int:
        return id(self)


def peak(least: float | None = None) -> float:
    """Operations a second of fused multiply-adds, two for each number, in one round of at least so many seconds."""
    count, seconds = _long_enough(_multiply_adds, 10_000, least)
    return 2.0 * count * lanes() * accumulators() / seconds


def read_bandwidth(size: int) -> float:
    """Bytes a second that are read from an array of so many bytes, over and over, in one round."""
    numbers = _array(size)
    turns = numbers.size // (8 * lanes())
    _reads(numbers, turns, 1)
    times, seconds = _long_enough(partial(_reads, numbers, turns), 1)
    return turns * 8 * lanes() * 4.0 * times / seconds


def _long_enough(function: Callable[[int], Any], count: int, least: float | None = None) -> tuple[int, float]:
    """A count with which the function takes long enough to be timed, found by doubling, and its seconds."""
    least = _SECONDS if least is None else least
    while True:
        seconds, _ = timed(partial(function, count))
        if seconds > least:
            return count, seconds
        count *= 2


@cache
def _array(size: int) -> Any:
    numbers = np.ones(size // 4 + 16, np.float32)
    skipped = -numbers.ctypes.data % 64 // 4  # a vector that crosses a cache line is two reads
    return numbers[skipped : skipped + size // 4]


def sizes(quick: bool = False) -> dict[str, int]:
    """Bytes of the array that is read from each level: half of L2, eight times L2, and far more than L3."""
    found = {**_USUAL, **caches()}
    chosen = {"L2": found["L2"] // 2, "L3": min(8 * found["L2"], found["L3"] // 2)}
    return chosen if quick else {**chosen, "memory": min(max(2 * found["L3"], _MEMORY), _available() // 4)}


def _available() -> int:
    """Bytes of the machine's memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def measured(rounds: int, quick: bool = False) -> tuple[Limits, Iterator[Row]]:
    """The limits, and their rows. The limit is the median of the rounds."""
    peak()  # compiles
    peaks = [peak() for _ in range(rounds)]
    read = {level: [read_bandwidth(size) for _ in range(rounds)] for level, size in sizes(quick).items()}
    _array.cache_clear()
    found = {**_USUAL, **caches()}
    holds = {level: float(found[level]) for level in ("L2", "L3")}
    bandwidth = {level: float(np.median(values)) for level, values in read.items()}
    limits = Limits(float(np.median(peaks)), bandwidth, holds)
    rows = [Row("limits", f"fused multiply-add, {32 * lanes()} bits", "core", "GFLOP/s", [v / 1e9 for v in peaks])]
    rows += [Row("limits", f"read from {level}", "core", "GB/s", [v / 1e9 for v in read[level]]) for level in read]
    return limits, iter(rows)
