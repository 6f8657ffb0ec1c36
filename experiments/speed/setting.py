"""One core and one thread, set before NumPy is imported; and what a table says of the machine that it was measured on."""

from __future__ import annotations

import contextlib
import os
import platform
import re
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

_THREADS = ("OMP", "OPENBLAS", "MKL", "NUMBA", "VECLIB")
_PACKAGES = ("optilab-framework", "numba", "llvmlite", "numpy", "scipy", "jax", "jaxlib", "optax", "torch")
_CPU = Path("/proc/cpuinfo")
_CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
EVERY_CORE = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))


def one_thread(coretype: str | None = None) -> None:
    """Let every library use one thread. Libraries read this as they are loaded, so it is called before them.

    coretype: kernels that OpenBLAS is to take (`OPENBLAS_CORETYPE`); "" lets it choose, None leaves the environment as it is.
    """
    for name in _THREADS:
        os.environ[f"{name}_NUM_THREADS"] = "1"
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    os.environ["JAX_PLATFORMS"] = "cpu"
    if coretype:
        os.environ["OPENBLAS_CORETYPE"] = coretype
    elif coretype is not None:
        os.environ.pop("OPENBLAS_CORETYPE", None)


@contextlib.contextmanager
def cores(count: int) -> Iterator[None]:
    """Stay on the first `count` of the cores that this process was given, where the system can do that."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, set(sorted(EVERY_CORE)[:count]))
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def processor() -> str:
    """Name of the processor, with its family and model, which a virtual machine's name leaves out."""
    if not _CPU.exists():
        return platform.processor() or platform.machine()
    told = dict(re.findall(r"^(model name|cpu family|model)\s*: (.*)$", _CPU.read_text("utf-8"), re.MULTILINE))
    return f"{told.get('model name', platform.machine())} (family {told.get('cpu family')}, model {told.get('model')})"


def caches() -> dict[str, int]:
    """Bytes of the caches of a core: L1, L2, L3, as far as the system tells them."""
    found = {}
    for place in sorted(_CACHES.glob("index*")):
        level, kind, size = ((place / name).read_text("ascii").strip() for name in ("level", "type", "size"))
        if kind != "Instruction" and size.endswith("K"):
            found[f"L{level}"] = 1024 * int(size[:-1])
    return found


def versions() -> dict[str, str]:
    """Versions of the packages that take part, those that are there."""
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def described() -> dict[str, str]:
    """What was measured on: the heading of the table, and the attributes of the Parquet file."""
    sizes = ", ".join(f"{name} {size // 1024:,} KiB" for name, size in caches().items())
    return {
        "processor": processor(),
        "caches": sizes or "unknown",
        "cores": f"1 used of {len(EVERY_CORE)}",
        "system": platform.platform(),
        "versions": ", ".join(f"{name} {version}" for name, version in versions().items()),
        "OPENBLAS_CORETYPE": os.environ.get("OPENBLAS_CORETYPE") or "not set",
    }
