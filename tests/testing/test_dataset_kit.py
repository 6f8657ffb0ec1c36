"""What the kit finds of datasets, right ones and wrong ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from testing.verdicts import broken

from optilab.datasets.dataset import dataset
from optilab.datasets.examples import Examples
from optilab.testing import data

X, Y = np.arange(12.0).reshape(6, 2), np.arange(6) % 2


def examples(**changes: Any) -> Examples:
    """Six examples of two classes."""
    return Examples(**{"x_train": X, "y_train": Y, "x_test": X[:2], "y_test": Y[:2], "classes": ("a", "b"), **changes})


@dataset(digest="1" * 16)
def right_data():
    """The same six examples every time."""
    return examples()


@dataset(digest="2" * 16)
def data_with_nan():
    """Examples without a value."""
    return examples(x_train=X * np.nan)


@dataset(digest="3" * 16)
def data_at_random():
    """Other examples each time."""
    return examples(x_train=np.random.default_rng().normal(size=(6, 2)))


@dataset(digest="version 1")
def data_without_digest():
    """Examples under a name for a digest."""
    return examples()


def test_datasets(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A right dataset keeps all properties; NaN, other content each time, and a digest that is none or another's are told."""
    monkeypatch.setenv("OPTILAB_CACHE", str(tmp_path))
    assert broken(data.kit_of(right_data)) == {}
    changed = dataset(digest="1" * 16)(lambda: examples(x_train=X + 1))
    object.__setattr__(changed, "name", "right_data")
    for wrong, detail in (
        (data_with_nan, "NaN"),
        (data_at_random, "x_train is another when it is read again"),
        (data_without_digest, "its digest is 'version 1'"),
        (changed, "x_train is another of what was stored under its digest"),
    ):
        assert any(detail in why for why in broken(data.kit_of(wrong)).values()), broken(data.kit_of(wrong))
