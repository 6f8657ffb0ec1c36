"""Which files outside a results folder may be read on its account.

What a results folder names, as the dataset of a run, may have been written by somebody else. A file outside of it is read only if
a person has named it: in an experiment that was run here, or with `--trust`. That is remembered in the cache folder, by the file's
path, and by what tells the file apart on its disk, so that a project may be moved.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from optilab.errors import InputError
from optilab.files import cache_part
from optilab.texts import shown


def remember(path: Path) -> None:
    """Remember that a person has named this file. InputError if there is no cache folder to remember it."""
    folder = cache_part("named")
    for mark in _marks(path):
        try:
            (folder / mark).touch()
        except OSError as error:
            raise InputError(f"can't use the cache folder {str(folder)!r}: {error.strerror}") from None


def check_readable_for(folder: Path, path: Path) -> None:
    """InputError unless a file may be read on account of a results folder: it lies within it, or a person has named it."""
    try:
        there, is_file = path.exists(), path.is_file()
        inside = path.resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError):  # a name too long, a null character, links in a circle
        there = is_file = inside = False
    if not there:
        raise InputError(f"there is no dataset {shown(str(path))}")
    if not is_file:
        raise InputError(f"the dataset {shown(str(path))} is no file")
    if not inside and not any((cache_part("named") / mark).exists() for mark in _marks(path)):
        raise InputError(
            f"the dataset {shown(str(path))} lies outside the results folder, and no experiment that was run here has named "
            "it; if you know the folder, --trust reads it"
        )


def _marks(path: Path) -> list[str]:
    """Names for a file: by its path, and by its place on its disk, time and size."""
    absolute = path.expanduser().absolute()
    marks = [str(absolute)]
    try:
        facts = absolute.stat()
        marks.append(f"{facts.st_dev} {facts.st_ino} {facts.st_mtime_ns} {facts.st_size}")
    except (OSError, ValueError):
        pass
    return [hashlib.sha256(mark.encode("utf-8", "surrogatepass")).hexdigest()[:32] for mark in marks]
