"""The handwritten digits."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optilab import get_problem
from optilab.errors import InputError
from optilab.plugins.loading import registry
from optilab_datasets import digits

Array = np.ndarray


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder for this test."""
    monkeypatch.setenv("OPTILAB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def memory_mapped(array: Array) -> bool:
    """Whether the array's memory is a file's."""
    base: Any = array
    while base is not None and not isinstance(base, np.memmap):
        base = getattr(base, "base", None)
    return base is not None


def test_the_digits_are_all_there() -> None:
    """60,000 images to learn from and 10,000 for the test, of 784 bytes each, in ten classes."""
    mnist = registry().dataset("mnist").load()
    assert mnist.x_train.shape == (60_000, 784)
    assert mnist.x_test.shape == (10_000, 784)
    assert mnist.x_train.dtype == mnist.x_test.dtype == np.uint8
    assert mnist.y_train.shape == (60_000,)
    assert mnist.y_test.shape == (10_000,)
    assert mnist.classes == tuple("0123456789")
    assert mnist.image == (28, 28)
    assert mnist.y_train[:5].tolist() == [5, 0, 4, 1, 9]
    assert mnist.y_test[:5].tolist() == [7, 2, 1, 0, 4]
    assert np.bincount(mnist.y_train).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(mnist.y_test).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert mnist.x_train.min() == 0
    assert mnist.x_train.max() == 255
    assert mnist.x_train[0].reshape(28, 28)[5, 12] == 3  # the first stroke of the first five


def test_the_digits_are_mapped_and_shared() -> None:
    """Loading again maps the same files, which lie in the cache folder; most pixels are zero, so they are sparse too."""
    mnist = registry().dataset("mnist").load()
    assert memory_mapped(mnist.x_train)
    assert memory_mapped(mnist.x_test)
    assert mnist.sparse_train is not None
    assert memory_mapped(mnist.sparse_train.values)
    assert mnist.sparse_train.values.size == np.count_nonzero(mnist.x_train)
    assert mnist.sparse_train.starts[-1] == mnist.sparse_train.values.size


def test_a_network_of_the_digits_has_13002_weights() -> None:
    """784 x 16 + 16, 16 x 16 + 16 and 16 x 10 + 10."""
    assert get_problem("network", dataset="mnist", hidden=[16, 16]).n_weights == 13_002


def test_the_licence_of_the_digits_is_beside_them() -> None:
    """Who made them and under which licence stands in the package."""
    text = (Path(digits.__file__).parent / "mnist" / "README.md").read_text("utf-8")
    assert "CC BY-SA 3.0" in text
    assert "LeCun" in text


def test_a_file_of_the_digits_that_was_changed_is_noticed(monkeypatch: pytest.MonkeyPatch, own_cache: Path) -> None:
    """A package file with another checksum is refused by its name, and nothing of it is stored."""
    monkeypatch.setitem(digits.FILES, "t10k-labels-idx1-ubyte", "0" * 64)
    with pytest.raises(InputError, match=r"t10k-labels-idx1-ubyte\.gz is not the original file; install optilab again"):
        digits.mnist.load()
    assert not list(own_cache.glob("datasets/*/*.npy"))


@pytest.mark.parametrize("damage", ["cut", "garbage", "changed", "missing"])
def test_a_damaged_file_of_the_digits_is_noticed(damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is cut short, isn't gzip, holds something else or is gone is one message."""
    name = "t10k-labels-idx1-ubyte"
    content = (Path(digits.__file__).parent / "mnist" / f"{name}.gz").read_bytes()
    other = gzip.decompress(content)
    damaged = {"cut": content[:1000], "garbage": b"no gzip", "changed": gzip.compress(other[:-1] + b"\x09")}
    (tmp_path / "mnist").mkdir()
    if damage in damaged:
        (tmp_path / "mnist" / f"{name}.gz").write_bytes(damaged[damage])
    monkeypatch.setattr(digits, "files", lambda _: tmp_path)
    with pytest.raises(InputError, match=rf"dataset 'mnist': .*{name}\.gz .*install optilab again"):
        digits.unpack(name)
