"""Datasets: read once, kept in the cache, checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optilab.datasets.dataset import Dataset
from optilab.datasets.examples import Examples
from optilab.errors import InputError
from written import loaded, npz, some_examples

Array = np.ndarray


def memory_mapped(array: Array) -> bool:
    """Whether the array's memory is a file's."""
    base: Any = array
    while base is not None and not isinstance(base, np.memmap):
        base = getattr(base, "base", None)
    return base is not None


def test_a_changed_byte_in_the_cache_is_noticed(tmp_path: Path, own_cache: Path) -> None:
    """A stored array with another checksum is made again from its source; so is one that can't be read."""
    path = npz(tmp_path / "data.npz")
    before = np.array(loaded(path).x_train)
    (stored,) = own_cache.glob("datasets/*/x_train.npy")
    content = bytearray(stored.read_bytes())
    content[-1] ^= 1
    stored.write_bytes(content)
    np.testing.assert_array_equal(loaded(path).x_train, before)
    assert stored.read_bytes() != bytes(content)
    stored.write_bytes(b"")
    np.testing.assert_array_equal(loaded(path).x_train, before)
    (stored.parent / "facts.json").write_text("{", "utf-8")
    np.testing.assert_array_equal(loaded(path).x_train, before)
    stored.unlink()
    np.testing.assert_array_equal(loaded(path).x_train, before)


def test_what_is_stored_is_not_read_again(own_cache: Path) -> None:
    """A dataset is unpacked once; afterwards it comes from the cache folder, as long as its digest is the same."""
    calls = []

    def read() -> Examples:
        calls.append(1)
        return Examples(**some_examples(), x_test=np.zeros((0, 3)), y_test=np.zeros(0, int), classes=("a", "b", "c"))

    one = Dataset("counted", read, "1" * 64)
    for _ in range(3):
        found = one.load()
    assert len(calls) == 1
    assert memory_mapped(found.x_train)
    Dataset("counted", read, "2" * 64).load()
    assert len(calls) == 2
    assert len(list(own_cache.glob("datasets/counted-*/facts.json"))) == 2


def test_the_cache_keeps_nothing_half_made(own_cache: Path) -> None:
    """A dataset that can't be read leaves no folder behind."""

    def read() -> Examples:
        raise RuntimeError("the disk is on fire")

    with pytest.raises(RuntimeError):
        Dataset("burning", read, "1" * 64).load()
    assert not [path for path in (own_cache / "datasets").iterdir() if path.is_dir()]


def test_writing_to_an_array_changes_nothing_for_others(tmp_path: Path) -> None:
    """The files in the cache stay as they are, whatever a process does to its arrays."""
    path = npz(tmp_path / "data.npz")
    loaded(path).x_train[:] = 0
    assert loaded(path).x_train.any()


def test_labels_of_a_plugin_are_checked() -> None:
    """A dataset of a plugin with labels beyond its classes is told."""

    def read() -> Examples:
        return Examples(**some_examples(), x_test=np.zeros((0, 3)), y_test=np.zeros(0, int), classes=("a", "b"))

    with pytest.raises(InputError, match="dataset 'too_few': y_train are not classes from 0 to 1"):
        Dataset("too_few", read, "3" * 64).load()
