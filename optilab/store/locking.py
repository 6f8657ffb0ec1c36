"""The lock of a results folder, one writer at a time; and checks that a folder is a results folder."""

from __future__ import annotations

import json
import os
import platform
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from optilab.errors import InputError
from optilab.files import kind_of, read_plain, why_unread, write_whole
from optilab.texts import printable, shortened
from optilab.version import __version__

EXPERIMENT, WANTED_RUNS = "experiment.json", "wanted.parquet"
LAYOUT = 2  # version of the folder's layout
_FACTS, _LOCK, _HOLDER = "results.json", ".lock", ".holder.json"
_OWN = (_FACTS, _LOCK, _HOLDER)
_FILES = (_FACTS, _LOCK, EXPERIMENT, WANTED_RUNS)
_FOLDERS = ("runs", "history", "recent", "recent/runs", "recent/history", "set_aside")


def check_readable(folder: Path) -> None:
    """InputError unless the folder holds results in the layout of this version."""
    if not folder.is_dir():
        usual = Path("results") / folder
        hint = f"; did you mean {str(usual)!r}?" if (usual / _FACTS).is_file() else ""
        raise InputError(f"there is no results folder {str(folder)!r}{hint}")
    _refuse_what_leads_elsewhere(folder)
    if kind_of(folder / _FACTS) == "nothing":
        if (folder / "runs").is_dir():
            raise InputError(
                f"{str(folder)!r} has no {_FACTS}: it was deleted, or an older optilab wrote these results; the tables can be "
                "read with pandas, but not added to"
            )
        raise InputError(f"{str(folder)!r} is not a results folder: it has no {_FACTS}")
    try:
        facts = json.loads(read_plain(folder / _FACTS))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{str(folder / _FACTS)!r} can't be read: {why_unread(error)}") from None
    layout = facts.get("layout") if isinstance(facts, dict) else None
    if type(layout) is not int:
        raise InputError(f"{str(folder / _FACTS)!r} can't be read: it names no layout")
    if layout != LAYOUT:
        raise _other_layout(folder, "an older" if layout < LAYOUT else "a newer")


def _refuse_what_leads_elsewhere(folder: Path) -> None:
    """InputError if a link, a pipe or the like stands for one of the folder's own files or folders."""
    for names, kind in ((_FILES, "file"), (_FOLDERS, "folder")):
        for name in names:
            found = kind_of(folder / name)
            if found == "link":
                raise InputError(
                    f"{str(folder / name)!r} is a link; within a results folder links are not followed: put the {kind} itself there"
                )
            if found not in (kind, "nothing"):
                raise InputError(f"{str(folder / name)!r} is no {kind}; it doesn't belong in a results folder")


def _other_layout(folder: Path, age: str) -> InputError:
    return InputError(
        f"{str(folder)!r} holds results in the layout of {age} optilab; its tables can be read with pandas, but not added to"
    )


def _check_usable(folder: Path) -> None:
    """InputError if results can't go there: it holds something else."""
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{str(folder)!r} is a file; results go to a folder")
    if not folder.is_dir():
        return
    try:
        there = [path.name for path in folder.iterdir()]
    except OSError as error:
        raise InputError(f"{str(folder)!r} can't be read: {error.strerror}") from None
    if _FACTS in there or (folder / "runs").is_dir():
        check_readable(folder)
        return
    _refuse_what_leads_elsewhere(folder)
    if any(name not in _OWN and not name.endswith(".tmp") for name in there):
        raise InputError(f"{str(folder)!r} is not empty and holds no results; choose another with --results")


def take(folder: Path) -> FileLock:
    """Create and lock a results folder until `release`. InputError if it can't be written, or another process has the lock."""
    _check_usable(folder)
    lock = FileLock(folder / _LOCK)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
        if kind_of(folder / _FACTS) == "nothing":
            write_whole(folder / _FACTS, json.dumps({"layout": LAYOUT, "optilab": __version__}).encode())
        holder = {"host": platform.node(), "pid": os.getpid(), "since": f"{datetime.now():%Y-%m-%d %H:%M:%S}"}
        write_whole(folder / _HOLDER, json.dumps(holder).encode())
    except Timeout:
        raise InputError(f"{str(folder)!r} is being written by {_holder(folder)}; wait for it, or end it") from None
    except OSError as error:
        lock.release()
        raise InputError(f"can't write results to {str(folder)!r}: {error.strerror or error}") from None
    return lock


def release(folder: Path, lock: FileLock) -> None:
    """Release the lock of a results folder."""
    with suppress(OSError):
        (folder / _HOLDER).unlink(missing_ok=True)
    lock.release()


def _holder(folder: Path) -> str:
    try:
        holder = json.loads(read_plain(folder / _HOLDER))
        return printable(shortened(f"process {holder['pid']} on {holder['host']}, since {holder['since']}", 200))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return "another process"
