"""Examples: bytes that are pixels, other numbers, and parts that don't fit together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from optilab.datasets.examples import Sparse
from optilab.errors import InputError
from written import loaded, npz

Array = np.ndarray


pixels = arrays(
    np.uint8,
    st.tuples(st.integers(0, 6), st.integers(1, 9)),
    elements=st.one_of(st.just(0), st.integers(0, 255)),
)


def test_images_stay_bytes(tmp_path: Path) -> None:
    """Bytes stay bytes; an example of two dimensions is an image; where most pixels are zero they are sparse too."""
    x = np.zeros((10, 4, 5), np.uint8)
    x[:, 1, 2] = np.arange(10) + 1
    found = loaded(npz(tmp_path / "d.npz", x_train=x, y_train=np.arange(10) % 2), test_fraction=0.0)
    assert found.x_train.dtype == np.uint8
    assert found.x_train.shape == (10, 20)
    assert found.image == (4, 5)
    assert found.sparse_train is not None
    assert found.sparse_train.columns.tolist() == [7] * 10
    assert found.sparse_train.values.tolist() == list(range(1, 11))
    full = loaded(npz(tmp_path / "full.npz", x_train=x + 9, y_train=np.arange(10) % 2))
    assert full.sparse_train is None


@pytest.mark.parametrize("kind", [np.int64, np.float32, bool, np.float16])
def test_other_numbers_become_floating(tmp_path: Path, kind: Any) -> None:
    """Integers, truths and other floats are numbers; only bytes are pixels."""
    x = (np.arange(12).reshape(6, 2) % 2).astype(kind)
    found = loaded(npz(tmp_path / "d.npz", x_train=x, y_train=np.arange(6) % 2), test_fraction=0.0)
    assert found.x_train.dtype == np.float64
    np.testing.assert_array_equal(found.x_train, x.astype(float))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"x_train": np.full((20, 3), np.nan)}, r"x_train holds a NaN or an infinity, first in row 0"),
        ({"x_test": np.array([[1, 2, 3], [4, np.inf, 6]]), "y_test": np.zeros(2, int)}, r"x_test holds .* row 1"),
        (
            {"y_train": np.where(np.arange(20) == 2, np.nan, 1.0), "x_test": np.ones((1, 3)), "y_test": np.ones(1)},
            r"row 2",
        ),
        ({"y_train": np.arange(19)}, r"x_train has 20 examples, y_train has 19"),
        ({"x_test": np.ones((2, 3)), "y_test": np.zeros(3, int)}, r"x_test has 2 examples, y_test has 3"),
        ({"x_test": np.ones((2, 3)), "y_test": np.array([0, 9])}, r"test label .*9.* is not among the training labels"),
        ({"x_test": np.ones((2, 4)), "y_test": np.zeros(2, int)}, r"x_test has 4 inputs an example, x_train has 3"),
        ({"x_test": np.ones((2, 3), np.uint8), "y_test": np.zeros(2, int)}, r"x_train is float64, x_test is uint8"),
        ({"x_train": np.zeros((0, 3)), "y_train": np.zeros(0, int)}, r"x_train is empty"),
        ({"x_train": np.ones(20)}, r"x_train has shape \(16,\)|x_train has shape \(20,\)"),
        ({"x_train": np.full((20, 3), "a")}, r"x_train is of type <U1, which is not numbers"),
        ({"x_train": np.array([[None] * 3] * 20)}, r"is not a readable \.npz file"),
        ({"x_test": np.ones((2, 3))}, r"has no array y_test; it has x_train, y_train, x_test"),
    ],
)
def test_arrays_that_can_not_be_used_are_told(tmp_path: Path, content: dict[str, Array], told: str) -> None:
    """NaN, infinity, parts that don't fit together and labels that nothing was learned of are one message each."""
    path = npz(tmp_path / "my_data.npz", **content)
    with pytest.raises(InputError, match=told) as caught:
        loaded(path)
    assert "my_data" in str(caught.value)


@given(pixels)
def test_sparse_pixels_are_the_pixels(x: Array) -> None:
    """Writing the pixels that are not zero back into an empty image gives the image."""
    sparse = Sparse.of(x)
    assert sparse.starts.dtype == np.int64
    assert sparse.columns.dtype == np.uint16
    assert sparse.values.dtype == np.uint8
    assert sparse.starts.shape == (len(x) + 1,)
    assert (np.diff(sparse.starts) == np.count_nonzero(x, axis=1)).all()
    again = np.zeros_like(x)
    for k in range(len(x)):
        chosen = slice(sparse.starts[k], sparse.starts[k + 1])
        again[k, sparse.columns[chosen]] = sparse.values[chosen]
        assert (np.diff(sparse.columns[chosen].astype(int)) > 0).all()
    np.testing.assert_array_equal(again, x)
    assert (sparse.values > 0).all()
