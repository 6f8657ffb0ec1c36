"""Files and folders: the cache folder, reading regular files only, atomic writing, importing a module by its path."""

from __future__ import annotations

import importlib.util
import os
import stat
import sys
import types
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import platformdirs

from optilab.errors import InputError

try:
    import fcntl
except ImportError:  # Windows, where a file that is open can't be removed anyway
    fcntl = None  # type: ignore[assignment]


_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
TEMPORARY = f".{32 * '[0-9a-f]'}.tmp"
_WORDS = {"special": "pipe or a device"}
_BINARY = getattr(os, "O_BINARY", 0)


def cache_folder() -> Path:
    """Folder of compiled code and unpacked datasets: OPTILAB_CACHE, or the user's cache folder."""
    chosen = os.environ.get("OPTILAB_CACHE")
    return Path(chosen) if chosen else platformdirs.user_cache_path("optilab", appauthor=False)


def cache_part(*names: str) -> Path:
    """A folder within the cache folder, created if necessary. InputError if it can't be created."""
    folder = cache_folder().joinpath(*names)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = f"can't use the cache folder {str(folder)!r}: {error.strerror}"
        raise InputError(f"{reason}; name another in the environment variable OPTILAB_CACHE") from None
    return folder


class NotAFileError(OSError):
    """A link, a folder, a pipe or a device lies where a regular file is expected."""


def kind_of(path: Path) -> str:
    """The kind of a path, links not followed: "file", "folder", "link", "nothing", or "special" (pipe, socket, device)."""
    try:
        mode = path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return "nothing"
    if stat.S_ISLNK(mode):
        return "link"
    return "file" if stat.S_ISREG(mode) else "folder" if stat.S_ISDIR(mode) else "special"


def why_unread(error: OSError | ValueError | RecursionError) -> str:
    """Why a file of JSON can't be read, after "can't be read: "."""
    if isinstance(error, OSError):
        return error.strerror or "it can't be opened"
    return "it is no JSON" if isinstance(error, ValueError) else "it is nested too deeply"


def read_plain(path: Path) -> bytes:
    """The bytes of a regular file. NotAFileError for anything else, which is not opened; OSError if it can't be read."""
    kind = kind_of(path)
    if kind not in ("file", "nothing"):
        raise NotAFileError(0, f"it is a {_WORDS.get(kind, kind)}")
    handle = os.open(path, os.O_RDONLY | _NO_LINK | _BINARY)
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):  # it was changed in between
            raise NotAFileError(0, "it is no regular file")
        return file.read()


@dataclass
class Pending:
    """A file that is being written under a temporary name, and the path that it gets once it is complete."""

    file: BinaryIO
    path: Path | None = None


@contextmanager
def pending(folder: Path) -> Iterator[Pending]:
    """A new file in a folder. It is synced and takes its path once the block is left; if the block raises, no file remains.

    NotAFileError if a link, a folder, a pipe or a device lies at its path.
    """
    temporary = folder / f".{uuid.uuid4().hex}.tmp"
    try:
        with temporary.open("x+b") as file:
            if fcntl is not None:
                with suppress(OSError):  # a disk without locks
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # in use: see `sweep`
            made = Pending(file)
            yield made
            file.flush()
            os.fsync(file.fileno())
            if os.name == "posix":  # elsewhere a file that is open can't be renamed
                _put(temporary, made)
        if os.name != "posix":
            _put(temporary, made)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    sync_folder(folder if made.path is None else made.path.parent)


def _put(temporary: Path, made: Pending) -> None:
    assert made.path is not None
    _check_target(made.path)
    temporary.replace(made.path)


def _check_target(path: Path) -> None:
    kind = kind_of(path)
    if kind not in ("file", "nothing"):
        raise NotAFileError(0, f"a {_WORDS.get(kind, kind)} lies there")


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Replace the file at `path` by a new one, whole and synced, once the block is left. Errors as for `pending`."""
    _check_target(path)
    with pending(path.parent) as made:
        made.path = path
        yield made.file


def write_whole(path: Path, content: bytes) -> None:
    """Write a file durably: under a temporary name first, synced, then renamed. Errors as for `pending`, and OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        file.write(content)


def sweep(folder: Path, names: str = ".*.tmp") -> None:
    """Remove temporary files that processes which died have left in a folder; files in use stay.

    names: a glob pattern; `TEMPORARY` matches only files of `pending`, for a folder where others keep files as well.
    """
    for path in folder.glob(names):
        with suppress(OSError):
            if kind_of(path) in ("file", "link") and not _in_use(path):
                path.unlink()


def _in_use(path: Path) -> bool:
    if fcntl is None or kind_of(path) == "link":
        return False
    handle = os.open(path, os.O_RDONLY | _NO_LINK)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(handle)
    return False


def sync_folder(folder: Path) -> None:
    """Fsync the folder so that renames survive a crash (POSIX; elsewhere nothing happens). OSError if it can't be opened."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def import_file(name: str, path: Path, given: Mapping[str, Any] | None = None) -> types.ModuleType:
    """Import the file at `path` as sys.modules[name], set before the module runs so that what it defines can be found by name.

    given: globals that the module finds when it begins.

    ImportError if the path is not a Python file; exceptions of the module propagate.
    """
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    vars(module).update(given or {})
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
