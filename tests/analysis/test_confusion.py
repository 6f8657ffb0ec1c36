"""Which classes are taken for which."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optilab.analysis.confusion import confusion, most_confused
from optilab.errors import InputError

NAMES = ["a", "b", "c"]
pairs = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)))


@given(pairs)
def test_counts_are_those_of_counting(examples: list[tuple[int, int]]) -> None:
    """Each cell holds how many examples of the row's class were read as the column's; all of them are in some cell."""
    found = confusion([t for t, _ in examples], [p for _, p in examples], NAMES)
    counted = Counter(examples)
    assert found.index.tolist() == found.columns.tolist() == NAMES
    assert all(found.iloc[i, k] == counted[i, k] for i in range(3) for k in range(3))


@given(pairs)
def test_the_most_confused_are_counted_both_ways(examples: list[tuple[int, int]]) -> None:
    """A pair of classes counts whichever of the two is the true one; the highest count is first, and none is zero."""
    found = most_confused(confusion([t for t, _ in examples], [p for _, p in examples], NAMES), most=2)
    both = Counter(frozenset(pair) for pair in examples if pair[0] != pair[1])
    assert found["count"].tolist() == sorted(both.values(), reverse=True)[:2]
    for row in found.to_dict("records"):
        assert both[frozenset({NAMES.index(row["first"]), NAMES.index(row["second"])})] == row["count"]


@pytest.mark.parametrize(
    ("truth", "prediction", "told"),
    [
        ([0, 1], [0], r"truth and prediction have shapes \(2,\) and \(1,\): accepted are two lists of one length"),
        ([0, 3], [0, 1], "classes are numbered 0 to 3: there are 3"),
        ([0, -1], [0, 1], "classes are numbered -1 to 1: there are 3"),
    ],
)
def test_what_are_no_classes_is_told(truth: list[int], prediction: list[int], told: str) -> None:
    """Lists of different lengths, and numbers of no class."""
    with pytest.raises(InputError, match=told):
        confusion(np.array(truth), np.array(prediction), NAMES)
