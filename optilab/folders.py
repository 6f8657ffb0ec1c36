"""Where optilab keeps files of its own, and how it writes one so that no reader ever sees half of it."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

import platformdirs

from optilab.errors import InputError


def cache_folder() -> Path:
    """Folder of compiled code and unpacked datasets: OPTILAB_CACHE, or the user's cache folder."""
    chosen = os.environ.get("OPTILAB_CACHE")
    return Path(chosen) if chosen else platformdirs.user_cache_path("optilab", appauthor=False)


def cache_part(*names: str) -> Path:
    """A folder within the cache folder, made if it isn't there. InputError if it can't be."""
    folder = cache_folder().joinpath(*names)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = f"can't use the cache folder {str(folder)!r}: {error.strerror}"
        raise InputError(f"{reason}; name another in the environment variable OPTILAB_CACHE") from None
    return folder


def write_whole(path: Path, content: bytes) -> None:
    """Write a file under a temporary name, sync it and rename it into place; afterwards it is on disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{uuid.uuid4().hex}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Have the names of a folder's files on disk, where the system can be asked for that."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
