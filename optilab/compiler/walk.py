"""The walk from a function to all that it reads: other functions, values, attributes of modules and classes."""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import dis
import functools
import hashlib
import importlib
import inspect
import sys
import types
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numba.core.dispatcher import Dispatcher

from optilab.compiler.syntax import dumped, tree_of

# What comes from these is digested by its name alone.
_LIBRARIES = frozenset(
    {
        *sys.stdlib_module_names,
        "numpy",
        "numba",
        "llvmlite",
        "scipy",
        "pandas",
        "pyarrow",
        "matplotlib",
        "seaborn",
        "pluggy",
    }
    | {"hypothesis", "pydantic", "sklearn", "torch", "jax", "optax"}
)
_PLAIN = (bool, int, float, complex, str, bytes, type(None), type(Ellipsis), np.generic, np.dtype, range, slice)
_GLOBAL = ("LOAD_GLOBAL", "LOAD_NAME")
_ATTRIBUTE = ("LOAD_ATTR", "LOAD_METHOD", "IMPORT_FROM")
_KEEPING = frozenset(
    ["STORE_SUBSCR", "DELETE_SUBSCR", "append", "add", "update", "setdefault", "extend", "insert", "pop", "clear"]
)
_SILENT = ("EXTENDED_ARG", "RESUME", "NOP", "CACHE")
_KIND = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS | inspect.CO_GENERATOR


class Walk:
    """A walk from a function to all that it reads.

    code: whether it counts what functions do, and what they read beside their closures.
    jitted, places: compiled functions that were met, and where functions stand.
    """

    def __init__(self, *, code: bool = True) -> None:
        self.jitted: list[Dispatcher] = []
        self.places: list[tuple[str, int]] = []
        self._code = code
        self._digest = hashlib.sha256()
        self._seen: dict[int, tuple[int, Any]] = {}  # with the thing itself, so that no other gets its number
        self._inside: list[int] = []  # lists and dictionaries under way

    def hexdigest(self) -> str:
        """The digest of all that was met."""
        return self._digest.hexdigest()

    def _add(self, *parts: object) -> None:
        for part in parts:
            text = str(part).encode("utf-8", "surrogatepass")
            self._digest.update(len(text).to_bytes(8, "little") + text)

    def _met(self, thing: Any) -> bool:
        """Whether a thing was met before; if so, what stands for it is which of them it was."""
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
        if not self._code and function.__name__ == "<lambda>":  # others on the next line are called so too
            self._instructions(function.__code__)
        self.places.append((function.__code__.co_filename, function.__code__.co_firstlineno))
        names = _names(function.__code__)
        if defaults:
            self.value([function.__defaults__, function.__kwdefaults__])
        if self._code:
            self._add(_tree(function))
            self._instructions(function.__code__)
            if is_ours(function):  # what it reads is of optilab as well
                return
        around = {**_imported(names), **function.__globals__} if self._code else {}
        read = {name: around[name] for name in names.globals & around.keys()} | _closure(function)
        for name, value in sorted(read.items(), key=lambda item: item[0]):
            if names.keeps and isinstance(value, (list, set, dict)):  # such as results that it keeps for the next call
                self._add(name, type(value).__name__)
            else:
                self._add(name)
                self.value(value, names.attributes)

    def _instructions(self, code: types.CodeType) -> None:
        """What is done: not where constants and names are kept."""
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
        """Add whatever code may read. attributes: names that are asked of a module, where it is one."""
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
        elif (plain := _python_of(value)) is not None:
            self._of_library(plain) if _is_of_library(plain) else self.function(plain, defaults=True)
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
        """The attributes of a module, and of modules in it, that are asked for; all of those, whoever asks."""
        self._add("module", module.__name__)
        if module.__name__.partition(".")[0] in (*_LIBRARIES, "optilab"):
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
        self._add("library", _attribute(thing, "__module__"), _attribute(thing, "__qualname__") or type(thing).__name__)

    def _object(self, value: Any, attributes: frozenset[str]) -> None:
        """A class or an instance, by its name where it is of a library or of optilab, else by what is in it."""
        kind = value if isinstance(value, type) else type(value)
        self._add("class" if kind is value else "object", kind.__module__, kind.__qualname__)
        library = _is_of_library(kind) or is_ours(kind)
        if library and (kind is value or isinstance(value, (np.ufunc, types.BuiltinFunctionType))):
            self._of_library(value)
        elif library and " at 0x" not in (text := repr(value)):
            self._add(text)
        elif not self._met(value):
            if not library and kind is not value:
                self.value(kind, attributes)
            for name, part in sorted(_parts(value), key=lambda pair: pair[0]):
                self._add(name)
                self.value(part, attributes)


