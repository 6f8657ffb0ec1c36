"""The compiled-code cache: generated modules, each in a folder of its own with a digest of everything it was compiled from.

Numba caches a compiled function beside the file that defines it, and does not notice when another file that it calls
has changed. So each entry point is a small generated file, whose name holds a digest of the kernels that it imports, of all that the
plugin's functions read and of the versions of Python, NumPy and Numba: changed code is a new file. Each is compiled under a file lock of its
own, because two processes that add to one cache index at once can corrupt it.

What Numba keeps is pickled, and machine code: it is loaded from a folder that nobody else can write, and only if every file
is, byte for byte, as it was when it was compiled.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import stat
import sys
import time
import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numba
from filelock import FileLock

from optilab.compiler.digests import Code, closure_digest, code_behind, toolchain
from optilab.compiler.lean import lean
from optilab.compiler.linear import LOADER
from optilab.errors import InputError
from optilab.files import cache_folder, cache_part, write_whole

_SEAL = "digests.json"  # in a module's folder: the digest of each other file in it


@dataclass
class CompileLog:
    """Counts of functions that this process compiled and loaded from the cache, and the seconds that took."""

    compiled: int = 0
    loaded: int = 0
    seconds: float = 0.0


LOG = CompileLog()


def load(label: str, text: str, digest: str, given: Mapping[str, Any] | None = None) -> types.ModuleType:
    """Import the generated module with source `text`, compiling it if this machine has not yet.

    label: readable part of the module's name.
    digest: of the sources behind the names in `given`, which the module finds as globals.

    Cached files that were changed are deleted, and the module is compiled again. InputError if the cache folder can't be used.
    """
    code = code_behind(given or {})
    name = _name(label, text, digest, code)
    if name in sys.modules:
        return sys.modules[name]
    start = time.perf_counter()
    try:
        module = _loaded(name, text, given or {}, code)
    except OSError as error:
        reason = f"can't keep compiled code in {str(cache_folder())!r}: {error.strerror or error}"
        raise InputError(f"{reason}; name another folder in the environment variable OPTILAB_CACHE") from error
    LOG.seconds += time.perf_counter() - start
    return module


def is_kept(label: str, text: str) -> bool:
    """Whether `load` of a module that is given nothing would find it compiled. InputError if the cache folder can't be used."""
    name = _name(label, text, "", code_behind({}))
    return name in sys.modules or _is_sealed(cache_part() / "compiled" / toolchain()[:16] / name)


def _name(label: str, text: str, digest: str, code: Code) -> str:
    """The name of a module, also of its folder."""
    positions = repr(code.positions)  # tracebacks name them
    key = hashlib.sha256(
        (toolchain() + closure_digest(text) + digest + text + positions).encode("utf-8", "surrogateescape")
    ).hexdigest()[:16]
    return f"optilab_compiled_{re.sub(r'[^a-zA-Z0-9_]', '_', label)[:80]}_{key}"


def _loaded(name: str, text: str, given: Mapping[str, Any], code: Code) -> types.ModuleType:
    parent = _private(_private(cache_part() / "compiled") / toolchain()[:16])
    folder, lock = parent / name, parent / f"{name}.lock"
    if not _is(lock, stat.S_ISREG):
        _remove(lock)
    with FileLock(lock):
        if _is_sealed(folder):
            try:
                return _imported(name, folder, text, given)
            except Exception:  # noqa: S110 the source is not at fault: it did compile
                pass
        _remove(folder)
        _private(folder)
        for compiled in code.jitted:
            compiled.recompile()  # or it would be the code of its first call, here or in the author's cache
        return _imported(name, folder, text, given)


def _imported(name: str, folder: Path, text: str, given: Mapping[str, Any]) -> types.ModuleType:
    """The module, from the cache or newly compiled into it."""
    path = folder / f"{name}.py"
    if not path.exists():
        write_whole(path, text.encode())
    module = types.ModuleType(name)
    vars(module).update(given, __file__=str(path))
    sys.modules[name] = module  # a cached function is unpickled under this name
    try:
        with _cached_beside_the_file(), lean():
            exec(compile(text, str(path), "exec"), vars(module))  # noqa: S102 optilab generates it
    except BaseException:
        del sys.modules[name]
        raise
    entries = [
        v for v in vars(module).values() if isinstance(v, numba.core.dispatcher.Dispatcher) and v.stats.cache_path
    ]
    LOG.loaded += sum(sum(entry.stats.cache_hits.values()) for entry in entries)
    if compiled := sum(sum(entry.stats.cache_misses.values()) for entry in entries):
        LOG.compiled += compiled
        write_whole(folder / _SEAL, json.dumps(_digests(folder)).encode())
    return module


@contextmanager
def _cached_beside_the_file() -> Iterator[None]:
    """Keep Numba to the module's folder, wherever else the environment sends it."""
    config: Any = numba.config
    elsewhere = config.CACHE_DIR
    config.CACHE_DIR = ""
    try:
        yield
    finally:
        config.CACHE_DIR = elsewhere


def _is_sealed(folder: Path) -> bool:
    """Whether a module's folder holds what was compiled, byte for byte, and nothing else."""
    try:
        if not (_is(folder, stat.S_ISDIR) and _is(folder / _SEAL, stat.S_ISREG)):
            return False
        sealed = json.loads((folder / _SEAL).read_bytes())
        return bool(sealed) and _digests(folder) == sealed
    except (OSError, ValueError, RecursionError):
        return False


def _digests(folder: Path) -> dict[str, str]:
    """The digest of each file of a module but the seal, by its path in the folder. OSError for what is no file."""
    found: dict[str, str] = {}
    for path in sorted(folder.iterdir()):
        if path.name == _SEAL:
            continue
        if _is(path, stat.S_ISDIR):
            found |= {f"{path.name}/{name}": digest for name, digest in _digests(path).items()}
        elif _is(path, stat.S_ISREG):
            found[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
        else:
            raise OSError(f"{path} is no file")
    return found


def _is(path: Path, kind: Callable[[int], bool]) -> bool:
    """Whether something of a kind lies at a path, links not followed."""
    try:
        return kind(path.lstat().st_mode)
    except OSError:
        return False


def _remove(path: Path) -> None:
    """Delete what lies at a path, if anything; of a link, the link itself."""
    if _is(path, stat.S_ISDIR):
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _private(folder: Path) -> Path:
    """A folder that only this user can write, created if missing; what others could have put there is deleted.

    InputError if it is another user's.
    """
    if not _is(folder, stat.S_ISDIR):
        _remove(folder)
    folder.mkdir(mode=0o700, exist_ok=True)
    if os.name != "posix":
        return folder
    facts = folder.lstat()
    if facts.st_uid != os.geteuid():
        raise InputError(
            f"the compiled code in {str(folder)!r} belongs to another user (number {facts.st_uid}), and could be anything; "
            "name a folder of your own in the environment variable OPTILAB_CACHE"
        )
    if facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        shutil.rmtree(folder)
        folder.mkdir(mode=0o700)
    return folder


LOADER.append(load)


def wipe() -> None:
    """Delete all compiled code, of this and of other versions."""
    _remove(cache_folder() / "compiled")


def size() -> int:
    """Bytes of compiled code on disk."""
    files = (path for path in (cache_folder() / "compiled").rglob("*") if _is(path, stat.S_ISREG))
    return sum(path.lstat().st_size for path in files)
