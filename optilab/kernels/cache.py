"""The compiled-code cache: generated modules, each a real file with a digest of everything it was compiled from.

Numba caches a compiled function beside the file that defines it, and does not notice when another file that it calls
has changed. So each entry point is a small generated file, whose name holds a digest of optilab's kernels, of the
plugin's source and of the versions of Python, NumPy and Numba: changed code is a new file. Each is compiled under a file lock of its
own, because two processes that add to one cache index at once can corrupt it.
"""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import pickle
import platform
import shutil
import sys
import time
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import llvmlite
import numba
import numpy as np
from filelock import FileLock

from optilab.folders import cache_folder, cache_part, write_whole
from optilab.importing import import_file

_UNREADABLE = (EOFError, pickle.UnpicklingError, ImportError, AttributeError, IndexError, KeyError)


@dataclass
class CompileLog:
    """What this process compiled, what it loaded from the cache, and how long that took."""

    compiled: int = 0
    loaded: int = 0
    seconds: float = 0.0


LOG = CompileLog()


@cache
def _kernels_digest() -> str:
    digest = hashlib.sha256()
    for part in (platform.python_version(), np.__version__, numba.__version__, llvmlite.__version__):
        digest.update(part.encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _module_source(name: str) -> str:
    """Source of a module and of its siblings in its package: helpers that a rule may call."""
    path = getattr(sys.modules.get(name), "__file__", None)
    if path is None or name == "__main__":
        return ""
    own = Path(path)
    package = name.rpartition(".")[0]
    files = sorted(own.parent.glob("*.py")) if package else [own]
    return "".join(_text(file, file.stat().st_mtime_ns) for file in files)


@cache
def _text(file: Path, changed: int) -> str:
    """Content of a file, read again when it has changed."""
    return file.read_text("utf-8")


def source_digest(function: Callable[..., Any]) -> str:
    """Digest of a Python function: its module and package, its own source, and the values that it captured."""
    digest = hashlib.sha256()
    digest.update(_module_source(function.__module__).encode())
    _add_function(digest, function, set())
    return digest.hexdigest()


def _add_function(digest: Any, function: Any, seen: set[int]) -> None:
    """Walk from a function to the functions and constants it refers to: a notebook's cells have no file."""
    function = inspect.unwrap(getattr(function, "py_func", function))
    if id(function) in seen or not isinstance(function, types.FunctionType):
        return
    seen.add(id(function))
    with contextlib.suppress(OSError, TypeError):
        digest.update(inspect.getsource(function).encode())
    _add_code(digest, function.__code__)  # a file may have changed since it was imported: this is what is compiled
    captured = inspect.getclosurevars(function)
    for name, value in sorted({**captured.globals, **captured.nonlocals}.items()):
        if isinstance(value, (bool, int, float, complex, str, tuple, np.generic)):
            digest.update(f"{name}={value!r}".encode())
        elif isinstance(value, np.ndarray):
            digest.update(name.encode() + value.tobytes())
        else:
            _add_function(digest, value, seen)


def _add_code(digest: Any, code: types.CodeType) -> None:
    digest.update(code.co_code + repr(code.co_names).encode())
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            _add_code(digest, constant)
        else:
            digest.update(repr(sorted(map(repr, constant)) if isinstance(constant, frozenset) else constant).encode())


def combined(*digests: str) -> str:
    """One digest for the kernels and all sources behind a run."""
    return hashlib.sha256("".join((_kernels_digest(), *digests)).encode()).hexdigest()[:16]


def load(label: str, text: str, digest: str, given: Mapping[str, Any] | None = None) -> types.ModuleType:
    """Import the generated module with source `text`, compiling it if this machine has not yet.

    label: readable part of the module's name.
    digest: of the sources behind the names in `given`, which the module finds as globals.

    What can't be read is deleted, and the module compiled again.
    """
    key = hashlib.sha256((_kernels_digest() + digest + text).encode()).hexdigest()[:16]
    name = f"optilab_compiled_{label}_{key}"
    if name in sys.modules:
        return sys.modules[name]
    folder = cache_part("compiled", _kernels_digest()[:16])
    start = time.perf_counter()
    with FileLock(folder / f"{name}.lock"):
        try:
            module = _import(name, folder / f"{name}.py", text, given or {})
        except _UNREADABLE:
            for file in (folder / "__pycache__").glob(f"{name}.*"):
                file.unlink(missing_ok=True)
            module = _import(name, folder / f"{name}.py", text, given or {})
    LOG.seconds += time.perf_counter() - start
    for value in vars(module).values():
        if isinstance(value, numba.core.dispatcher.Dispatcher) and value.stats.cache_path:
            LOG.loaded += sum(value.stats.cache_hits.values())
            LOG.compiled += sum(value.stats.cache_misses.values())
    return module


def _import(name: str, path: Path, text: str, given: Mapping[str, Any]) -> types.ModuleType:
    if not path.exists():
        write_whole(path, text.encode())
    return import_file(name, path, given)  # a cached function is unpickled under this name


def wipe() -> None:
    """Delete all compiled code, of this and of other versions."""
    shutil.rmtree(cache_folder() / "compiled", ignore_errors=True)


def size() -> int:
    """Bytes of compiled code on disk."""
    return sum(p.stat().st_size for p in (cache_folder() / "compiled").rglob("*") if p.is_file())
