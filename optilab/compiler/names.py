"""What a function's code names: globals, attributes, what it imports and closes over; and its body as it is written."""

from __future__ import annotations

import ast
import contextlib
import dis
import functools
import importlib
import sys
import types
from collections.abc import Iterator
from typing import Any

from optilab.compiler.syntax import dumped, tree_of

_GLOBAL = ("LOAD_GLOBAL", "LOAD_NAME")
_ATTRIBUTE = ("LOAD_ATTR", "LOAD_METHOD", "IMPORT_FROM")
_KEEPING = frozenset(
    ["STORE_SUBSCR", "DELETE_SUBSCR", "append", "add", "update", "setdefault", "extend", "insert", "pop", "clear"]
)


class Names:
    """Names in a piece of code and in the functions inside it.

    imports: modules that it imports. globals: these, and all global names that it reads.
    attributes: names of attributes that it reads, with `getattr` too.
    keeps: whether it may change a collection.
    """

    def __init__(self, code: types.CodeType) -> None:
        steps = list(_steps(code))
        self.imports = frozenset(step.argval for step in steps if step.opname == "IMPORT_NAME")
        self.globals = self.imports | {step.argval for step in steps if step.opname in _GLOBAL}
        self.attributes = frozenset(step.argval for step in steps if step.opname in _ATTRIBUTE)
        if "getattr" in self.globals:
            self.attributes |= {
                step.argval for step in steps if step.opname == "LOAD_CONST" and isinstance(step.argval, str)
            }
        self.keeps = bool(_KEEPING & {*self.attributes, *(step.opname for step in steps)})


@functools.cache
def names_of(code: types.CodeType) -> Names:
    """The names in a piece of code, cached."""
    return Names(code)


def _steps(code: types.CodeType) -> Iterator[dis.Instruction]:
    """The instructions of a piece of code and of the functions inside it."""
    yield from dis.get_instructions(code)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _steps(constant)


def closure_of(function: types.FunctionType) -> dict[str, Any]:
    """The values that a function closes over, by name; names without a value yet are left out."""
    found = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        with contextlib.suppress(ValueError):
            found[name] = cell.cell_contents
    return found


def imported_by(names: Names) -> dict[str, Any]:
    """Modules that a function imports when called. They are imported now: whether it was called makes no difference then."""
    for name in names.imports:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    return {name: sys.modules[name] for name in names.imports if name in sys.modules}


def body_text(function: types.FunctionType) -> str:
    """The body as written, from which a rule in float32 is compiled; "" if the source can't be read."""
    try:
        found = tree_of(function)
    except (OSError, TypeError, SyntaxError, IndexError):
        return ""
    return dumped(ast.Module(found.body, [])) if isinstance(found, ast.FunctionDef) else ""
