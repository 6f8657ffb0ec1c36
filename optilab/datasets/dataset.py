"""Named datasets, unpacked and checked once, and stored as files that all workers map into memory and share."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass

from filelock import FileLock

from optilab.datasets.examples import Examples, checked
from optilab.datasets.mapped import clear, folder_of, mapped, store
from optilab.errors import InputError
from optilab.texts import shown


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
        folder = folder_of(self.name, self.digest)
        lock = folder.with_name(f"{folder.name}.lock")
        if lock.is_symlink() or (lock.exists() and not lock.is_file()):
            clear(lock)
        with FileLock(lock):
            found = mapped(folder, self.digest)
            if found is None:
                examples = checked(self.read(), self.name)
                try:
                    store(folder, examples, self.digest)
                except OSError as error:
                    raise InputError(f"dataset {shown(self.name)} can't be stored in {folder}: {error}") from None
                found = mapped(folder, self.digest)
        if found is None:
            raise InputError(f"dataset {shown(self.name)}: its copy in {folder} changed as soon as it was written")
        return found


def dataset(*, digest: str) -> Callable[[Callable[[], Examples]], Dataset]:
    """Make a dataset from a function that returns its `Examples`.

    digest: of the content, in hexadecimal; part of the identity of every run on this dataset.
    """

    def wrap(read: Callable[[], Examples]) -> Dataset:
        return Dataset(read.__name__, read, digest, inspect.getdoc(read) or "")

    return wrap
