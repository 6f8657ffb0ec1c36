"""The walk from a function to all that it reads: other functions, values, attributes of modules and classes."""

from __future__ import annotations

import dis
import functools
import hashlib
import inspect
import types
from collections.abc import Mapping
from typing import Any

import numpy as np
from numba.core.dispatcher import Dispatcher

from optilab.compiler.names import body_text, closure_of, imported_by, names_of
from optilab.compiler.origins import LIBRARIES, attribute, is_of_library, is_ours, parts_of, python_of

_PLAIN = (bool, int, float, complex, str, bytes, type(None), type(Ellipsis), np.generic, np.dtype, range, slice)
_SILENT = ("EXTENDED_ARG", "RESUME", "NOP", "CACHE")
_KIND = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS | inspect.CO_GENERATOR


class CodeWalk:
    """A walk from a function to all that it reads.

    code: whether it adds what functions do and read, or only what they close over.
    jitted, positions: compiled functions that were met; file and first line of every function.
    """

    def __init__(self, *, code: bool = True) -> None:
        self.jitted: list[Dispatcher] = []
        self.positions: list[tuple[str, int]] = []
        self._code = code
        self._digest = hashlib.sha256()
        self._seen: dict[int, tuple[int, Any]] = {}  # with the thing itself, so that its id isn't used again
        self._inside: list[int] = []  # lists and dictionaries under way

    def hexdigest(self) -> str:
        """The digest of all that was met."""
        return self._digest.hexdigest()

    def _add(self, *parts: object) -> None:
        for part in parts:
            text = str(part).encode("utf-8", "surrogatepass")
            self._digest.update(len(text).to_bytes(8, "little") + text)

    def _met(self, thing: Any) -> bool:
        """Whether a thing was met before; if so, its number is added instead of its content."""
        if id(thing) in self._seen:
            self._add("again", self._seen[id(thing)][0])
            return True
        self._seen[id(thing)] = len(self._seen), thing
        return False

    def function(self, function: Any, *, defaults: bool = False) -> None:
        """Add a function of Python, with the defaults of its arguments or without."""
        if self._met(function):
            return
        self._add("function", *(() if self._code else (function.__module__, function.__qualname__)))
        if not self._code and function.__name__ == "<lambda>":  # all lambdas have this name
            self._instructions(function.__code__)
        self.positions.append((function.__code__.co_filename, function.__code__.co_firstlineno))
        names = names_of(function.__code__)
        if defaults:
            self.value([function.__defaults__, function.__kwdefaults__])
        if self._code:
            self._add(body_text(function))
            self._instructions(function.__code__)
            if is_ours(function):  # what it reads is of optilab as well
                return
        around = {**imported_by(names), **function.__globals__} if self._code else {}
        read = {name: around[name] for name in names.globals & around.keys()} | closure_of(function)
        for name, value in sorted(read.items(), key=lambda item: item[0]):
            if names.keeps and isinstance(value, (list, set, dict)):  # such as results that it keeps for the next call
                self._add(name, type(value).__name__)
            else:
                self._add(name)
                self.value(value, names.attributes)

    def _instructions(self, code: types.CodeType) -> None:
        """Add what code does: constants and names themselves, not their positions in tables."""
        self._add(code.co_argcount, code.co_kwonlyargcount, code.co_flags & _KIND)
        steps = [step for step in dis.get_instructions(code) if step.opname not in _SILENT]
        for step in steps:
            self._add(step.opname)
            if isinstance(step.argval, types.CodeType):
                self._instructions(step.argval)
            elif step.opcode in dis.hasjrel or step.opcode in dis.hasjabs:
                self._add(sum(other.offset < step.argval for other in steps))
            else:
                self.value(step.argval)

    def value(self, value: Any, attributes: frozenset[str] = frozenset()) -> None:
        """Add whatever code may read. attributes: names that code reads from a module, if it is one."""
        if isinstance(value, types.ModuleType):
            self._module(value, attributes)
        elif isinstance(value, _PLAIN):
            self._add(type(value).__name__, repr(value))
        elif isinstance(value, np.ndarray):
            self._array(value)
        elif isinstance(value, (list, tuple, set, frozenset, Mapping)):
            self._collection(value)
        elif isinstance(value, Dispatcher):
            self._dispatcher(value)
        elif isinstance(value, (functools.partial, functools.partialmethod)):
            self._add("partial")
            self.value([value.func, value.args, value.keywords])
        elif (plain := python_of(value)) is not None:
            self._of_library(plain) if is_of_library(plain) else self.function(plain, defaults=True)
        else:
            self._object(value, attributes)

    def _collection(self, value: Any) -> None:
        """Add a list, tuple, set or dictionary; one that holds itself, once."""
        self._add(type(value).__name__, len(value), getattr(value, "_fields", ""))
        if id(value) in self._inside:
            return
        self._inside.append(id(value))
        if isinstance(value, Mapping):
            for key, part in sorted(value.items(), key=lambda item: _alone(item[0], code=self._code)):
                self.value(key)
                self.value(part)
        elif isinstance(value, (set, frozenset)):
            self._add(*sorted(_alone(part, code=self._code) for part in value))
        else:
            for part in value:
                self.value(part)
        self._inside.pop()

    def _module(self, module: types.ModuleType, attributes: frozenset[str]) -> None:
        """Add the attributes of a module, and of modules in it, whose names the code reads from anything."""
        self._add("module", module.__name__)
        if module.__name__.partition(".")[0] in (*LIBRARIES, "optilab"):
            return
        for name in sorted(attributes & vars(module).keys()):
            self._add(name)
            self.value(vars(module)[name], attributes)

    def _array(self, array: np.ndarray[Any, Any]) -> None:
        self._add("array", array.dtype, array.shape)
        if array.dtype.hasobject:
            self.value(array.tolist())
        else:
            self._digest.update(np.ascontiguousarray(array).tobytes())

    def _dispatcher(self, dispatcher: Dispatcher) -> None:
        known = id(dispatcher.py_func) in self._seen
        self._add("compiled")
        self.value(dispatcher.targetoptions)
        self.function(dispatcher.py_func, defaults=True)
        if not known:
            self.jitted.append(dispatcher)

    def _of_library(self, thing: Any) -> None:
        self._add("library", attribute(thing, "__module__"), attribute(thing, "__qualname__") or type(thing).__name__)

    def _object(self, value: Any, attributes: frozenset[str]) -> None:
        """Add a class or an instance: by name if it is from a library or optilab, else by its attributes."""
        kind = value if isinstance(value, type) else type(value)
        self._add("class" if kind is value else "object", kind.__module__, kind.__qualname__)
        library = is_of_library(kind) or is_ours(kind)
        if library and (kind is value or isinstance(value, (np.ufunc, types.BuiltinFunctionType))):
            self._of_library(value)
        elif library and " at 0x" not in (text := repr(value)):
            self._add(text)
        elif not self._met(value):
            if not library and kind is not value:
                self.value(kind, attributes)
            for name, part in sorted(parts_of(value), key=lambda pair: pair[0]):
                self._add(name)
                self.value(part, attributes)


def _alone(value: Any, *, code: bool) -> str:
    """Digest of one value alone, by which to sort what has no order."""
    walk = CodeWalk(code=code)
    walk.value(value)
    return walk.hexdigest()
