"""Digests of code: of what a function does and of all that it reads, whichever file that is in.

A comment, a docstring, or the function next to it changes nothing; a constant of another module, a value that the function
closes over, a helper that it calls do. So a digest tells whether compiled code, or a run, is that of today's source.
"""

from __future__ import annotations

import ast
import dataclasses
import dis
import hashlib
import platform
import types
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import llvmlite
import numba
import numpy as np
from numba.core.dispatcher import Dispatcher

from optilab.compiler.origins import is_ours
from optilab.compiler.walk import CodeWalk

_ROOT = Path(__file__).parents[1]
_HOW = "optilab.compiler.lean"


@cache
def toolchain() -> str:
    """Digest of the versions of Python and of the packages that compile, and of how they are told to."""
    versions = (platform.python_version(), np.__version__, numba.__version__, llvmlite.__version__)
    return hashlib.sha256(" ".join((*versions, _module(_HOW)[0])).encode()).hexdigest()


def closure_digest(text: str) -> str:
    """Digest of the modules of optilab that a generated module imports, and of those that they import in turn.

    A kernel that it doesn't reach changes nothing, nor do comments and docstrings.
    """
    found: dict[str, str] = {}
    waiting = _imported(text)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name], imported = _module(name)
            waiting |= imported
    return hashlib.sha256(repr(sorted(found.items())).encode()).hexdigest()


@cache
def _module(name: str) -> tuple[str, frozenset[str]]:
    """Digest of what a module does, and the modules of optilab that it imports."""
    text = _file(name).read_bytes()
    digest = hashlib.sha256()
    _add(digest, compile(text, name, "exec", dont_inherit=True, optimize=2))
    return digest.hexdigest(), frozenset(_imported(text))


def _imported(text: str | bytes) -> set[str]:
    """The modules of optilab that a source imports, at its beginning or inside its functions."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == "optilab":
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            found |= {name if _file(name).is_file() else node.module for name in inner}
    return found


def _file(name: str) -> Path:
    return _ROOT.joinpath(*name.split(".")[1:]).with_suffix(".py")


def _add(digest: Any, code: types.CodeType) -> None:
    """Add what code does, whatever its line numbers; docstrings count unless it was compiled without them."""
    steps = np.frombuffer(code.co_code, np.uint8).reshape(-1, 2)
    digest.update(steps[steps[:, 0] != dis.opmap["NOP"]].tobytes())  # one stands where a docstring was
    digest.update(repr((code.co_names, code.co_argcount)).encode())
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            _add(digest, constant)
        else:
            digest.update(repr(sorted(map(repr, constant)) if isinstance(constant, frozenset) else constant).encode())


def combined(*digests: str) -> str:
    """One digest, of sixteen hexadecimal digits, for all code behind a run and the versions of what compiles it."""
    return hashlib.sha256("".join((toolchain(), *digests)).encode()).hexdigest()[:16]


def source_digest(function: Callable[..., Any]) -> str:
    """Digest of a function: what it does, and the values and functions that it reads, of other modules too.

    Its own defaults don't count: callers give all arguments.
    """
    walk = CodeWalk()
    walk.function(function)
    return walk.hexdigest()


@dataclasses.dataclass(frozen=True)
class Code:
    """Functions that were met on the walk from a value to all that it reads.

    positions: file and first line of each function. jitted: functions that authors have compiled,
    callees first.
    """

    positions: list[tuple[str, int]]
    jitted: list[Dispatcher]


def code_behind(value: Any) -> Code:
    """The functions that `value` consists of, and those that they read."""
    walk = CodeWalk()
    walk.value(value)
    return Code(walk.positions, [found for found in walk.jitted if not is_ours(found.py_func)])


def captured(function: Callable[..., Any]) -> str:
    """Digest of the values that a function closes over, and of the names of the functions among them; "" if of none."""
    if not getattr(function, "__closure__", None):
        return ""
    walk = CodeWalk(code=False)
    walk.function(function)
    return walk.hexdigest()
