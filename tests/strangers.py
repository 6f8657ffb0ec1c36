"""Plugins of strangers: their text, and how it becomes a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

HALVE = '''
from optilab import elementwise, hookimpl


@elementwise(lr=0.5)
def {name}(w, g, lr):
    """Step down the slope."""
    w -= lr * g
    return w


@hookimpl
def optilab_optimizers():
    return [{name}]
'''

SLOW = '''
import time

from optilab import feedback, hookimpl


@feedback()
def slow(seconds=0.1):
    """Take a while over each measurement."""
    while True:
        time.sleep(seconds)
        yield 1.0


@hookimpl
def optilab_schedules():
    return [slow]
'''

# Of a distribution, an entry point, a module and its source: puts them on sys.path, and answers the folder.
Install = Callable[..., Path]


def write(path: Path, source: str) -> Path:
    """A plugin in a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source, "utf-8")
    return path
