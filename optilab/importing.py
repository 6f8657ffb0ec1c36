"""Importing one file under a name of its own."""

from __future__ import annotations

import importlib.util
import sys
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def import_file(name: str, path: Path, given: Mapping[str, Any] | None = None) -> types.ModuleType:
    """The module in `path`, as sys.modules[name]: it is there before it runs, so that what it defines can be found by name.

    given: globals that it finds when it begins. ImportError if the path is not a Python file.
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
