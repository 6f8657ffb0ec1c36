"""Python in another process, which finds the same modules as this one, and none in the current folder."""

from __future__ import annotations

import sys
from pathlib import Path


def python(code: str) -> list[str]:
    """The command that runs `code` in a new interpreter.

    Python itself looks into the current folder first, so that a file there called numbers.py or queue.py would stand for the
    module of that name. Here that folder is not looked into, or last, where this process was told to look there.
    """
    return [sys.executable, "-P", "-c", f"import sys; sys.path[:] = {_search_path()!r}; {code}"]


def _search_path() -> list[str]:
    """The module search path of this process, the current folder last; "", which stands for it too, is left out."""
    folders = [folder for folder in sys.path if folder]
    return sorted(folders, key=_is_current)


def _is_current(folder: str) -> bool:
    try:
        return Path(folder).samefile(Path.cwd())
    except OSError:  # one of them is gone
        return False
