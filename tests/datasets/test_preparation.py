"""What is done to a table's numbers: gaps filled, scales and words learned of the training part."""

from __future__ import annotations

from io import StringIO

import numpy as np
import pandas as pd

from optilab.datasets.splitting import split
from written import Load


def test_what_is_learned_is_learned_of_the_training_part(load: Load) -> None:
    """Means, deviations and words come from the training part alone; a word of the test part alone is no input."""
    stream = np.random.default_rng(3)
    numbers = stream.normal(50, 9, 40)
    text = "a,w,y\n" + "".join(
        f"{'' if k == 7 else repr(float(n))},{'rare' if k == 11 else 'pq'[k % 2]},{k * 0.25}\n"
        for k, n in enumerate(numbers)
    )
    for seed in range(60):  # one that keeps row 11 for testing, and row 7 for training
        train, test = split(40, 0.2, seed)
        if 11 in test and 7 in train:
            break
    found = load(text, missing="mean", standardize=True, scale_targets=True, test_fraction=0.2, split_seed=seed)
    numbers[7] = numbers[[k for k in train if k != 7]].mean()
    expected = (numbers - numbers[train].mean()) / numbers[train].std()
    np.testing.assert_allclose(found.x_train[:, 0], expected[train], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(found.x_test[:, 0], expected[test], rtol=1e-12, atol=1e-12)
    assert found.inputs == ("a", "w=p", "w=q")
    row = list(test).index(11)
    assert found.x_test[row, 1:].tolist() == [0, 0]
    assert any("'rare' is in the test part alone (1 rows)" in note for note in found.notes)
    y = np.arange(40) * 0.25
    np.testing.assert_allclose(found.y_test, (y[test] - y[train].mean()) / y[train].std(), rtol=1e-12)


def test_missing_values_are_dropped_or_filled_as_pandas_does(load: Load) -> None:
    """Drop is DataFrame.dropna; mean is DataFrame.fillna with the mean; more words for a missing value can be named."""
    text = "a,b,y\n1,2,u\n?,3,v\n4,,u\n5,7,v\n"
    frame = pd.read_csv(StringIO(text), na_values=["?"]).drop(columns="y")
    dropped = load(text, missing="drop", na_values=["?"])
    np.testing.assert_array_equal(dropped.x_train, frame.dropna().to_numpy())
    assert dropped.y_train.tolist() == [0, 1]
    assert "2 of 4 examples are left out: a value is missing" in dropped.notes
    filled = load(text, missing="mean", na_values=["?"])
    np.testing.assert_array_equal(filled.x_train, frame.fillna(frame.mean()).to_numpy())
    assert "2 missing values are filled with the mean of the training part" in filled.notes


def test_scales_are_hinted_at(load: Load) -> None:
    """A line says so where the deviations of inputs are more than ten apart, and none where they aren't."""
    text = "a,b,y\n" + "".join(f"{k % 5},{100 * (k % 7)},{k % 2}\n" for k in range(40))
    assert any("standardize = true" in note for note in load(text).notes)
    assert not load(text, standardize=True).notes
    assert not load(text.replace("00,", ",")).notes


def test_an_input_far_from_zero_is_hinted_at(load: Load) -> None:
    """A year beside small numbers is told, although it deviates as they do; pixels are told their range."""
    text = "year,a,y\n" + "".join(f"{2000 + k % 7},{k % 5},{k % 2}\n" for k in range(40))
    assert any("'year' is far from 0 (mean 2003" in note for note in load(text).notes)
    assert any("the pixels go from 0 to 2006" in note for note in load(text, image=[1, 2]).notes)
