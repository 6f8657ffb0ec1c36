"""Arrays in memory as datasets: NumPy, lists, pandas."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from arrays import STREAM, X, Y, load
from optilab.datasets.given import given_dataset


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (X, Y),
        (X.tolist(), Y.tolist()),
        (X, Y.tolist()),
        (X, Y[:, None]),
        (X.astype(">f8"), Y.astype(">i4")),
        (np.asfortranarray(X), Y.astype(np.uint8)),
        (X.astype(object), Y.astype(object)),
        (pd.DataFrame(X), pd.Series(Y)),
        (pd.DataFrame(X).astype("Float64"), pd.Series(Y, dtype="Int64")),
        (pd.DataFrame(X).astype(object), pd.DataFrame({"y": Y})),
        (np.ma.array(X), np.ma.array(Y)),
        ([tuple(row) for row in X.tolist()], [str(label) for label in Y]),
        (X, pd.Series(Y).astype("category")),
    ],
)
def test_one_dataset_in_many_types(x: Any, y: Any) -> None:
    """Whatever holds them, the same numbers and the same classes."""
    found = load(x_train=x, y_train=y)
    np.testing.assert_array_equal(found.x_train, X)
    assert found.x_train.dtype == np.float64
    assert found.classes == ("0", "1", "2")
    assert found.y_train.tolist() == Y.tolist()


def test_the_users_arrays_may_change_later() -> None:
    """What is trained on is what was given, also where the array is overwritten before it is used."""
    x = X.copy()
    data = given_dataset({"x_train": x, "y_train": Y, "test_fraction": 0.0})
    x[:] = 0
    np.testing.assert_array_equal(data.load().x_train, X)


def test_an_empty_test_part_is_none() -> None:
    """Test arrays without examples are taken as said: nothing is kept for testing."""
    found = load(x_test=X[:0], y_test=Y[:0], test_fraction=0.5)
    assert (len(found.x_train), found.x_test.shape) == (20, (0, 3))


def test_labels_of_any_letters_are_classes() -> None:
    """Lone surrogates, control characters and other scripts are stored and come back."""
    names = ("\x1b[2J", "\u65e5", "\udcff")
    assert load(y_train=[names[k] for k in Y]).classes == names


def test_several_outputs_are_not_called_classes() -> None:
    """One-hot labels are numbers to predict, which classes = true would not change."""
    assert not any("classes" in note for note in load(y_train=np.eye(3)[Y]).notes)
    assert any("classes = true" in note for note in load(y_train=Y.astype(float)).notes)


def test_a_dictionary_of_pyarrow_is_words() -> None:
    """As a category of pandas is."""
    words = pa.array(["u", "v"] * 10).dictionary_encode()
    frame = pd.DataFrame({"k": pd.Series(words, dtype=pd.ArrowDtype(words.type))})
    assert load(x_train=frame).inputs == ("k=u", "k=v")


def test_decimals_and_truths_are_numbers() -> None:
    """Objects that are numbers are read as such."""
    found = load(x_train=[[Decimal("0.5"), Decimal(2)]] * 20)
    assert found.x_train[0].tolist() == [0.5, 2]
    assert load(x_train=X > 0).x_train.tolist() == (X > 0).astype(float).tolist()


def test_bytes_that_are_no_images_are_numbers() -> None:
    """Bytes [example, input] are taken as they are, and it is said; images are pixels, which are scaled."""
    ages = STREAM.integers(0, 99, (20, 4)).astype(np.uint8)
    found = load(x_train=ages)
    np.testing.assert_array_equal(found.x_train, ages.astype(float))
    assert found.x_train.dtype == np.float64
    assert any("not scaled" in note for note in found.notes)
    for shape, image in [
        ((2, 2), (2, 2)),
        ((1, 2, 2), (2, 2)),
        ((2, 2, 1), (2, 2)),
        ((2, 1, 2), None),
        ((2, 2, 1, 1), None),
    ]:
        pixels = load(x_train=ages.reshape(20, *shape))
        assert pixels.x_train.dtype == np.uint8
        assert pixels.image == image
    told = load(x_train=ages, image=[2, 2])
    assert (told.x_train.dtype, told.image) == (np.dtype(np.uint8), (2, 2))
