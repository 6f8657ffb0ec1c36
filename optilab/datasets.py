"""Datasets: arrays of examples, checked once, kept as files that all workers map into memory and share."""

from __future__ import annotations

import hashlib
import inspect
import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from optilab.errors import InputError
from optilab.folders import cache_part

ARRAYS = ("x_train", "y_train", "x_test", "y_test")
_PARTS = ("train", "test")
_MOSTLY_ZERO = 0.3  # share of pixels that are not zero, below which the sparse kernels are faster


class Sparse(NamedTuple):
    """The pixels that are not zero, example after example."""

    starts: NDArray[np.int64]  # [example + 1]
    columns: NDArray[np.uint16]
    values: NDArray[np.uint8]

    @classmethod
    def nothing(cls) -> Sparse:
        """Of no examples, not even an empty one."""
        return cls(np.zeros(0, np.int64), np.zeros(0, np.uint16), np.zeros(0, np.uint8))

    @classmethod
    def of(cls, x: NDArray[Any]) -> Sparse:
        """Of pixels, [example, input]."""
        rows, columns = np.nonzero(x)
        starts = np.searchsorted(rows, np.arange(len(x) + 1))
        return cls(starts.astype(np.int64), columns.astype(np.uint16), x[rows, columns])


@dataclass(frozen=True)
class Examples:
    """Examples and what is known of them. The test part may be empty.

    x: [example, input], uint8 for pixels (0 to 255, scaled to 0 to 1 when they are used) or floating.
    y: [example], integers from 0 for classes; floating for numbers to predict.
    classes: names of the classes, or None where y are numbers.
    image: height and width of an example, where it is one.
    sparse_train, sparse_test: the same pixels again where most are zero; worked out when a dataset is stored.
    """

    x_train: NDArray[Any]
    y_train: NDArray[Any]
    x_test: NDArray[Any]
    y_test: NDArray[Any]
    classes: tuple[str, ...] | None = None
    image: tuple[int, int] | None = None
    sparse_train: Sparse | None = None
    sparse_test: Sparse | None = None


@dataclass(frozen=True)
class Dataset:
    """A named dataset, unpacked when it is first used. `digest` is of its content and tells it from any other."""

    name: str
    read: Callable[[], Examples]
    digest: str
    documentation: str = ""

    def load(self) -> Examples:
        """The examples, mapped from the cache folder; unpacked, checked and stored there first if they are not.

        InputError if the examples can't be used: NaN, labels that are not classes, parts that don't fit together.
        """
        folder = cache_part("datasets") / f"{self.name}-{self.digest[:16]}"
        with FileLock(folder.with_suffix(".lock")):
            found = _mapped(folder)
            if found is None:
                _store(folder, checked(self.read(), self.name))
                found = _mapped(folder)
        if found is None:
            raise InputError(f"dataset {self.name!r}: its copy in {folder} changed as soon as it was written")
        return found


def dataset(*, digest: str) -> Callable[[Callable[[], Examples]], Dataset]:
    """Make a dataset of a function that returns its `Examples`.

    digest: of the content, in hexadecimal; part of the identity of every run on this dataset.
    """

    def wrap(read: Callable[[], Examples]) -> Dataset:
        return Dataset(read.__name__, read, digest, inspect.getdoc(read) or "")

    return wrap


def _mapped(folder: Path) -> Examples | None:
    """The stored examples, or None if there are none or if a byte of them has changed."""
    try:
        facts = json.loads((folder / "facts.json").read_text("utf-8"))
        arrays = {}
        for name, digest in facts["sha256"].items():
            # Copy-on-write, because a read-only array is another type to the compiler; pages stay shared.
            array = np.asarray(np.load(folder / f"{name}.npy", mmap_mode="c", allow_pickle=False))
            if _sha256(array) != digest:
                return None
            arrays[name] = array
        sparse = [
            Sparse(*(arrays[f"{field}_{part}"] for field in Sparse._fields)) if f"starts_{part}" in arrays else None
            for part in _PARTS
        ]
        classes, image = facts["classes"], facts["image"]
        return Examples(
            arrays["x_train"],
            arrays["y_train"],
            arrays["x_test"],
            arrays["y_test"],
            classes=classes and tuple(classes),
            image=image and (image[0], image[1]),
            sparse_train=sparse[0],
            sparse_test=sparse[1],
        )
    except (OSError, EOFError, ValueError, KeyError):
        return None


