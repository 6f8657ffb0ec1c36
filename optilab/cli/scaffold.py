"""`optilab new`: write a new plugin, which passes its tests as it is."""

from __future__ import annotations

import keyword
import re
from importlib import resources
from pathlib import Path
from string import Template

from optilab.errors import InputError
from optilab.plugins.loading import registry


def write_file(name: str, folder: Path) -> list[Path]:
    """Write a plugin as one file, NAME.py; returns its path. InputError as for `write_package`."""
    _check(name)
    return _written(folder, {f"{name}.py": "rule.py"}, name)


def write_package(name: str, folder: Path) -> list[Path]:
    """Write a package into the folder optilab-NAME: entry point, rule, tests, README; returns the paths.

    InputError if the name is no valid function name or is taken, or if a file exists or can't be written.
    """
    _check(name)
    package = f"optilab_{name}"
    files = {
        "pyproject.toml": "pyproject.toml",
        "README.md": "README.md",
        f"{package}/__init__.py": "__init__.py",
        f"{package}/{name}.py": "rule.py",
        f"tests/test_{name}.py": "test_rule.py",
    }
    return _written(folder / f"optilab-{name.replace('_', '-')}", files, name)


def _check(name: str) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
        raise InputError(f"{name!r} can't name an optimizer: write small letters, digits and '_', a letter first")
    found = registry()
    if name in found.optimizers:
        raise InputError(f"there is an optimizer {name!r} already, from plugin {found.sources['optimizers', name]}")


def _written(folder: Path, files: dict[str, str], name: str) -> list[Path]:
    """Write each file from its template in `optilab/cli/templates`."""
    values = {
        "name": name,
        "package": f"optilab_{name}",
        "dashed": name.replace("_", "-"),
        "title": "".join(part.capitalize() for part in name.split("_")),
    }
    templates = resources.files("optilab") / "cli" / "templates"
    paths = {
        folder / path: Template((templates / f"{template}.txt").read_text("utf-8")).substitute(values)
        for path, template in files.items()
    }
    for path in paths:
        if path.exists():
            raise InputError(f"{str(path)!r} exists, and is left as it is")
    try:
        for path, text in paths.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    except OSError as error:
        raise InputError(f"can't write to {str(folder)!r}: {error.strerror}") from None
    return list(paths)
