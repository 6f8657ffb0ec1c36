"""The environment of a run: versions of packages, the host, plugins."""

from __future__ import annotations

import json
import os
import platform
import warnings
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numba
import numpy as np
import scipy
from threadpoolctl import threadpool_info

from optilab.errors import InputError, PluginWarning
from optilab.plugins import loading
from optilab.version import __version__

_BLAS = "blas"  # among the versions


class OtherCodeError(InputError):
    """A worker has other code, or other versions of packages, than the runner."""


def blas() -> str:
    """The BLAS libraries of NumPy and SciPy, and the kernels that they have chosen for this machine's processor."""
    import scipy.linalg.cython_blas  # noqa: F401 its library is the one that compiled code calls

    found = []
    for library in threadpool_info():
        if library.get("user_api") == "blas":
            owner = next((name for name in ("numpy", "scipy") if name in library["filepath"].lower()), "other")
            parts = [library["internal_api"], library.get("version"), library.get("architecture")]
            found.append(f"{owner}: {' '.join(part for part in parts if part)}")
    return "; ".join(sorted(found))


@cache
def versions() -> str:
    """Versions of Python, of the packages that compute, and of the BLAS, as JSON."""
    made_with = {
        "optilab": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "numba": numba.__version__,
        "scipy": scipy.__version__,
        _BLAS: blas(),
    }
    return json.dumps(made_with, sort_keys=True)


@cache
def host() -> str:
    """The name of this machine, and its number of processors."""
    return f"{platform.node()} ({os.cpu_count()} cpus)"


def use_plugins(files: list[str]) -> None:
    """Load plugins from files. InputError if one can't be loaded. Warnings are dropped: the parent process has given them."""
    warnings.simplefilter("ignore", PluginWarning)
    loading.trust()
    for file in files:
        loading.use_file(Path(file))
    loading.registry()


def check_versions(wanted: Mapping[str, str]) -> None:
    """OtherCodeError if this process has other versions than are wanted: results might differ in their last bits.

    Another BLAS kernel may change last bits as well, but it is chosen by the processor, not installed: it is recorded with each
    run, and accepted.
    """
    here = json.loads(versions())
    other = [
        f"{name} {here.get(name)} where {wanted[name]} is asked for"
        for name in wanted
        if name != _BLAS and here.get(name) != wanted[name]
    ]
    if other:
        raise OtherCodeError(f"{host()} has other versions: {', '.join(other)}")
