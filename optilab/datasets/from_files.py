"""Datasets from files: arrays in a .npz, and tables as text."""

from __future__ import annotations

import io
import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from optilab.datasets.arrays import examples_of_arrays
from optilab.datasets.dataset import Dataset
from optilab.datasets.examples import ARRAYS, Examples, checked
from optilab.datasets.options import File, digest_with, refuse_table_options
from optilab.datasets.preparation import prepared
from optilab.datasets.reading import TABLES, UNPACK, kind_of_file, quoted, read_table
from optilab.datasets.tables import part_of
from optilab.errors import InputError, at
from optilab.texts import printable, shortened


def file_dataset(options: File, place: str = "") -> Dataset:
    """The file as a dataset; InputError if it can't be read, or is of another kind."""
    path = Path(options.path)
    kind, _ = kind_of_file(path)
    if kind is None:
        known = f"{', '.join(TABLES)}, plain or compressed ({', '.join(UNPACK)})"
        raise InputError(
            f"{at(place)}{quoted(options.path)} is neither a .npz nor a .csv file; accepted are .npz, {known}"
        )
    if kind == ".npz":
        refuse_table_options(options, place)
    how = "arrays" if kind == ".npz" else "table"
    digest = digest_with(content_of(options, place), options, how)

    def read() -> Examples:
        content = content_of(options, place)
        if digest_with(content, options, how) != digest:
            raise InputError(f"{at(place)}{quoted(options.path)} changed while it was read")
        try:
            return checked(_examples(content, options), path.name)
        except InputError as error:
            raise InputError(f"{at(place)}{error}") from None

    return Dataset(path.name.partition(".")[0] or path.name, read, digest, f"The file {options.path}.")


def content_of(options: File, place: str = "") -> bytes:
    """The bytes of a plain file. InputError for anything else, without waiting for a pipe or a device."""
    told = f"{at(place)}can't read the dataset {quoted(options.path)}"
    try:
        path = Path(options.path).expanduser()
        with os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read() if stat.S_ISREG(mode) else None
    except OSError as error:
        raise InputError(f"{told}: {error.strerror}") from None
    except (ValueError, RuntimeError) as error:  # a null character in the path, or ~ of an unknown user
        raise InputError(f"{told}: {error}") from None
    if content is None:
        raise InputError(f"{told}: it is not a plain file")
    return content


def _examples(content: bytes, options: File) -> Examples:
    if kind_of_file(Path(options.path))[0] == ".npz":
        return examples_of_arrays(members_of(content, options), options, f"dataset {quoted(options.path)}")
    table = read_table(content, options)
    image = (options.image[0], options.image[1]) if options.image else None
    examples = prepared(part_of(table, options), None, options, image)
    return replace(examples, notes=(*table.notes, *examples.notes))


def members_of(content: bytes, options: File) -> dict[str, Any]:
    """The arrays in a .npz. InputError for other content, and for members that are no arrays of numbers or texts."""
    what = f"dataset {quoted(options.path)}"
    damaged = f"{what} is not a readable .npz file"
    if content and not content.startswith((b"PK", b"\x93NUMPY")):
        raise InputError(f"{damaged}: NumPy has not written it; np.savez(file, x_train=..., y_train=...) makes one")
    try:
        opened = np.load(io.BytesIO(content), allow_pickle=False)
    except Exception as error:  # whatever NumPy and zipfile raise for a damaged file
        raise InputError(f"{damaged}: {printable(str(error))}") from None
    if not isinstance(opened, np.lib.npyio.NpzFile):
        raise InputError(f"{damaged}: it is a single array; save it with np.savez(file, x_train=..., y_train=...)")
    with opened:
        found = {}
        for name in opened.files:
            if name not in ARRAYS:
                continue
            try:
                member = opened[name]
            except Exception as error:
                why = "it holds Python objects; save it as numbers or texts" if "bject arr" in str(error) else error
                raise InputError(f"{damaged}: {name}: {printable(str(why))}") from None
            if not isinstance(member, np.ndarray):
                raise InputError(f"{damaged}: its member {name} is no array")
            found[name] = member
        missing = [name for name in ("x_train", "y_train") if name not in found]
        if missing:
            listed = ", ".join(shortened(printable(name), 40) for name in opened.files[:20])
            raise InputError(f"{what} has no array {' and no '.join(missing)}; it has {listed or 'none'}")
    return found
