"""The split into a training part and a test part."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optilab.datasets.splitting import split
from optilab.errors import InputError
from written import loaded, npz, some_examples


def test_npz_without_a_test_part_is_split(tmp_path: Path) -> None:
    """A fifth of the examples is kept for testing, each example is in one part, and with its own label."""
    x = np.arange(20.0)[:, None]
    found = loaded(npz(tmp_path / "d.npz", x_train=x, y_train=x[:, 0] * 10))
    assert found.x_train.shape == (16, 1)
    assert found.x_test.shape == (4, 1)
    assert sorted([*found.x_train[:, 0], *found.x_test[:, 0]]) == x[:, 0].tolist()
    np.testing.assert_array_equal(found.y_train, 10 * found.x_train[:, 0])
    np.testing.assert_array_equal(found.y_test, 10 * found.x_test[:, 0])


def test_the_split_is_seeded(tmp_path: Path) -> None:
    """The same seed keeps the same examples, another seed keeps others; the fraction is as asked for."""
    path = npz(tmp_path / "d.npz")
    first, again, other = loaded(path), loaded(path), loaded(path, split_seed=1)
    np.testing.assert_array_equal(first.x_test, again.x_test)
    assert not np.array_equal(first.x_test, other.x_test)
    assert len(loaded(path, test_fraction=0.5).x_test) == 10
    none = loaded(path, test_fraction=0.0)
    assert len(none.x_test) == 0
    assert none.x_test.shape == (0, 3)
    np.testing.assert_array_equal(none.x_train, some_examples()["x_train"])


@pytest.mark.parametrize("fraction", [-0.1, 1.0, 2.0])
def test_a_fraction_out_of_range_is_told(tmp_path: Path, fraction: float) -> None:
    """At least one example is for training."""
    with pytest.raises(InputError, match=r"test_fraction = .* is out of range: accepted is \[0, 1\)"):
        loaded(npz(tmp_path / "d.npz"), test_fraction=fraction)


@given(st.lists(st.integers(1, 40), min_size=2, max_size=6), st.floats(0, 0.95), st.integers(0, 5))
def test_the_split_is_stratified(sizes: list[int], fraction: float, seed: int) -> None:
    """Each class has its share of the test part, to within one example, keeps one for training, and no example is lost."""
    classes = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(sizes)), sizes))
    train, test = split(len(classes), fraction, seed, classes)
    assert sorted([*train, *test]) == list(range(len(classes)))
    assert (np.diff(train) > 0).all()
    assert (np.diff(test) > 0).all()
    tested = np.bincount(classes[test], minlength=len(sizes))
    assert (np.abs(tested - fraction * np.array(sizes)) <= 1).all() or (tested >= np.array(sizes) - 1).any()
    assert (tested < np.array(sizes)).all()
    if all((1 - fraction) * size >= 1 for size in sizes):
        assert len(test) == round(fraction * len(classes))
