"""Where a value comes from: a library or optilab itself, the function that it was made from, the parts that it holds."""

from __future__ import annotations

import dataclasses
import inspect
import sys
import types
from collections.abc import Iterator
from typing import Any

from numba.core.dispatcher import Dispatcher

# Packages and modules; what comes from these is digested by its name alone.
LIBRARIES = frozenset(
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


def python_of(value: Any) -> Any:
    """The Python function that a callable was made from, if there is one."""
    if isinstance(value, types.FunctionType):
        return inspect.unwrap(value)
    if isinstance(dispatcher := attribute(value, "_dispatcher"), Dispatcher):  # of vectorize
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
    found = (attribute(value, name) for name in names)
    return next((inner for inner in found if isinstance(inner, types.FunctionType)), None)


def attribute(value: Any, name: str) -> Any:
    """An attribute, or None where there is none, whatever a `__getattr__` that isn't ours raises."""
    try:
        return getattr(value, name, None)
    except Exception:
        return None


def is_of_library(thing: Any) -> bool:
    """Whether it is defined in the standard library or in one of `LIBRARIES`, whose versions stand for their code."""
    return str(attribute(thing, "__module__")).partition(".")[0] in LIBRARIES


def is_ours(thing: Any) -> bool:
    """Whether it is defined in optilab itself."""
    return str(attribute(thing, "__module__")).partition(".")[0] == "optilab"


def parts_of(value: Any) -> Iterator[tuple[str, Any]]:
    """The attributes of a class or an instance, without those that don't affect how it works."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield from ((field.name, getattr(value, field.name, None)) for field in dataclasses.fields(value))
        return
    slots = {name for kind in type(value).__mro__ for name in _names_in(getattr(kind, "__slots__", ()))}
    yield from ((name, attribute(value, name)) for name in slots if name not in ("__dict__", "__weakref__"))
    silent = ("__doc__", "__module__", "__dict__", "__weakref__", "__annotations__", "__firstlineno__")
    yield from ((name, part) for name, part in getattr(value, "__dict__", {}).items() if name not in silent)
    if isinstance(value, type):
        yield "__bases__", value.__bases__


def _names_in(slots: Any) -> tuple[str, ...]:
    return (slots,) if isinstance(slots, str) else tuple(slots)
