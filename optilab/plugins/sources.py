"""Sources of plugins: installed packages, and files given by path."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

from optilab.errors import InputError
from optilab.files import import_file
from optilab.guarding.calls import Contained, InTime

_OWN = "optilab-framework"  # the distribution whose plugins are bundled
_folders: list[Path] = []  # added to sys.path for the files given


@dataclass(frozen=True)
class Source:
    """A plugin that can be imported.

    name: of its entry point, or "file NAME.py". origin: as messages name it. path: of the file, if it was given as one.
    bundled: whether it comes with optilab.
    """

    name: str
    origin: str
    path: Path | None
    bundled: bool
    load: Callable[[], ModuleType]

    def imported(self) -> ModuleType:
        """Its module. OverdueError, PluginExitError, or whatever Exception it raises."""
        with Contained(), nullcontext() if self.bundled else InTime(f"the import of plugin {self.origin}"):
            return self.load()


def installed() -> Iterator[Source]:
    """Plugins that packages register, sorted by name. InputError if two names are equal."""
    found: dict[str, str] = {}
    for point in sorted(entry_points(group="optilab"), key=lambda p: p.name):
        dist = point.dist.name if point.dist else "an unknown package"
        origin = f"{point.name!r} of {dist}"
        if point.name in found:
            raise InputError(f"two plugins use the same entry point name: {found[point.name]} and {origin}")
        found[point.name] = origin
        yield Source(point.name, origin, None, dist == _OWN, point.load)


def given(files: Sequence[Path]) -> Iterator[Source]:
    """Plugins in files, in order."""
    for path in files:
        yield Source(f"file {path.name}", repr(str(path)), path, False, partial(_load_file, path, files))


def forget_files() -> None:
    """Forget modules imported from beside files given, and take their folders from sys.path."""
    for name, module in list(sys.modules.items()):
        if any(_lies_in(module, folder) for folder in _folders):
            del sys.modules[name]
    for folder in _folders:
        with suppress(ValueError):
            sys.path.remove(str(folder))
    _folders.clear()


def _load_file(path: Path, files: Sequence[Path]) -> ModuleType:
    """Import a plugin's file under a name that no installed module has; it can import modules beside it."""
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
        _folders.append(path.parent)
    module = import_file(f"optilab_file_{path.stem}", path)
    for name in _imported_names(path):
        for other in files:
            beside = any((path.parent / end).exists() for end in (f"{name}.py", f"{name}/__init__.py"))
            if other.parent != path.parent and beside and _lies_in(sys.modules.get(name), other.parent):
                raise InputError(
                    f"it imports {name!r}, which is a file beside it and one beside {str(other)!r}: rename one of them"
                )
    return module


def _imported_names(path: Path) -> set[str]:
    """First names of the modules that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def _lies_in(module: ModuleType | None, folder: Path) -> bool:
    file = getattr(module, "__file__", None)
    return isinstance(file, str) and Path(file).is_relative_to(folder)