def _store(folder: Path, examples: Examples) -> None:
    temporary = Path(tempfile.mkdtemp(prefix=".", dir=folder.parent))
    try:
        arrays = {name: np.ascontiguousarray(getattr(examples, name)) for name in ARRAYS}
        if _is_sparse(examples.x_train):
            for part in _PARTS:
                sparse = Sparse.of(arrays[f"x_{part}"])._asdict()
                arrays |= {f"{field}_{part}": array for field, array in sparse.items()}
        for name, array in arrays.items():
            np.save(temporary / f"{name}.npy", array, allow_pickle=False)
        facts = {
            "sha256": {name: _sha256(array) for name, array in arrays.items()},
            "classes": examples.classes,
            "image": examples.image,
        }
        (temporary / "facts.json").write_text(json.dumps(facts), "utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _is_sparse(x: NDArray[Any]) -> bool:
    return x.dtype == np.uint8 and x.shape[1] <= 2**16 and bool(np.count_nonzero(x) < _MOSTLY_ZERO * x.size)


def _sha256(array: NDArray[Any]) -> str:
    content: Any = np.ascontiguousarray(array).view(np.uint8) if array.size else b""  # arrays are buffers
    return hashlib.sha256(content).hexdigest()


def checked(examples: Examples, name: str) -> Examples:
    """The examples in the shapes and types that problems rely on."""
    x_train, y_train = _part(name, "train", examples.x_train, examples.y_train)
    x_test, y_test = _part(name, "test", examples.x_test, examples.y_test, inputs=x_train.shape[1])
    if x_test.size and x_test.dtype != x_train.dtype:
        raise InputError(f"dataset {name!r}: x_train is {x_train.dtype}, x_test is {x_test.dtype}")
    classes = examples.classes
    if classes is not None:
        for part, y in (("y_train", y_train), ("y_test", y_test)):
            if y.size and not (np.issubdtype(y.dtype, np.integer) and y.min() >= 0 and y.max() < len(classes)):
                raise InputError(f"dataset {name!r}: {part} are not classes from 0 to {len(classes) - 1}")
    return replace(examples, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)


def _part(name: str, part: str, x: Any, y: Any, inputs: int | None = None) -> tuple[NDArray[Any], NDArray[Any]]:
    place = f"dataset {name!r}: "
    x, y = np.asarray(x), np.asarray(y)
    if x.ndim < 2 and x.size:
        raise InputError(f"{place}x_{part} has shape {x.shape}; expected one row an example")
    if not np.issubdtype(x.dtype, np.number) and x.dtype != bool:
        raise InputError(f"{place}x_{part} is of type {x.dtype}, which is not numbers")
    x = x.reshape(len(x), -1) if x.size else np.zeros((0, inputs or 0), x.dtype)
    if len(x) != len(y):
        raise InputError(f"{place}x_{part} has {len(x)} examples, y_{part} has {len(y)}")
    if inputs is None and not x.size:
        raise InputError(f"{place}x_{part} is empty")
    if inputs is not None and x.shape[1] != inputs:
        raise InputError(f"{place}x_{part} has {x.shape[1]} inputs an example, x_train has {inputs}")
    if x.dtype != np.uint8:
        x = x.astype(np.float64)
    for label, array in (("x", x), ("y", y)):
        if np.issubdtype(array.dtype, np.floating) and not np.isfinite(array).all():
            row = int(np.argwhere(~np.isfinite(array))[0][0])
            raise InputError(f"{place}{label}_{part} holds a NaN or an infinity, first in row {row}")
    return x, y