class _Names:
    """Names that a piece of code, and the functions inside it, read of the globals, and as attributes of anything.

    keeps: whether it puts something into anything.
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
def _names(code: types.CodeType) -> _Names:
    return _Names(code)


def _steps(code: types.CodeType) -> Iterator[dis.Instruction]:
    yield from dis.get_instructions(code)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _steps(constant)


def _closure(function: types.FunctionType) -> dict[str, Any]:
    """What a function closes over, by its names; what isn't there yet is left out."""
    found = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        with contextlib.suppress(ValueError):
            found[name] = cell.cell_contents
    return found


def _imported(names: _Names) -> dict[str, Any]:
    """Modules that a function imports when it is called: now, so that it makes no difference whether it has been."""
    for name in names.imports:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    return {name: sys.modules[name] for name in names.imports if name in sys.modules}


def _alone(value: Any, *, code: bool) -> str:
    """Digest of one value: a key to sort by what has no order."""
    walk = Walk(code=code)
    walk.value(value)
    return walk.hexdigest()


def _python_of(value: Any) -> Any:
    """The function of Python that a callable was made of, if there is one."""
    if isinstance(value, types.FunctionType):
        return inspect.unwrap(value)
    if isinstance(dispatcher := _attribute(value, "_dispatcher"), Dispatcher):  # of vectorize
        return dispatcher.py_func
    names = (
        "py_func",
        "_pyfunc",
        "_defn",
        "__func__",
        "fget",
        "func",
        "__wrapped__",
    )  # such as of a C callback, an intrinsic
    found = (_attribute(value, name) for name in names)
    return next((inner for inner in found if isinstance(inner, types.FunctionType)), None)


def _attribute(value: Any, name: str) -> Any:
    """An attribute, or None where there is none, whatever a `__getattr__` that isn't ours raises."""
    try:
        return getattr(value, name, None)
    except Exception:
        return None


def _is_of_library(thing: Any) -> bool:
    return str(_attribute(thing, "__module__")).partition(".")[0] in _LIBRARIES


def is_ours(thing: Any) -> bool:
    """Whether it is defined in optilab itself."""
    return str(_attribute(thing, "__module__")).partition(".")[0] == "optilab"


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    """What is in a class or an instance, but for what says nothing of how it works."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield from ((field.name, getattr(value, field.name, None)) for field in dataclasses.fields(value))
        return
    slots = {name for kind in type(value).__mro__ for name in _names_in(getattr(kind, "__slots__", ()))}
    yield from ((name, _attribute(value, name)) for name in slots if name not in ("__dict__", "__weakref__"))
    silent = ("__doc__", "__module__", "__dict__", "__weakref__", "__annotations__", "__firstlineno__")
    yield from ((name, part) for name, part in getattr(value, "__dict__", {}).items() if name not in silent)
    if isinstance(value, type):
        yield "__bases__", value.__bases__


def _names_in(slots: Any) -> tuple[str, ...]:
    return (slots,) if isinstance(slots, str) else tuple(slots)


def _tree(function: types.FunctionType) -> str:
    """The body as it is written: a rule in float32 is compiled of that. "" where the source can't be read."""
    try:
        found = tree_of(function)
    except (OSError, TypeError, SyntaxError, IndexError):
        return ""
    return dumped(ast.Module(found.body, [])) if isinstance(found, ast.FunctionDef) else ""
