"""Inputs with mean 0 and deviation 1."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optilab.datasets.examples import checked
from optilab.datasets.options import File
from optilab.datasets.preparation import prepared
from optilab.datasets.reading import read_table
from optilab.datasets.scaling import mean_and_deviation
from optilab.datasets.tables import part_of
from optilab.errors import InputError
from written import Load, loaded, npz


def test_standardize_is_by_the_training_part(tmp_path: Path) -> None:
    """Each input has mean 0 and deviation 1 over the training examples; a constant one is only shifted."""
    x = np.random.default_rng(1).normal(5, 3, (40, 3))
    x[:, 1] = 4
    path = npz(tmp_path / "d.npz", x_train=x, y_train=np.arange(40) % 2, x_test=x[:4] + 1, y_test=[0, 1, 0, 1])
    found = loaded(path, standardize=True)
    np.testing.assert_allclose(found.x_train.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(found.x_train.std(axis=0), [1, 0, 1], atol=1e-12)
    mean, deviation = x.mean(axis=0), np.where(x.std(axis=0) == 0, 1, x.std(axis=0))
    np.testing.assert_allclose(found.x_test, (x[:4] + 1 - mean) / deviation)


def test_standardize_is_that_of_scikit_learn() -> None:
    """0.1 thirty times is constant although its mean isn't 0.1 to the last bit; scikit-learn's StandardScaler gives 0 and 0.1."""
    values = np.full((30, 1), 0.1)
    assert values.std() > 0  # the trap
    mean, deviation = mean_and_deviation(values, ["a"], "")
    assert deviation.tolist() == [1]
    np.testing.assert_allclose((np.array([0.1, 0.2]) - mean) / deviation, [0, 0.1], atol=1e-15)
    part = part_of(
        read_table(("a,y\n" + "0.1,u\n0.1,v\n" * 15).encode(), File(path="t.csv", label="y")), File(path="t", label="y")
    )
    options = File(path="t", label="y", standardize=True, test_fraction=0.0)
    np.testing.assert_allclose(checked(prepared(part, None, options), "t").x_train, 0, atol=1e-15)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30), st.floats(-1e8, 1e8))
def test_standardize_centres_and_scales(numbers: list[float], offset: float) -> None:
    """The result has mean 0 and deviation 1, or is within rounding of 0 where the column is constant but for rounding."""
    values = np.array(numbers)[:, None] + offset
    mean, deviation = mean_and_deviation(values, ["a"], "")
    scaled = (values - mean) / deviation
    noise = 10 * len(values) * np.finfo(float).eps * np.abs(values).max() / deviation[0]
    assert abs(scaled.mean()) <= noise + 1e-9
    assert deviation[0] == 1 or scaled.std() == pytest.approx(1, abs=1e-6)


def test_a_column_too_large_to_be_scaled_is_named(load: Load) -> None:
    """1e300 has no variance in float64: the column is named, and nothing becomes NaN."""
    with pytest.raises(InputError, match=r"'a' has values up to 1e\+300, too large to be scaled"):
        load("a,y\n1e300,u\n-1e300,v\n", standardize=True)
