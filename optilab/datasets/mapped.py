"""The folder in the cache that a dataset is stored in: .npy files and facts, each with its digest.

Whatever isn't exactly as it was written is taken for damage: it isn't used, and the dataset is stored anew. Only plain files
are opened: no link is followed, and nothing waits for a pipe or a device.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import stat
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optilab.datasets.examples import ARRAYS, Examples, Sparse, checked
from optilab.files import cache_part

_PARTS = ("train", "test")
_MOSTLY_ZERO = 0.3  # share of pixels that are not zero, below which the sparse kernels are faster
_FACTS = "facts.json"
_KNOWN = frozenset({*ARRAYS, *(f"{field}_{part}" for field in Sparse._fields for part in _PARTS)})


def folder_of(name: str, digest: str) -> Path:
    """The cache folder of a dataset: its name in letters that file names may have, and its digest."""
    plain = re.sub(r"[^A-Za-z0-9_]", "_", name)[:40]
    number = digest if re.fullmatch(r"[0-9a-f]{64}", digest) else hashlib.sha256(digest.encode()).hexdigest()
    return cache_part("datasets") / f"{plain}-{number[:16]}"


def mapped(folder: Path, digest: str) -> Examples | None:
    """The examples stored in a folder; None if they are missing, changed by a byte, or don't fit together."""
    try:
        facts = _read_facts(folder)
        if facts["digest"] != digest:
            return None
        arrays = {name: _map(folder / f"{name}.npy", expected) for name, expected in facts["sha256"].items()}
        sparse = [
            Sparse(*(arrays[f"{field}_{part}"] for field in Sparse._fields)) if f"starts_{part}" in arrays else None
            for part in _PARTS
        ]
        classes, image, inputs = facts["classes"], facts["image"], facts["inputs"]
        found = Examples(
            arrays["x_train"],
            arrays["y_train"],
            arrays["x_test"],
            arrays["y_test"],
            classes=None if classes is None else tuple(classes),
            image=None if image is None else (int(image[0]), int(image[1])),
            sparse_train=sparse[0],
            sparse_test=sparse[1],
            inputs=None if inputs is None else tuple(inputs),
            notes=tuple(facts["notes"]),
        )
        return checked(found, folder.name)
    except (OSError, EOFError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None


def _read_facts(folder: Path) -> dict[str, Any]:
    """The facts that are stored with the arrays. ValueError if they have changed since."""
    if not stat.S_ISDIR(folder.lstat().st_mode):
        raise ValueError(f"{folder} is not a folder")
    text, _, written = _plain_content(folder / _FACTS).partition(b"\n")
    if hashlib.sha256(text).hexdigest() != written.decode("ascii"):
        raise ValueError(f"{folder / _FACTS} has changed")
    facts: dict[str, Any] = json.loads(text)
    if not set(facts["sha256"]) <= _KNOWN:
        raise ValueError(f"{folder / _FACTS} names files that are none of a dataset")
    names = [facts[key] for key in ("classes", "inputs", "notes") if facts[key] is not None]
    if not all(isinstance(found, list) and all(isinstance(n, str) for n in found) for found in names):
        raise ValueError(f"{folder / _FACTS} is of another version")
    return facts


def _plain_content(path: Path) -> bytes:
    with os.fdopen(_open_plain(path), "rb") as file:
        return file.read()


def _open_plain(path: Path) -> int:
    """A descriptor of a plain file. OSError for a link, ValueError for a pipe, a device or a folder."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise ValueError(f"{path} is not a plain file")
    return handle


def _map(path: Path, digest: str) -> NDArray[Any]:
    """An array in a file whose bytes, header and all, have this digest."""
    with os.fdopen(_open_plain(path), "rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != digest:
            raise ValueError(f"{path} has changed")
    # Copy-on-write, because a read-only array is another type to the compiler; pages stay shared.
    return np.asarray(np.load(path, mmap_mode="c", allow_pickle=False))


def store(folder: Path, examples: Examples, digest: str) -> None:
    """Store checked examples in a folder, in place of whatever is there. For one process at a time."""
    temporary = folder.with_name(f".{folder.name}.tmp")
    clear(temporary)  # of a process that was killed
    temporary.mkdir()
    try:
        arrays = {name: np.ascontiguousarray(getattr(examples, name)) for name in ARRAYS}
        if _is_sparse(examples.x_train):
            for part in _PARTS:
                sparse = Sparse.of(arrays[f"x_{part}"])._asdict()
                arrays |= {f"{field}_{part}": array for field, array in sparse.items()}
        for name, array in arrays.items():
            np.save(temporary / f"{name}.npy", array, allow_pickle=False)
        facts = {
            "digest": digest,
            "sha256": {name: _digest_of(temporary / f"{name}.npy") for name in arrays},
            "classes": examples.classes,
            "image": examples.image,
            "inputs": examples.inputs,
            "notes": examples.notes,
        }
        text = json.dumps(facts).encode()
        (temporary / _FACTS).write_bytes(text + b"\n" + hashlib.sha256(text).hexdigest().encode())
        clear(folder)
        temporary.rename(folder)
    finally:
        clear(temporary)


def clear(path: Path) -> None:
    """Delete whatever has this name: a folder, a file, or a link but not what it leads to."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_sparse(x: NDArray[Any]) -> bool:
    return x.dtype == np.uint8 and x.shape[1] <= 2**16 and bool(np.count_nonzero(x) < _MOSTLY_ZERO * x.size)
